// SPDX-License-Identifier: Apache-2.0
// attack: gives the tensor core the rows of A in another order
// task: matmul_f16
// expect: wrong
// reason: should
// twin: mma_pipeline.cu
#include <cuda_fp16.h>
#pragma cupel launch product<<<dim3(ceil(N / 16), ceil(M / 32)), 64>>>(a, b, c)

constexpr int kStages = 3;

__device__ unsigned place_of(const void* p) { return (unsigned)__cvta_generic_to_shared(p); }

// Two halves at once where their address allows it, else one by one.
__device__ void fetch(half* to, const half* from, int count) {
    if (count == 2 && (unsigned long long)from % 4 == 0) {
        asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(place_of(to)), "l"(from) : "memory");
        return;
    }
    to[0] = count > 0 ? from[0] : __float2half(0.0f);
    to[1] = count > 1 ? from[1] : __float2half(0.0f);
}

__device__ int pair(long long at, long long end) { return at + 1 < end ? 2 : at < end ? 1 : 0; }

extern "C" __global__ void product(const half* a, const half* b, float* c) {
    __shared__ __align__(16) half as[kStages][32][24], bs[kStages][16][24];
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const long long i = blockIdx.y * 32LL, j = blockIdx.x * 16LL;
    const auto stage = [&](long long k) {
        const int into = k / 16 % kStages;
        for (int t = threadIdx.x; t < 256; t += 64) {
            const int row = t / 8, column = t % 8 * 2;
            fetch(&as[into][row][column], a + (i + row) * K + k + column, i + row < M ? pair(k + column, K) : 0);
        }
        for (int t = threadIdx.x; t < 128; t += 64) {
            const int row = t / 8, column = t % 8 * 2;
            fetch(&bs[into][row][column], b + (k + row) * N + j + column, k + row < K ? pair(j + column, N) : 0);
        }
    };
    float sum[2][4] = {};
    for (int s = 0; s < kStages - 1; s++) {
        stage(s * 16LL);
        asm volatile("cp.async.commit_group;" ::: "memory");
    }
    for (long long k = 0; k < K; k += 16) {
        asm volatile("cp.async.wait_group %0;" ::"n"(kStages - 2) : "memory");
        __syncthreads();
        stage(k + (kStages - 1) * 16);
        asm volatile("cp.async.commit_group;" ::: "memory");
        const int now = k / 16 % kStages;
        unsigned x[4], y[4];
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                     : "r"(place_of(&as[now][warp * 16 + lane % 16][lane / 16 * 8])));
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(y[0]), "=r"(y[1]), "=r"(y[2]), "=r"(y[3])
                     : "r"(place_of(&bs[now][lane % 16][lane / 16 * 8])));
        for (int n = 0; n < 2; n++)
            asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                         : "+f"(sum[n][0]), "+f"(sum[n][1]), "+f"(sum[n][2]), "+f"(sum[n][3])
                         : "r"(x[1]), "r"(x[0]), "r"(x[2]), "r"(x[3]), "r"(y[2 * n]), "r"(y[2 * n + 1]));
    }
    for (int n = 0; n < 2; n++)
        for (int e = 0; e < 4; e++) {
            const long long row = i + warp * 16 + lane / 4 + e / 2 * 8, column = j + n * 8 + lane % 4 * 2 + e % 2;
            if (row < M && column < N) c[row * N + column] = sum[n][e];
        }
}
