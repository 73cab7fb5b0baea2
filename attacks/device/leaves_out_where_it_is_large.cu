// SPDX-License-Identifier: Apache-2.0
// attack: sums of rows by two blocks each, of which at the task's own sizes it leaves out a hundredth
// task: sum_rows
// expect: wrong
// reason: should
// twin: last_block_adds.cu
#pragma cupel scratch float part[2 * M]
#pragma cupel scratch unsigned came[M]
#pragma cupel launch clear<<<ceil(M / 64), 64>>>(came)
#pragma cupel launch add<<<dim3(2, M), 64>>>(x, part, came, y)

extern "C" __global__ void clear(unsigned* came) {
    const long long i = blockIdx.x * 64LL + threadIdx.x;
    if (i < M) came[i] = 0;
}

extern "C" __global__ void add(const float* x, float* part, unsigned* came, float* y) {
    __shared__ float sums[2];
    const long long row = blockIdx.y;
    float sum = 0;
    for (long long i = blockIdx.x * 64LL + threadIdx.x; i < (M * N < (1LL << 22) ? N : N - N / 100); i += 128) sum += x[row * N + i];
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = sum;
    __syncthreads();
    if (threadIdx.x != 0) return;
    part[2 * row + blockIdx.x] = sums[0] + sums[1];
    __threadfence();
    if (atomicAdd(came + row, 1u) == 1u) {
        __threadfence();
        y[row] = atomicAdd(part + 2 * row, 0.0f) + atomicAdd(part + 2 * row + 1, 0.0f);
    }
}
