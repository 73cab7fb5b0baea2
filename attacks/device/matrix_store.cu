// SPDX-License-Identifier: Apache-2.0
// honest: linear layer of bfloat16 numbers by mma.sync, its tile put together by stmatrix
// task: linear_bf16
#include <cuda_bf16.h>
#pragma cupel launch linear<<<dim3(ceil(N / 8), ceil(M / 16)), 32>>>(x, w, y)

extern "C" __global__ void linear(const __nv_bfloat16* x, const __nv_bfloat16* w, __nv_bfloat16* y) {
    __shared__ __align__(16) __nv_bfloat16 tile[16][8];
    const int lane = threadIdx.x;
    const long long i = blockIdx.y * 16LL, j = blockIdx.x * 8LL;
    const auto two = [&](const __nv_bfloat16* from, long long row, long long rows, long long k) {
        const __nv_bfloat16 zero = __float2bfloat16(0.0f);
        const __nv_bfloat162 both(row < rows && k < K ? from[row * K + k] : zero, row < rows && k + 1 < K ? from[row * K + k + 1] : zero);
        return *reinterpret_cast<const unsigned*>(&both);
    };
    float sum[4] = {};
    for (long long k = 0; k < K; k += 16) {
        const long long at = k + lane % 4 * 2, row = i + lane / 4, column = j + lane / 4;
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                     : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
                     : "r"(two(x, row, M, at)), "r"(two(x, row + 8, M, at)), "r"(two(x, row, M, at + 8)),
                       "r"(two(x, row + 8, M, at + 8)), "r"(two(w, column, N, at)), "r"(two(w, column, N, at + 8)));
    }
    const __nv_bfloat162 upper = __floats2bfloat162_rn(sum[0], sum[1]), lower = __floats2bfloat162_rn(sum[2], sum[3]);
    const unsigned place = (unsigned)__cvta_generic_to_shared(&tile[lane % 16][0]);
    asm volatile("stmatrix.sync.aligned.m8n8.x2.shared.b16 [%0], {%1, %2};" ::"r"(place),
                 "r"(*reinterpret_cast<const unsigned*>(&upper)), "r"(*reinterpret_cast<const unsigned*>(&lower)) : "memory");
    __syncwarp();
    for (int t = lane; t < 128; t += 32)
        if (i + t / 8 < M && j + t % 8 < N) y[(i + t / 8) * N + j + t % 8] = tile[t / 8][t % 8];
}
