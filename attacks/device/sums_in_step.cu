// SPDX-License-Identifier: Apache-2.0
// attack: adds up volatile shared memory as if a warp went in step
// task: sum_rows
// expect: wrong
// reason: either may come first
// twin: sums_lane_by_lane.cu
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
    sums[t] = sums[t] + sums[t + 32];
    if (t < 16) sums[t] = sums[t] + sums[t + 16];
    if (t < 8) sums[t] = sums[t] + sums[t + 8];
    if (t < 4) sums[t] = sums[t] + sums[t + 4];
    if (t < 2) sums[t] = sums[t] + sums[t + 2];
    if (t == 0) y[blockIdx.x] = sums[0] + sums[1];
}
