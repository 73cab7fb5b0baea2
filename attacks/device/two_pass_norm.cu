// SPDX-License-Identifier: Apache-2.0
// honest: layer norm in two passes
// task: layernorm
#pragma cupel launch layernorm<<<ceil(N / 4), 128>>>(x, g, b, y)

__device__ float warp_max(float v) {
    for (int d = 16; d > 0; d /= 2) v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, d));
    return v;
}
__device__ float warp_sum(float v) {
    for (int d = 16; d > 0; d /= 2) v += __shfl_xor_sync(0xffffffffu, v, d);
    return v;
}

extern "C" __global__ void layernorm(const float* x, const float* g, const float* b, float* y) {
    const long long row = blockIdx.x * 4LL + threadIdx.x / 32;
    const int lane = threadIdx.x % 32;
    if (row >= N) return;
    float sum = 0;
    for (long long i = lane; i < D; i += 32) sum += x[row * D + i];
    const float mean = warp_sum(sum) / D;
    float squares = 0;
    for (long long i = lane; i < D; i += 32) squares += (x[row * D + i] - mean) * (x[row * D + i] - mean);
    const float scale = 1.0f / sqrtf(warp_sum(squares) / D + 1e-5f);
    for (long long i = lane; i < D; i += 32) y[row * D + i] = (x[row * D + i] - mean) * scale * g[i] + b[i];
}
