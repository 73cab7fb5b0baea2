// SPDX-License-Identifier: Apache-2.0
// Task: y = max(a * x + b, 0) * s in pairs of half and of bfloat16.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#pragma cupel launch halves_f16<<<ceil(N / 256), 128>>>(xh, yh, N)
#pragma cupel launch halves_bf16<<<ceil(N / 256), 128>>>(xb, yb, N)

extern "C" __global__ void halves_f16(const __half2* x, __half2* y, int N) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= N / 2) return;
    const __half2 a = __floats2half2_rn(1.5f, -0.75f), b = __floats2half2_rn(0.1f, 0.3f);
    const __half2 v = __hfma2(x[i], a, b);
    const __half2 relu = __hmax2(v, __float2half2_rn(0.0f));
    y[i] = __hmul2(relu, __hadd2(__low2half2(x[i]), __float2half2_rn(2.0f)));
}

extern "C" __global__ void halves_bf16(const __nv_bfloat162* x, __nv_bfloat162* y, int N) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= N / 2) return;
    const __nv_bfloat162 a = __floats2bfloat162_rn(1.5f, -0.75f), b = __floats2bfloat162_rn(0.1f, 0.3f);
    const __nv_bfloat162 v = __hfma2(x[i], a, b);
    const __nv_bfloat162 relu = __hmax2(v, __float2bfloat162_rn(0.0f));
    const float low = __low2float(relu), high = __high2float(relu);
    y[i] = __floats2bfloat162_rn(low * 1.25f, high + 0.5f);
}
