// SPDX-License-Identifier: Apache-2.0
// honest: linear layer of bfloat16 numbers through WMMA, weights by columns
// task: linear_bf16
#include <cuda_bf16.h>
#include <mma.h>
#pragma cupel launch linear<<<dim3(ceil(N / 16), ceil(M / 16)), 32>>>(x, w, y)

using namespace nvcuda;

extern "C" __global__ void linear(const __nv_bfloat16* x, const __nv_bfloat16* w, __nv_bfloat16* y) {
    __shared__ __align__(32) __nv_bfloat16 xs[256], ws[256];
    __shared__ __align__(32) float ys[256];
    const int lane = threadIdx.x;
    const long long i = blockIdx.y * 16LL, j = blockIdx.x * 16LL;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum;
    wmma::fill_fragment(sum, 0.0f);
    for (long long k = 0; k < K; k += 16) {
        for (int t = lane; t < 256; t += 32) {
            const bool there = k + t % 16 < K;
            xs[t] = there && i + t / 16 < M ? x[(i + t / 16) * K + k + t % 16] : __float2bfloat16(0.0f);
            ws[t] = there && j + t / 16 < N ? w[(j + t / 16) * K + k + t % 16] : __float2bfloat16(0.0f);
        }
        __syncwarp();
        wmma::fragment<wmma::matrix_a, 16, 16, 16, __nv_bfloat16, wmma::row_major> left;
        wmma::fragment<wmma::matrix_b, 16, 16, 16, __nv_bfloat16, wmma::col_major> right;
        wmma::load_matrix_sync(left, xs, 16);
        wmma::load_matrix_sync(right, ws, 16);
        wmma::mma_sync(sum, left, right, sum);
        __syncwarp();
    }
    wmma::store_matrix_sync(ys, sum, 16, wmma::mem_row_major);
    __syncwarp();
    for (int t = lane; t < 256; t += 32)
        if (i + t / 16 < M && j + t % 16 < N) y[(i + t / 16) * N + j + t % 16] = __float2bfloat16(ys[t]);
}
