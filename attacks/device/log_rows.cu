// SPDX-License-Identifier: Apache-2.0
// honest: log softmax, a block of 64 a row, reductions by warp and word
// task: log_softmax
#pragma cupel launch rows<<<B, 64>>>(x, y)

extern "C" __global__ void rows(const float* x, float* y) {
    __shared__ float most[2], total[2];
    const float* from = x + blockIdx.x * N;
    float m = -INFINITY;
    for (long long i = threadIdx.x; i < N; i += 64) m = fmaxf(m, from[i]);
    for (int d = 16; d > 0; d /= 2) m = fmaxf(m, __shfl_xor_sync(0xffffffffu, m, d));
    if (threadIdx.x % 32 == 0) most[threadIdx.x / 32] = m;
    __syncthreads();
    m = fmaxf(most[0], most[1]);
    float s = 0;
    for (long long i = threadIdx.x; i < N; i += 64) s += expf(from[i] - m);
    for (int d = 16; d > 0; d /= 2) s += __shfl_xor_sync(0xffffffffu, s, d);
    if (threadIdx.x % 32 == 0) total[threadIdx.x / 32] = s;
    __syncthreads();
    const float z = m + logf(total[0] + total[1]);
    for (long long i = threadIdx.x; i < N; i += 64) y[blockIdx.x * N + i] = from[i] - z;
}
