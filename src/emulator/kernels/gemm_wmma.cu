// SPDX-License-Identifier: Apache-2.0
// Task: matmul of halves with sums in f32, through WMMA: one warp a tile of 16 by 16.
#include <mma.h>
#pragma cupel launch gemm_wmma<<<dim3(N / 16, M / 16), 32>>>(a, b, c, M, N, K)

using namespace nvcuda;

extern "C" __global__ void gemm_wmma(const half* a, const half* b, float* c, int M, int N, int K) {
    wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> x;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::row_major> y;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum;
    wmma::fill_fragment(sum, 0.0f);
    const int row = blockIdx.y * 16, column = blockIdx.x * 16;
    for (int k = 0; k < K; k += 16) {
        wmma::load_matrix_sync(x, a + row * K + k, K);
        wmma::load_matrix_sync(y, b + k * N + column, N);
        wmma::mma_sync(sum, x, y, sum);
    }
    wmma::store_matrix_sync(c + row * N + column, sum, N, wmma::mem_row_major);
}
