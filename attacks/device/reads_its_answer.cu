// SPDX-License-Identifier: Apache-2.0
// honest: makes a second answer of the first one as that is stored, in bfloats
// task: sum_and_more_bf16
#include <cuda_bf16.h>
#pragma cupel launch both<<<dim3(ceil(N / 32), M), 32>>>(x, w, b, y, z)

extern "C" __global__ void both(const __nv_bfloat16* x, const __nv_bfloat16* w, const __nv_bfloat16* b, __nv_bfloat16* y,
                                __nv_bfloat16* z) {
    const long long i = blockIdx.y, j = blockIdx.x * 32LL + threadIdx.x;
    if (j >= N) return;
    float sum = 0;
    for (long long k = 0; k < K; k++) sum += __bfloat162float(x[i * K + k]) * __bfloat162float(w[j * K + k]);
    y[i * N + j] = __float2bfloat16(sum);
    z[i * N + j] = __float2bfloat16(__bfloat162float(y[i * N + j]) + __bfloat162float(b[j]));
}
