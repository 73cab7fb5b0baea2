// SPDX-License-Identifier: Apache-2.0
// attack: adds up sixteen products at a time in halves, as tensor cores with sums of halves do
// task: matmul_f16
// expect: wrong
// reason: should|rounding
// twin: mma_pipeline.cu
#include <cuda_fp16.h>
#pragma cupel launch product<<<dim3(ceil(N / 32), M), 32>>>(a, b, c)

extern "C" __global__ void product(const half* a, const half* b, float* c) {
    const long long i = blockIdx.y, j = blockIdx.x * 32LL + threadIdx.x;
    if (j >= N) return;
    float sum = 0;
    for (long long first = 0; first < K; first += 16) {
        half chain = __float2half(0.0f);
        for (long long k = first; k < first + 16 && k < K; k++) chain = __hfma(a[i * K + k], b[k * N + j], chain);
        sum += __half2float(chain);
    }
    c[i * N + j] = sum;
}
