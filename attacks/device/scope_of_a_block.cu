// SPDX-License-Identifier: Apache-2.0
// attack: adds by atomics of the scope of a block to what other blocks add to
// task: sum_rows
// expect: wrong
// reason: its own block only
// twin: own_scratch_by_block_scope.cu
#pragma cupel launch clear<<<ceil(M / 64), 64>>>(y)
#pragma cupel launch s<<<dim3(3, M), 32>>>(x, y)
extern "C" __global__ void clear(float* y) { long long i = blockIdx.x * 64LL + threadIdx.x; if (i < M) y[i] = 0; }
extern "C" __global__ void s(const float* x, float* y) {
    float sum = 0;
    for (long long i = blockIdx.x * 32 + threadIdx.x; i < N; i += 96) sum += x[blockIdx.y * N + i];
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    if (threadIdx.x == 0) atomicAdd_block(y + blockIdx.y, sum);
}
