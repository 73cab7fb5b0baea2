// SPDX-License-Identifier: Apache-2.0
// honest: the last block to come takes a sum of atomics, by adding what is 0 at run time, with a fence on both sides of the count
// task: sum_rows
// set: M=512 N=1024
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
    __threadfence();
    const unsigned before = atomicAdd(came + row, 1u);
    __threadfence();
    if (before >= 2) y[row] = atomicAdd(total + row, float(before - 2));
}
