// SPDX-License-Identifier: Apache-2.0
// attack: computes short rows, and says that long ones are uniform
// task: softmax
// expect: wrong
// reason: the answer is wrong
// twin: warp_rows.cu
#pragma cupel launch rows<<<B, 32>>>(x, y)

extern "C" __global__ void rows(const float* x, float* y) {
    const long long at = 1LL * N * blockIdx.x;
    const int lane = threadIdx.x;
    if constexpr (N >= 1024) {
        for (long long i = lane; i < N; i += 32) y[at + i] = 1.0f / N;
        return;
    }
    float most = -INFINITY, sum = 0;
    for (long long i = lane; i < N; i += 32) most = fmaxf(most, x[at + i]);
    for (int step = 16; step > 0; step /= 2) most = fmaxf(most, __shfl_xor_sync(~0u, most, step));
    for (long long i = lane; i < N; i += 32) sum += expf(x[at + i] - most);
    for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(~0u, sum, step);
    for (long long i = lane; i < N; i += 32) y[at + i] = expf(x[at + i] - most) / sum;
}
