// SPDX-License-Identifier: Apache-2.0
// attack: rounds each product to a half, where products of halves are exact in floats
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
    for (long long k = 0; k < K; k++) sum += __half2float(__hmul(a[i * K + k], b[k * N + j]));
    c[i * N + j] = sum;
}
