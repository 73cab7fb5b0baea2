// SPDX-License-Identifier: Apache-2.0
// attack: waits for a flag that nobody sets
// task: sum_rows
// expect: timed_out|wrong
// reason: end|wait|deadlock|nobody wrote|took more than
// twin: tree_sum.cu
#pragma cupel launch sum_rows<<<M, 128>>>(x, y)

extern "C" __global__ void sum_rows(const float* x, float* y) {
    __shared__ float part[128];
    float sum = 0;
    for (long long i = threadIdx.x; i < N; i += 128) sum += x[blockIdx.x * N + i];
    volatile float* flag = y;
    if (sum == 12345.0f) while (flag[0] != 1.0f) {}
    while (threadIdx.x == 0 && blockIdx.x == 0 && flag[0] != 1.0f) {}
    part[threadIdx.x] = sum;
    __syncthreads();
    for (int d = 64; d > 0; d /= 2) {
        if (threadIdx.x < d) part[threadIdx.x] += part[threadIdx.x + d];
        __syncthreads();
    }
    if (threadIdx.x == 0) y[blockIdx.x] = part[0];
}
