// SPDX-License-Identifier: Apache-2.0
// Task: softmax over rows, one warp a row.
#pragma cupel launch softmax_warp<<<ceil(B / 4), 128>>>(x, y, B, N)

__device__ float all_max(float v) {
    for (int step = 16; step > 0; step /= 2) v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, step));
    return v;
}

__device__ float all_sum(float v) {
    for (int step = 16; step > 0; step /= 2) v += __shfl_xor_sync(0xffffffffu, v, step);
    return v;
}

extern "C" __global__ void softmax_warp(const float* x, float* y, int B, int N) {
    const int row = blockIdx.x * 4 + threadIdx.x / 32;
    const int lane = threadIdx.x % 32;
    if (row >= B) return;
    const float* from = x + row * N;
    float most = -INFINITY;
    for (int i = lane; i < N; i += 32) most = fmaxf(most, from[i]);
    most = all_max(most);
    float sum = 0;
    for (int i = lane; i < N; i += 32) sum += expf(from[i] - most);
    sum = all_sum(sum);
    for (int i = lane; i < N; i += 32) y[row * N + i] = expf(from[i] - most) / sum;
}
