// SPDX-License-Identifier: Apache-2.0
// attack: leaves the label out of the loss
// task: cross_entropy
// expect: wrong
// reason: should|rounding
// twin: gathered_loss.cu
#pragma cupel launch loss<<<ceil(N / 2), 64>>>(x, t, y)

__device__ float warp_max(float v) {
    for (int d = 16; d > 0; d /= 2) v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, d));
    return v;
}
__device__ float warp_sum(float v) {
    for (int d = 16; d > 0; d /= 2) v += __shfl_xor_sync(0xffffffffu, v, d);
    return v;
}

extern "C" __global__ void loss(const float* x, const long long* t, float* y) {
    const long long row = blockIdx.x * 2LL + threadIdx.x / 32;
    const int lane = threadIdx.x % 32;
    if (row >= N) return;
    float m = -INFINITY, s = 0;
    for (long long c = lane; c < C; c += 32) m = fmaxf(m, x[row * C + c]);
    m = warp_max(m);
    for (long long c = lane; c < C; c += 32) s += expf(x[row * C + c] - m);
    s = warp_sum(s);
    if (lane == 0) y[row] = m + logf(s) - x[row * C + 0];
}
