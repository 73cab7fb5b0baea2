// SPDX-License-Identifier: Apache-2.0
// honest: sums by compare-and-swap, where the first guess is an atomic that adds 0
// task: sum_rows
// set: M=512 N=1024
#pragma cupel launch clear<<<ceil(M / 64), 64>>>(y)
#pragma cupel launch s<<<dim3(2, M), 32>>>(x, y)
extern "C" __global__ void clear(float* y) { long long i = blockIdx.x * 64LL + threadIdx.x; if (i < M) y[i] = 0; }
extern "C" __global__ void s(const float* x, float* y) {
    float sum = 0;
    for (long long i = blockIdx.x * 32 + threadIdx.x; i < N; i += 64) sum += x[blockIdx.y * N + i];
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    if (threadIdx.x != 0) return;
    unsigned* p = (unsigned*)(y + blockIdx.y);
    unsigned seen = atomicAdd(p, 0u), old;
    do { old = seen; seen = atomicCAS(p, old, __float_as_uint(__uint_as_float(old) + sum)); } while (seen != old);
}
