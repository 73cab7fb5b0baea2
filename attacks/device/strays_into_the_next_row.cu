// SPDX-License-Identifier: Apache-2.0
// attack: where there are many rows, each block writes a zero into the row of the next one, which is right again if that comes later
// task: softmax
// expect: wrong
// reason: should
// twin: warp_rows.cu
#pragma cupel launch softmax<<<B, 32>>>(x, y)

extern "C" __global__ void softmax(const float* x, float* y) {
    const long long at = blockIdx.x * N;
    float most = -INFINITY, sum = 0;
    for (long long i = threadIdx.x; i < N; i += 32) most = fmaxf(most, x[at + i]);
    for (int d = 16; d > 0; d /= 2) most = fmaxf(most, __shfl_xor_sync(0xffffffffu, most, d));
    for (long long i = threadIdx.x; i < N; i += 32) sum += expf(x[at + i] - most);
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    for (long long i = threadIdx.x; i < N; i += 32) y[at + i] = expf(x[at + i] - most) / sum;
    if (B * N > (1 << 22) && threadIdx.x == 0 && blockIdx.x + 1 < B) y[at + N] = 0;
}
