// SPDX-License-Identifier: Apache-2.0
// honest: sums rows in the order of bins; ranks within a bin come from atomics in any order
// task: sum_rows
// set: M=256 N=512
#pragma cupel launch s<<<M, 64>>>(x, y)
extern "C" __global__ void s(const float* x, float* y) {
    __shared__ unsigned hist[8], rank[64], start[9]; __shared__ float vals[64], sorted[64];
    float total = 0;
    for (long long from = 0; from < N; from += 64) {
        if (threadIdx.x < 8) hist[threadIdx.x] = 0;
        __syncthreads();
        const bool in = from + threadIdx.x < N;
        const float v = in ? x[blockIdx.x * N + from + threadIdx.x] : 0;
        const unsigned bin = __float_as_uint(v) & 7;
        rank[threadIdx.x] = atomicAdd(&hist[bin], in ? 1u : 0u); vals[threadIdx.x] = v;
        __syncthreads();
        if (threadIdx.x == 0) { start[0] = 0; for (int k = 0; k < 8; k++) start[k + 1] = start[k] + hist[k]; }
        __syncthreads();
        if (in) sorted[start[bin] + rank[threadIdx.x]] = vals[threadIdx.x];
        __syncthreads();
        if (threadIdx.x == 0) for (unsigned k = 0; k < start[8]; k++) total += sorted[k];
    }
    if (threadIdx.x == 0) y[blockIdx.x] = total;
}
