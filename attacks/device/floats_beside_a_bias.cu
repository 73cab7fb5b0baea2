// SPDX-License-Identifier: Apache-2.0
// honest: a linear layer of bfloats with a bias in floats, added up in floats and rounded once
// task: linear_bias_bf16
#include <cuda_bf16.h>
#pragma cupel launch product<<<dim3(ceil(N / 32), M), 32>>>(x, w, b, y)

extern "C" __global__ void product(const __nv_bfloat16* x, const __nv_bfloat16* w, const float* b, __nv_bfloat16* y) {
    const long long i = blockIdx.y, j = blockIdx.x * 32LL + threadIdx.x;
    if (j >= N) return;
    float sum = b[j];
    for (long long k = 0; k < K; k++) sum += __bfloat162float(x[i * K + k]) * __bfloat162float(w[j * K + k]);
    y[i * N + j] = __float2bfloat16(sum);
}
