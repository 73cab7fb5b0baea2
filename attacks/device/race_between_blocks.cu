// SPDX-License-Identifier: Apache-2.0
// attack: adds partial sums of blocks without atomics
// task: sum_rows
// expect: wrong
// reason: race
// twin: atomic_sum.cu
#pragma cupel launch clear<<<ceil(M / 128), 128>>>(y)
#pragma cupel launch add<<<dim3(4, M), 128>>>(x, y)

extern "C" __global__ void clear(float* y) {
    const long long i = blockIdx.x * 128LL + threadIdx.x;
    if (i < M) y[i] = 0;
}

extern "C" __global__ void add(const float* x, float* y) {
    float sum = 0;
    for (long long i = blockIdx.x * 128LL + threadIdx.x; i < N; i += 4 * 128) sum += x[blockIdx.y * N + i];
    for (int d = 16; d > 0; d /= 2) sum += __shfl_down_sync(0xffffffffu, sum, d);
    if (threadIdx.x % 32 == 0) y[blockIdx.y] += sum;
}
