// SPDX-License-Identifier: Apache-2.0
// honest: atomics of the scope of a block, on scratch that is the block's own
// task: sum_rows
// set: M=512 N=1024
#pragma cupel scratch float part[M]
#pragma cupel launch s<<<M, 64>>>(x, part, y)
extern "C" __global__ void s(const float* x, float* part, float* y) {
    if (threadIdx.x == 0) part[blockIdx.x] = 0;
    __syncthreads();
    float sum = 0;
    for (long long i = threadIdx.x; i < N; i += 64) sum += x[blockIdx.x * N + i];
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    if (threadIdx.x % 32 == 0) atomicAdd_block(part + blockIdx.x, sum);
    __syncthreads();
    if (threadIdx.x == 0) y[blockIdx.x] = part[blockIdx.x];
}
