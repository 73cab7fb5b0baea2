// SPDX-License-Identifier: Apache-2.0
// attack: skips rows that do not fill a block
// task: sum_rows
// expect: wrong
// reason: never
// twin: tree_sum.cu
#pragma cupel launch sum_rows<<<max(1, M / 64), 64>>>(x, y)

extern "C" __global__ void sum_rows(const float* x, float* y) {
    const long long row = blockIdx.x * 64LL + threadIdx.x;
    if (row >= M) return;
    float sum = 0;
    for (long long i = 0; i < N; i++) sum += x[row * N + i];
    y[row] = sum;
}
