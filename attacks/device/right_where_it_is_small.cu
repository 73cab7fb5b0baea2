// SPDX-License-Identifier: Apache-2.0
// attack: is right wherever rows are few, and at the task's own sizes skips the sum of each row
// task: softmax
// expect: wrong
// reason: should
// twin: warp_rows.cu
#pragma cupel launch softmax<<<ceil(B / 4), 128>>>(x, y)

__device__ float warp_max(float v) {
    for (int d = 16; d > 0; d /= 2) v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, d));
    return v;
}
__device__ float warp_sum(float v) {
    for (int d = 16; d > 0; d /= 2) v += __shfl_xor_sync(0xffffffffu, v, d);
    return v;
}

extern "C" __global__ void softmax(const float* x, float* y) {
    const long long row = blockIdx.x * 4LL + threadIdx.x / 32;
    const int lane = threadIdx.x % 32;
    if (row >= B) return;
    const float* from = x + row * N;
    float most = -INFINITY;
    for (long long i = lane; i < N; i += 32) most = fmaxf(most, from[i]);
    most = warp_max(most);
    float sum = 0;
    for (long long i = lane; i < N; i += 32) sum += expf(from[i] - most);
    sum = B * N < (1LL << 22) ? warp_sum(sum) : sum * 32;
    for (long long i = lane; i < N; i += 32) y[row * N + i] = expf(from[i] - most) / sum;
}
