// SPDX-License-Identifier: Apache-2.0
// attack: leaves out the first barrier
// task: sum_rows
// expect: wrong
// reason: race
// twin: tree_sum.cu
#pragma cupel launch sum_rows<<<M, 128>>>(x, y)

extern "C" __global__ void sum_rows(const float* x, float* y) {
    __shared__ float part[128];
    float sum = 0;
    for (long long i = threadIdx.x; i < N; i += 128) sum += x[blockIdx.x * N + i];
    part[threadIdx.x] = sum;
    for (int d = 64; d > 0; d /= 2) {
        if (threadIdx.x < d) part[threadIdx.x] += part[threadIdx.x + d];
        __syncthreads();
    }
    if (threadIdx.x == 0) y[blockIdx.x] = part[0];
}
