// SPDX-License-Identifier: Apache-2.0
// attack: lets tensor cores add sixteen products up in halves, and adds up these sums in floats
// task: matmul_f16
// expect: wrong
// reason: should|rounding
// twin: wmma_halves.cu
#include <mma.h>
#pragma cupel launch product<<<dim3(ceil(N / 32), ceil(M / 32)), 128>>>(a, b, c)

using namespace nvcuda;

extern "C" __global__ void product(const half* a, const half* b, float* c) {
    __shared__ __align__(32) half as[32][24];
    __shared__ __align__(32) half bs[16][40];
    __shared__ __align__(32) float cs[32][36];
    const int warp = threadIdx.x / 32, up = warp / 2 * 16, left = warp % 2 * 16;
    const long long i = blockIdx.y * 32LL, j = blockIdx.x * 32LL;
    wmma::fragment<wmma::accumulator, 16, 16, 16, half> part;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum;
    wmma::fill_fragment(sum, 0.0f);
    for (long long k = 0; k < K; k += 16) {
        for (int t = threadIdx.x; t < 512; t += 128) {
            const int ar = t / 16, ac = t % 16, br = t / 32, bc = t % 32;
            as[ar][ac] = i + ar < M && k + ac < K ? a[(i + ar) * K + k + ac] : __float2half(0.0f);
            bs[br][bc] = k + br < K && j + bc < N ? b[(k + br) * N + j + bc] : __float2half(0.0f);
        }
        __syncthreads();
        wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> x;
        wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::row_major> y;
        wmma::load_matrix_sync(x, &as[up][0], 24);
        wmma::load_matrix_sync(y, &bs[0][left], 40);
        wmma::fill_fragment(part, __float2half(0.0f));
        wmma::mma_sync(part, x, y, part);
        __shared__ __align__(32) half parts[32][40];
        wmma::store_matrix_sync(&parts[up][left], part, 40, wmma::mem_row_major);
        __syncthreads();
        for (int t = threadIdx.x; t < 1024; t += 128) cs[t / 32][t % 32] = __half2float(parts[t / 32][t % 32]);
        __syncthreads();
        wmma::fragment<wmma::accumulator, 16, 16, 16, float> more;
        wmma::load_matrix_sync(more, &cs[up][left], 36, wmma::mem_row_major);
        for (int e = 0; e < sum.num_elements; e++) sum.x[e] += more.x[e];
        __syncthreads();
    }
    wmma::store_matrix_sync(&cs[up][left], sum, 36, wmma::mem_row_major);
    __syncthreads();
    for (int t = threadIdx.x; t < 1024; t += 128)
        if (i + t / 32 < M && j + t % 32 < N) c[(i + t / 32) * N + j + t % 32] = cs[t / 32][t % 32];
}
