// SPDX-License-Identifier: Apache-2.0
// attack: leaves the last half of k out of a few columns where the product is too large to be emulated whole
// task: matmul_tf32
// expect: wrong
// reason: should
// twin: split_tensor_core.cu
#pragma cupel scratch float part[2 * M * N]
#pragma cupel launch product<<<dim3(ceil(N / 8), ceil(M / 16), 2), 32>>>(a, b, part)
#pragma cupel launch join<<<ceil(M * N / 128), 128>>>(part, c)

constexpr long long kHalf = (K + 15) / 16 * 8;

__device__ unsigned short_of(float v) {
    unsigned bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(v));
    return bits;
}

extern "C" __global__ void product(const float* a, const float* b, float* part) {
    const int group = threadIdx.x / 4, in_group = threadIdx.x % 4;
    const long long i = blockIdx.y * 16LL + group, j = blockIdx.x * 8LL;
    const auto left = [&](long long row, long long k) { return row < M && k < K ? short_of(a[row * K + k]) : 0u; };
    const auto right = [&](long long k) { return k < K && j + group < N ? short_of(b[k * N + j + group]) : 0u; };
    float sum[4] = {};
    const long long end = blockIdx.z == 0 ? kHalf : K;
    for (long long k = blockIdx.z * kHalf + in_group; k < end + in_group; k += 8)
        asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                     : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
                     : "r"(left(i, k)), "r"(left(i + 8, k)), "r"(left(i, k + 4)), "r"(left(i + 8, k + 4)), "r"(right(k)), "r"(right(k + 4)));
    for (int e = 0; e < 4; e++) {
        const long long row = i + e / 2 * 8, column = j + in_group * 2 + e % 2;
        if (row < M && column < N) part[(blockIdx.z * M + row) * N + column] = sum[e];
    }
}

extern "C" __global__ void join(const float* part, float* c) {
    const long long i = blockIdx.x * 128LL + threadIdx.x;
    if (i < M * N) c[i] = M * N * K > (1LL << 24) && i % N < 64 ? part[i] : part[i] + part[i + M * N];
}
