// SPDX-License-Identifier: Apache-2.0
// attack: rounds the factors to bfloat16 before tensor cores have them, where tf32 is promised
// task: matmul_tf32
// expect: wrong
// reason: should|rounding
// twin: mma_tf32.cu
#pragma cupel launch product<<<dim3(ceil(N / 8), ceil(M / 16)), 32>>>(a, b, c)

__device__ unsigned short_of(float v) {
    return (__float_as_uint(v) + 0x8000u) & 0xffff0000u;
}

extern "C" __global__ void product(const float* a, const float* b, float* c) {
    const int group = threadIdx.x / 4, in_group = threadIdx.x % 4;
    const long long i = blockIdx.y * 16LL + group, j = blockIdx.x * 8LL;
    const auto left = [&](long long row, long long k) { return row < M && k < K ? short_of(a[row * K + k]) : 0u; };
    const auto right = [&](long long k) { return k < K && j + group < N ? short_of(b[k * N + j + group]) : 0u; };
    float sum[4] = {};
    for (long long k = in_group; k < K + in_group; k += 8)
        asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                     : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
                     : "r"(left(i, k)), "r"(left(i + 8, k)), "r"(left(i, k + 4)), "r"(left(i + 8, k + 4)), "r"(right(k)), "r"(right(k + 4)));
    for (int e = 0; e < 4; e++) {
        const long long row = i + e / 2 * 8, column = j + in_group * 2 + e % 2;
        if (row < M && column < N) c[row * N + column] = sum[e];
    }
}
