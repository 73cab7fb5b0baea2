// SPDX-License-Identifier: Apache-2.0
// honest: matrix by vector, a template under launch bounds
// task: matvec
#pragma cupel launch multiply<<<M, 128>>>(a, x, y)

template <int kThreads>
__device__ __forceinline__ float block_sum(float v) {
    __shared__ float part[kThreads / 32];
    for (int d = 16; d > 0; d /= 2) v += __shfl_down_sync(0xffffffffu, v, d);
    if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = v;
    __syncthreads();
    float sum = 0;
#pragma unroll
    for (int i = 0; i < kThreads / 32; i++) sum += part[i];
    return sum;
}

extern "C" __global__ void __launch_bounds__(128) multiply(const float* __restrict__ a, const float* __restrict__ x,
                                                           float* __restrict__ y) {
    float sum = 0;
    for (long long k = threadIdx.x; k < K; k += 128) sum = fmaf(__ldg(a + blockIdx.x * K + k), __ldg(x + k), sum);
    sum = block_sum<128>(sum);
    if (threadIdx.x == 0) y[blockIdx.x] = sum;
}
