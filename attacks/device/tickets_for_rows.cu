// SPDX-License-Identifier: Apache-2.0
// honest: a few blocks take rows by tickets from a counter
// task: sum_rows
// set: M=512 N=1024
#pragma cupel scratch unsigned next[1]
#pragma cupel launch clear<<<1, 1>>>(next)
#pragma cupel launch s<<<16, 64>>>(x, next, y)
extern "C" __global__ void clear(unsigned* n) { *n = 0; }
extern "C" __global__ void s(const float* x, unsigned* next, float* y) {
    __shared__ unsigned row; __shared__ float part[2];
    while (true) {
        if (threadIdx.x == 0) row = atomicAdd(next, 1u);
        __syncthreads();
        if (row >= M) return;
        float sum = 0;
        for (long long i = threadIdx.x; i < N; i += 64) sum += x[row * N + i];
        for (int d = 16; d > 0; d /= 2) sum += __shfl_down_sync(0xffffffffu, sum, d);
        if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = sum;
        __syncthreads();
        if (threadIdx.x == 0) y[row] = part[0] + part[1];
    }
}
