// SPDX-License-Identifier: Apache-2.0
// honest: three partial sums in an array of four, read as one vector
// task: mse
#pragma cupel launch k <<< M, 96>>>(p, t, y)
extern "C" __global__ void k(const float* p, const float* t, float* y) {
    __shared__ __align__(16) float s[4];
    const int w = threadIdx.x / 32;
    float v = 0;
    for (long long i = threadIdx.x; i < N; i += 96) {
        const float d = p[blockIdx.x * N + i] - t[blockIdx.x * N + i];
        v += d * d;
    }
    for (int d = 16; d; d /= 2)
        v += __shfl_down_sync(~0u, v, d);
    if (threadIdx.x % 32 == 0) s[w] = v;
    __syncthreads();
    if (threadIdx.x == 0) y[blockIdx.x] = (s[0] + s[1] + s[2]) / N;
}
