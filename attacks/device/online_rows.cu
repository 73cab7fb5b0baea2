// SPDX-License-Identifier: Apache-2.0
// honest: softmax in one pass over the row, rescaled
// task: softmax
#pragma cupel launch softmax<<<ceil(B / 8), 256>>>(x, y)

extern "C" __global__ void softmax(const float* x, float* y) {
    const long long row = blockIdx.x * 8LL + threadIdx.x / 32;
    const int lane = threadIdx.x % 32;
    if (row >= B) return;
    const float* from = x + row * N;
    float most = -INFINITY, sum = 0;
    for (long long i = lane; i < N; i += 32) {
        const float larger = fmaxf(most, from[i]);
        sum = sum * expf(most - larger) + expf(from[i] - larger);
        most = larger;
    }
    for (int d = 16; d > 0; d /= 2) {
        const float m = __shfl_xor_sync(0xffffffffu, most, d);
        const float s = __shfl_xor_sync(0xffffffffu, sum, d);
        const float larger = fmaxf(most, m);
        if (larger > -INFINITY) sum = sum * expf(most - larger) + s * expf(m - larger);
        most = larger;
    }
    for (long long i = lane; i < N; i += 32) y[row * N + i] = expf(from[i] - most) / sum;
}
