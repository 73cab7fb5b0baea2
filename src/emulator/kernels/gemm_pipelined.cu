// SPDX-License-Identifier: Apache-2.0
// Task: matmul. Blocks of 64 by 64, 4 by 4 results a thread, two buffers: the next tiles are on
// their way in registers while the present ones are multiplied. M, N and K in multiples of 64, 64, 8.
#pragma cupel launch gemm_pipelined<<<dim3(N / 64, M / 64), 256>>>(a, b, c, M, N, K)

constexpr int kBlock = 64;
constexpr int kDepth = 8;
constexpr int kOwn = 4;

extern "C" __global__ void __launch_bounds__(256)
    gemm_pipelined(const float* a, const float* b, float* c, int M, int N, int K) {
    __shared__ float tile_a[2][kDepth][kBlock];
    __shared__ float tile_b[2][kDepth][kBlock];
    const int thread = threadIdx.x;
    const int first_row = blockIdx.y * kBlock;
    const int first_column = blockIdx.x * kBlock;
    // 512 elements of each tile, two a thread.
    const int a_row = thread / 4, a_k = thread % 4 * 2;
    const int b_k = thread / 32, b_column = thread % 32 * 2;
    const float* from_a = a + (first_row + a_row) * K + a_k;
    const float* from_b = b + b_k * N + first_column + b_column;
    float2 next_a = *reinterpret_cast<const float2*>(from_a);
    float2 next_b = *reinterpret_cast<const float2*>(from_b);
    tile_a[0][a_k][a_row] = next_a.x;
    tile_a[0][a_k + 1][a_row] = next_a.y;
    tile_b[0][b_k][b_column] = next_b.x;
    tile_b[0][b_k][b_column + 1] = next_b.y;
    __syncthreads();

    float sums[kOwn][kOwn] = {};
    const int my_row = thread / 16 * kOwn, my_column = thread % 16 * kOwn;
    for (int first = 0, buffer = 0; first < K; first += kDepth, buffer ^= 1) {
        const bool more = first + kDepth < K;
        if (more) {
            next_a = *reinterpret_cast<const float2*>(from_a + first + kDepth);
            next_b = *reinterpret_cast<const float2*>(from_b + (first + kDepth) * N);
        }
#pragma unroll
        for (int k = 0; k < kDepth; ++k) {
            const float4 x = *reinterpret_cast<const float4*>(&tile_a[buffer][k][my_row]);
            const float4 y = *reinterpret_cast<const float4*>(&tile_b[buffer][k][my_column]);
            const float xs[kOwn] = {x.x, x.y, x.z, x.w};
            const float ys[kOwn] = {y.x, y.y, y.z, y.w};
#pragma unroll
            for (int i = 0; i < kOwn; ++i)
#pragma unroll
                for (int j = 0; j < kOwn; ++j) sums[i][j] += xs[i] * ys[j];
        }
        if (more) {
            tile_a[buffer ^ 1][a_k][a_row] = next_a.x;
            tile_a[buffer ^ 1][a_k + 1][a_row] = next_a.y;
            tile_b[buffer ^ 1][b_k][b_column] = next_b.x;
            tile_b[buffer ^ 1][b_k][b_column + 1] = next_b.y;
        }
        __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < kOwn; ++i) {
        const float4 out = make_float4(sums[i][0], sums[i][1], sums[i][2], sums[i][3]);
        *reinterpret_cast<float4*>(&c[(first_row + my_row + i) * N + first_column + my_column]) = out;
    }
}
