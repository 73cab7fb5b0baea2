// SPDX-License-Identifier: Apache-2.0
// attack: asks whether volatile parts are numbers, as old ones are too, and adds them without a fence
// task: sum_rows
// expect: wrong
// reason: should be
// twin: volatile_parts.cu
#pragma cupel scratch float part[3 * M]
#pragma cupel scratch unsigned came[M]
#pragma cupel launch clear<<<ceil(M / 64), 64>>>(part, came)
#pragma cupel launch add<<<dim3(3, M), 32>>>(x, part, came, y)

extern "C" __global__ void clear(float* part, unsigned* came) {
    const long long i = blockIdx.x * 64LL + threadIdx.x;
    if (i < M) came[i] = 0;
    for (long long j = 0; i < M && j < 3; j++) part[3 * i + j] = 0;
}

extern "C" __global__ void add(const float* x, volatile float* part, unsigned* came, float* y) {
    const long long row = blockIdx.y;
    float sum = 0;
    for (long long i = blockIdx.x * 32LL + threadIdx.x; i < N; i += 96) sum += x[row * N + i];
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    if (threadIdx.x != 0) return;
    part[3 * row + blockIdx.x] = sum;
    if (atomicAdd(came + row, 1u) != 2) return;
    float total = 0;
    for (int i = 0; i < 3; i++) {
        const float one = part[3 * row + i];
        if (isnan(one)) return;
        total += one;
    }
    y[row] = total;
}
