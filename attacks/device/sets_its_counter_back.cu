// SPDX-License-Identifier: Apache-2.0
// honest: the last block to come adds, and sets the counter of all blocks back by a plain store
// task: sum_rows
#pragma cupel scratch float part[M * 4]
#pragma cupel scratch unsigned count[M]
#pragma cupel launch clear<<<ceil(M / 64), 64>>>(count)
#pragma cupel launch sums<<<dim3(4, M), 64>>>(x, part, count, y)

extern "C" __global__ void clear(unsigned* count) {
    const long long m = blockIdx.x * 64LL + threadIdx.x;
    if (m < M) count[m] = 0;
}

// As threadFenceReduction of the samples of CUDA.
extern "C" __global__ void sums(const float* x, float* part, unsigned* count, float* y) {
    __shared__ float all[64];
    const long long m = blockIdx.y;
    float sum = 0;
    for (long long i = blockIdx.x * 64 + threadIdx.x; i < N; i += 256) sum += x[m * N + i];
    all[threadIdx.x] = sum;
    __syncthreads();
    for (unsigned d = 32; d > 0; d >>= 1) {
        if (threadIdx.x < d) all[threadIdx.x] += all[threadIdx.x + d];
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        part[m * 4 + blockIdx.x] = all[0];
        __threadfence();
        const bool last = atomicInc(&count[m], gridDim.x) == gridDim.x - 1;
        if (last) {
            __threadfence();
            float total = 0;
            for (unsigned i = 0; i < gridDim.x; i++) total += part[m * 4 + i];
            y[m] = total;
            count[m] = 0;
        }
    }
}
