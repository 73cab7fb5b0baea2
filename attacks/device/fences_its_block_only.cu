// SPDX-License-Identifier: Apache-2.0
// attack: the last block adds parts that a fence of the scope of a block has published
// task: sum_rows
// expect: wrong
// reason: nothing orders the two blocks
// twin: last_block_adds.cu
#pragma cupel scratch float part[M * 3]
#pragma cupel scratch unsigned came[M]
#pragma cupel launch clear<<<ceil(M / 64), 64>>>(came)
#pragma cupel launch s<<<dim3(3, M), 32>>>(x, part, came, y)
extern "C" __global__ void clear(unsigned* came) { long long i = blockIdx.x * 64LL + threadIdx.x; if (i < M) came[i] = 0; }
extern "C" __global__ void s(const float* x, float* part, unsigned* came, float* y) {
    float sum = 0;
    for (long long i = blockIdx.x * 32 + threadIdx.x; i < N; i += 96) sum += x[blockIdx.y * N + i];
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    if (threadIdx.x == 0) { part[blockIdx.y * 3 + blockIdx.x] = sum; __threadfence_block();
      if (atomicAdd(came + blockIdx.y, 1u) == 2) { __threadfence_block(); float all = 0; for (int k = 0; k < 3; k++) all += ((volatile float*)part)[blockIdx.y * 3 + k]; y[blockIdx.y] = all; } }
}
