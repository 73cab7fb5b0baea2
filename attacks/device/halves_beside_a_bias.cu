// SPDX-License-Identifier: Apache-2.0
// attack: adds a whole sum up in halves, in a formula that adds a bias to it
// task: linear_bias_bf16
// expect: wrong
// reason: should|rounding
// twin: floats_beside_a_bias.cu
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#pragma cupel launch product<<<dim3(ceil(N / 32), M), 32>>>(x, w, b, y)

extern "C" __global__ void product(const __nv_bfloat16* x, const __nv_bfloat16* w, const float* b, __nv_bfloat16* y) {
    const long long i = blockIdx.y, j = blockIdx.x * 32LL + threadIdx.x;
    if (j >= N) return;
    half sum = __float2half(0.0f);
    for (long long k = 0; k < K; k++)
        sum = __hfma(__float2half(__bfloat162float(x[i * K + k])), __float2half(__bfloat162float(w[j * K + k])), sum);
    y[i * N + j] = __float2bfloat16(__half2float(sum) + b[j]);
}
