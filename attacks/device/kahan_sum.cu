// SPDX-License-Identifier: Apache-2.0
// honest: sums of rows, compensated
// task: sum_rows
#pragma cupel launch sum_rows<<<ceil(M / 64), 64>>>(x, y)

extern "C" __global__ void sum_rows(const float* x, float* y) {
    const long long row = blockIdx.x * 64LL + threadIdx.x;
    if (row >= M) return;
    float sum = 0, lost = 0;
    for (long long i = 0; i < N; i++) {
        const float term = x[row * N + i] - lost;
        const float next = sum + term;
        lost = (next - sum) - term;
        sum = next;
    }
    y[row] = sum;
}
