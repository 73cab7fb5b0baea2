// SPDX-License-Identifier: Apache-2.0
// Task: matmul of halves with sums in f32, through cp.async, ldmatrix and mma.sync. Blocks of 64 by
// 64 of four warps, 32 by 32 each; two stages of 32 along K. b is given by column (N rows of K).
#include <cuda_fp16.h>
#pragma cupel launch gemm_mma<<<dim3(N / 64, M / 64), 128>>>(a, b, c, M, N, K)

constexpr int kSide = 64;
constexpr int kDepth = 32;
constexpr int kPitch = kDepth + 8;  // halves; rows fall on different banks

__device__ unsigned shared_address(const void* at) {
    return static_cast<unsigned>(__cvta_generic_to_shared(at));
}

__device__ void copy_16_bytes(void* to, const void* from) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared_address(to)), "l"(from)
                 : "memory");
}

// Rows [first, first + 64) and [k, k + 32) of a matrix with K columns.
__device__ void fetch(half (*to)[kPitch], const half* from, int first, int k, int K) {
    for (int i = threadIdx.x; i < kSide * kDepth / 8; i += blockDim.x)
        copy_16_bytes(&to[i / 4][i % 4 * 8], from + (first + i / 4) * K + k + i % 4 * 8);
}

__device__ void load_four(unsigned (&x)[4], const half* at) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(shared_address(at)));
}

__device__ void multiply(float (&d)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

extern "C" __global__ void __launch_bounds__(128)
    gemm_mma(const half* a, const half* b, float* c, int M, int N, int K) {
    __shared__ __align__(16) half tile_a[2][kSide][kPitch];
    __shared__ __align__(16) half tile_b[2][kSide][kPitch];
    const int first_row = blockIdx.y * kSide, first_column = blockIdx.x * kSide;
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const int row = warp / 2 * 32, column = warp % 2 * 32;
    float sums[2][4][4] = {};
    fetch(tile_a[0], a, first_row, 0, K);
    fetch(tile_b[0], b, first_column, 0, K);
    asm volatile("cp.async.commit_group;" ::: "memory");
    for (int k = 0, stage = 0; k < K; k += kDepth, stage ^= 1) {
        if (k + kDepth < K) {
            fetch(tile_a[stage ^ 1], a, first_row, k + kDepth, K);
            fetch(tile_b[stage ^ 1], b, first_column, k + kDepth, K);
        }
        asm volatile("cp.async.commit_group;" ::: "memory");
        asm volatile("cp.async.wait_group 1;" ::: "memory");
        __syncthreads();
#pragma unroll
        for (int step = 0; step < kDepth; step += 16) {
            unsigned x[2][4], y[2][4];
#pragma unroll
            for (int i = 0; i < 2; ++i) {
                load_four(x[i], &tile_a[stage][row + i * 16 + lane % 16][step + lane / 16 * 8]);
                load_four(y[i], &tile_b[stage][column + i * 16 + lane % 16][step + lane / 16 * 8]);
            }
#pragma unroll
            for (int i = 0; i < 2; ++i)
#pragma unroll
                for (int j = 0; j < 2; ++j) {
                    multiply(sums[i][2 * j], x[i], y[j][0], y[j][2]);
                    multiply(sums[i][2 * j + 1], x[i], y[j][1], y[j][3]);
                }
        }
        __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < 2; ++i)
#pragma unroll
        for (int j = 0; j < 4; ++j) {
            float* to = c + (first_row + row + i * 16 + lane / 4) * N + first_column + column + j * 8 +
                        lane % 4 * 2;
            *reinterpret_cast<float2*>(to) = make_float2(sums[i][j][0], sums[i][j][1]);
            *reinterpret_cast<float2*>(to + 8 * N) = make_float2(sums[i][j][2], sums[i][j][3]);
        }
}
