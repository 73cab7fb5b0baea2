// SPDX-License-Identifier: Apache-2.0
// honest: softmax in two launches, statistics in scratch
// task: softmax
#pragma cupel scratch float most[B]
#pragma cupel scratch float total[B]
#pragma cupel launch statistics<<<ceil(B / 128), 128>>>(x, most, total)
#pragma cupel launch divide<<<dim3(ceil(N / 128), B), 128>>>(x, most, total, y)

extern "C" __global__ void statistics(const float* x, float* most, float* total) {
    const long long row = blockIdx.x * 128LL + threadIdx.x;
    if (row >= B) return;
    float m = -INFINITY, s = 0;
    for (long long i = 0; i < N; i++) m = fmaxf(m, x[row * N + i]);
    for (long long i = 0; i < N; i++) s += expf(x[row * N + i] - m);
    most[row] = m;
    total[row] = s;
}

extern "C" __global__ void divide(const float* x, const float* most, const float* total, float* y) {
    const long long i = blockIdx.x * 128LL + threadIdx.x;
    const long long row = blockIdx.y;
    if (i < N) y[row * N + i] = expf(x[row * N + i] - most[row]) / total[row];
}
