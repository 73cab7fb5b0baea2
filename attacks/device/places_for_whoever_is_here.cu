// SPDX-License-Identifier: Apache-2.0
// honest: whoever is here takes places in a list together (cooperative groups, coalesced threads)
// task: sum_rows
// set: M=512 N=1024
#include <cooperative_groups.h>
#pragma cupel launch s<<<M, 64>>>(x, y)
namespace cg = cooperative_groups;
extern "C" __global__ void s(const float* x, float* y) {
    __shared__ unsigned n; __shared__ float list[64];
    if (threadIdx.x == 0) n = 0;
    __syncthreads();
    float sum = 0;
    for (long long i = threadIdx.x; i < N; i += 64) sum += x[blockIdx.x * N + i];
    if (sum != 0) {
        auto g = cg::coalesced_threads();
        unsigned at = 0;
        if (g.thread_rank() == 0) at = atomicAdd(&n, g.size());
        at = g.shfl(at, 0) + g.thread_rank();
        list[at] = sum;
    }
    __syncthreads();
    if (threadIdx.x == 0) { float all = 0; for (unsigned i = 0; i < n; i++) all += list[i]; y[blockIdx.x] = all; }
}
