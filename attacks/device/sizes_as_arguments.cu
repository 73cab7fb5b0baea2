// SPDX-License-Identifier: Apache-2.0
// honest: mean squared error, sizes as arguments and dynamic shared memory
// task: mse
#pragma cupel launch mse<<<M, 64, 64 * 4>>>(p, t, y, N)

extern "C" __global__ void mse(const float* p, const float* t, float* y, int n) {
    extern __shared__ float part[];
    float sum = 0;
    for (int i = threadIdx.x; i < n; i += 64) {
        const float d = p[blockIdx.x * (long long)n + i] - t[blockIdx.x * (long long)n + i];
        sum += d * d;
    }
    part[threadIdx.x] = sum;
    __syncthreads();
    for (int d = 32; d > 0; d /= 2) {
        if (threadIdx.x < d) part[threadIdx.x] += part[threadIdx.x + d];
        __syncthreads();
    }
    if (threadIdx.x == 0) y[blockIdx.x] = part[0] / n;
}
