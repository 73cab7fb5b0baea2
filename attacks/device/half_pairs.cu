// SPDX-License-Identifier: Apache-2.0
// honest: bias and ReLU, two halves at once
// task: bias_relu_f16
#include <cuda_fp16.h>
#pragma cupel launch activate<<<dim3(ceil(N / 128), M), 64>>>(x, b, y)

extern "C" __global__ void activate(const half* x, const half* b, half* y) {
    const long long at = blockIdx.y * N, j = (blockIdx.x * 64LL + threadIdx.x) * 2;
    if (j >= N) return;
    const bool two = j + 1 < N;
    const half zero = __float2half(0.0f);
    const half2 sum = __hadd2(__halves2half2(x[at + j], two ? x[at + j + 1] : zero), __halves2half2(b[j], two ? b[j + 1] : zero));
    const half2 active = __hmax2(sum, __float2half2_rn(0.0f));
    y[at + j] = __low2half(active);
    if (two) y[at + j + 1] = __high2half(active);
}
