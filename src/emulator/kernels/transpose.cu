// SPDX-License-Identifier: Apache-2.0
// Task: y[n,m] = x[m,n], through a padded tile of shared memory.
#pragma cupel launch transpose<<<dim3(ceil(N / 32), ceil(M / 32)), dim3(32, 8)>>>(x, y, M, N)

#ifndef DROPPED
#define DROPPED 0
#endif

extern "C" __global__ void transpose(const float* x, float* y, int M, int N) {
    __shared__ float tile[32][33];
    const int column = blockIdx.x * 32 + threadIdx.x;
    for (int i = threadIdx.y; i < 32; i += 8) {
        const int row = blockIdx.y * 32 + i;
        if (row < M && column < N) tile[i][threadIdx.x] = x[row * N + column];
    }
    if constexpr (DROPPED != 1) __syncthreads();
    const int out_column = blockIdx.y * 32 + threadIdx.x;
    for (int i = threadIdx.y; i < 32; i += 8) {
        const int out_row = blockIdx.x * 32 + i;
        if (out_row < N && out_column < M) y[out_row * M + out_column] = tile[threadIdx.x][i];
    }
}
