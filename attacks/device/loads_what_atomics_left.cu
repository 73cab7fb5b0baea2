// SPDX-License-Identifier: Apache-2.0
// attack: the last block to come takes a sum of atomics by a plain load, and no fence has published it
// task: sum_rows
// expect: wrong
// reason: nothing orders the two blocks
// twin: fences_its_atomics.cu
#pragma cupel scratch float total[M]
#pragma cupel scratch unsigned came[M]
#pragma cupel launch clear<<<ceil(M / 64), 64>>>(total, came)
#pragma cupel launch add<<<dim3(3, M), 32>>>(x, total, came, y)

extern "C" __global__ void clear(float* total, unsigned* came) {
    const long long i = blockIdx.x * 64LL + threadIdx.x;
    if (i < M) total[i] = 0;
    if (i < M) came[i] = 0;
}

extern "C" __global__ void add(const float* x, float* total, unsigned* came, float* y) {
    const long long row = blockIdx.y;
    float sum = 0;
    for (long long i = blockIdx.x * 32LL + threadIdx.x; i < N; i += 96) sum += x[row * N + i];
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    if (threadIdx.x != 0) return;
    atomicAdd(total + row, sum);
    if (atomicAdd(came + row, 1u) == 2) y[row] = total[row];
}
