// SPDX-License-Identifier: Apache-2.0
// attack: takes halves in pairs from rows of odd length
// task: bias_relu_f16
// expect: crashed
// reason: misaligned|out of bounds
// twin: half_pairs.cu
#include <cuda_fp16.h>
#pragma cupel launch activate<<<dim3(ceil(N / 128), M), 64>>>(x, b, y)

extern "C" __global__ void activate(const half* x, const half* b, half* y) {
    const long long at = blockIdx.y * N, j = (blockIdx.x * 64LL + threadIdx.x) * 2;
    if constexpr (true) {
        if (j >= N) return;
        const half2 sum = __hadd2(*reinterpret_cast<const half2*>(x + at + j), *reinterpret_cast<const half2*>(b + j));
        *reinterpret_cast<half2*>(y + at + j) = __hmax2(sum, __float2half2_rn(0.0f));
    } else {
        for (int e = 0; e < 2; e++)
            if (j + e < N) y[at + j + e] = __hmax(x[at + j + e] + b[j + e], __float2half(0.0f));
    }
}
