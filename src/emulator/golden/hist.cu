// SPDX-License-Identifier: Apache-2.0
// nvcc -ptx -arch=sm_80 -lineinfo -O3 hist.cu
#include <cstdio>
#include <cassert>
__device__ unsigned ticket;
__constant__ int table[4] = {1,2,3,4};
extern "C" __global__ void hist(const unsigned char* x, int n, unsigned* partial, unsigned* out) {
    __shared__ unsigned h[256];
    __shared__ bool last;
    for (int i = threadIdx.x; i < 256; i += blockDim.x) h[i] = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) atomicAdd(&h[x[i]], table[i & 3]);
    __syncthreads();
    for (int i = threadIdx.x; i < 256; i += blockDim.x) partial[blockIdx.x * 256 + i] = h[i];
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) last = atomicInc(&ticket, gridDim.x - 1) == gridDim.x - 1;
    __syncthreads();
    if (last) for (int i = threadIdx.x; i < 256; i += blockDim.x) {
        unsigned s = 0;
        for (int b = 0; b < gridDim.x; b++) s += ((volatile unsigned*)partial)[b * 256 + i];
        out[i] = s;
    }
    assert(n > 0);
    if (n == 77) printf("n %d\n", n);
}
