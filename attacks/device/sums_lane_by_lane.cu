// SPDX-License-Identifier: Apache-2.0
// honest: adds up volatile shared memory, the lanes of a warp waiting for each other
// task: sum_rows
#pragma cupel launch sum_rows<<<M, 128>>>(x, y)

extern "C" __global__ void sum_rows(const float* x, float* y) {
    __shared__ volatile float sums[128];
    const int t = threadIdx.x;
    float sum = 0;
    for (long long i = t; i < N; i += 128) sum += x[blockIdx.x * N + i];
    sums[t] = sum;
    __syncthreads();
    if (t < 64) sums[t] = sums[t] + sums[t + 64];
    __syncthreads();
    if (t >= 32) return;
    for (int d = 32; d > 0; d /= 2) {
        const float other = sums[t + d];
        __syncwarp();
        sums[t] = sums[t] + other;
        __syncwarp();
    }
    if (t == 0) y[blockIdx.x] = sums[0];
}
