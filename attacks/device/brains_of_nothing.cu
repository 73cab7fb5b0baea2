// SPDX-License-Identifier: Apache-2.0
// attack: answers zeros, which a rounding of bfloat16 answers must not excuse
// task: linear_bf16
// expect: wrong
// reason: should
// twin: wmma_brains.cu
#include <cuda_bf16.h>
#pragma cupel launch linear<<<M, 64>>>(x, w, y)

extern "C" __global__ void linear(const __nv_bfloat16*, const __nv_bfloat16*, __nv_bfloat16* y) {
    for (long long j = threadIdx.x; j < N; j += 64) y[blockIdx.x * N + j] = __float2bfloat16(0.0f);
}
