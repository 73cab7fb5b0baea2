// SPDX-License-Identifier: Apache-2.0
// Task: matmul. c[m,n] = sum[k](a[m,k] * b[k,n]), in shared tiles of 16 by 16, ragged at the edges.
#pragma cupel launch gemm_tiled<<<dim3(ceil(N / 16), ceil(M / 16)), dim3(16, 16)>>>(a, b, c, M, N, K)

// A number leaves one barrier out: the racy mutants are made so.
#ifndef DROPPED
#define DROPPED 0
#endif

constexpr int kTile = 16;

extern "C" __global__ void gemm_tiled(const float* a, const float* b, float* c, int M, int N, int K) {
    __shared__ float tile_a[kTile][kTile];
    __shared__ float tile_b[kTile][kTile + 1];
    const int row = blockIdx.y * kTile + threadIdx.y;
    const int column = blockIdx.x * kTile + threadIdx.x;
    float sum = 0;
    for (int first = 0; first < K; first += kTile) {
        const int ka = first + threadIdx.x;
        const int kb = first + threadIdx.y;
        tile_a[threadIdx.y][threadIdx.x] = row < M && ka < K ? a[row * K + ka] : 0.0f;
        tile_b[threadIdx.y][threadIdx.x] = kb < K && column < N ? b[kb * N + column] : 0.0f;
        if constexpr (DROPPED != 1) __syncthreads();
        for (int k = 0; k < kTile; ++k) sum += tile_a[threadIdx.y][k] * tile_b[k][threadIdx.x];
        if constexpr (DROPPED != 2) __syncthreads();
    }
    if (row < M && column < N) c[row * N + column] = sum;
}
