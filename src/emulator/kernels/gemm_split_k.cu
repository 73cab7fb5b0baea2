// SPDX-License-Identifier: Apache-2.0
// Task: matmul of integers held in f32, the sum over K split between blocks that add their parts with
// atomics. Sums are exact in f32, so the order does not show.
#pragma cupel launch gemm_split_k<<<dim3(ceil(N / 32), ceil(M / 8), 4), dim3(32, 8)>>>(a, b, c, M, N, K)

#ifndef DROPPED
#define DROPPED 0
#endif

extern "C" __global__ void gemm_split_k(const float* a, const float* b, float* c, int M, int N, int K) {
    const int row = blockIdx.y * 8 + threadIdx.y;
    const int column = blockIdx.x * 32 + threadIdx.x;
    if (row >= M || column >= N) return;
    const int part = (K + gridDim.z - 1) / gridDim.z;
    const int end = min(K, static_cast<int>(blockIdx.z + 1) * part);
    float sum = 0;
    for (int k = blockIdx.z * part; k < end; ++k) sum = fmaf(a[row * K + k], b[k * N + column], sum);
    if constexpr (DROPPED == 1)
        c[row * N + column] += sum;
    else
        atomicAdd(&c[row * N + column], sum);
}
