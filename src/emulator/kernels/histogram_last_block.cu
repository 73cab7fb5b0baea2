// SPDX-License-Identifier: Apache-2.0
// Task: a histogram of bytes and its running sums. Blocks count in shared memory and add to the
// partial counts; the last block to finish sums them up.
#pragma cupel scratch unsigned partial[blocks * 256]
#pragma cupel scratch unsigned tickets[1]
#pragma cupel launch histogram_last_block<<<blocks, 256>>>(x, partial, tickets, counts, sums, N)

#ifndef DROPPED
#define DROPPED 0
#endif

constexpr int kBins = 256;

extern "C" __global__ void histogram_last_block(const unsigned char* x, unsigned* partial,
                                                unsigned* tickets, unsigned* counts, unsigned* sums,
                                                int N) {
    __shared__ unsigned bins[kBins];
    __shared__ bool last;
    bins[threadIdx.x] = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < N; i += gridDim.x * blockDim.x) {
        if constexpr (DROPPED == 1)
            bins[x[i]] += 1;
        else
            atomicAdd(&bins[x[i]], 1u);
    }
    __syncthreads();
    partial[blockIdx.x * kBins + threadIdx.x] = bins[threadIdx.x];
    if constexpr (DROPPED != 2) __threadfence();
    if constexpr (DROPPED != 2) __syncthreads();
    if (threadIdx.x == 0) last = atomicAdd(tickets, 1u) == gridDim.x - 1;
    __syncthreads();
    if (!last) return;
    unsigned total = 0;
    for (unsigned block = 0; block < gridDim.x; ++block)
        total += *const_cast<volatile unsigned*>(&partial[block * kBins + threadIdx.x]);
    counts[threadIdx.x] = total;
    bins[threadIdx.x] = total;
    __syncthreads();
    for (int step = 1; step < kBins; step *= 2) {
        const unsigned below = threadIdx.x >= step ? bins[threadIdx.x - step] : 0;
        __syncthreads();
        bins[threadIdx.x] += below;
        __syncthreads();
    }
    sums[threadIdx.x] = bins[threadIdx.x];
}
