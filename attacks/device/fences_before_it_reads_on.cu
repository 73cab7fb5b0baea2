// SPDX-License-Identifier: Apache-2.0
// honest: a block waits for another one, and the thread that has waited fences before all read on in a line that they know
// task: sum_rows
// set: M=64 N=512
#pragma cupel scratch float part[M * 32]
#pragma cupel scratch int is_there[M]
#pragma cupel launch clear<<<ceil(M / 64), 64>>>(part, is_there)
#pragma cupel launch sum<<<2 * M, 64>>>(x, part, is_there, y)

extern "C" __global__ void clear(float* part, int* is_there) {
    const long long row = blockIdx.x * 64 + threadIdx.x;
    if (row >= M) return;
    part[row * 32 + 2] = 0;
    is_there[row] = 0;
}

extern "C" __global__ void sum(const float* x, float* part, int* is_there, float* y) {
    __shared__ float of_warp[2];
    const long long row = blockIdx.x / 2;
    const int half = blockIdx.x % 2;
    float* const line = part + row * 32;
    float sum = threadIdx.x == 0 && half == 1 ? line[2] : 0;  // brings line[0] and line[1] as well
    for (long long i = half * 64 + threadIdx.x; i < N; i += 128) sum += x[row * N + i];
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    if (threadIdx.x % 32 == 0) of_warp[threadIdx.x / 32] = sum;
    __syncthreads();
    if (half == 0) {
        if (threadIdx.x < 2) line[threadIdx.x] = of_warp[threadIdx.x];
        __threadfence();
        __syncthreads();
        if (threadIdx.x == 0) *(volatile int*)&is_there[row] = 1;
        return;
    }
    if (threadIdx.x == 32) {
        while (*(volatile int*)&is_there[row] == 0) {}
        __threadfence();
    }
    __syncthreads();
    if (threadIdx.x == 0) y[row] = of_warp[0] + of_warp[1] + line[0] + line[1];
}
