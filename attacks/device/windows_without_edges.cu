// SPDX-License-Identifier: Apache-2.0
// attack: pools beyond the edges of its planes
// task: max_pool2d
// expect: crashed|wrong
// reason: out of bounds|should
// twin: pool_windows.cu
#pragma cupel launch pool<<<ceil(N * C * P * Q / 128), 128>>>(x, y)

extern "C" __global__ void pool(const float* x, float* y) {
    const long long i = blockIdx.x * 128LL + threadIdx.x;
    if (i >= N * C * P * Q) return;
    const long long q = i % Q, p = i / Q % P, plane = i / (P * Q);
    float most = -INFINITY;
    for (int r = 0; r < 3; r++)
        for (int s = 0; s < 3; s++) {
            const long long h = 2 * p + r - 1, w = 2 * q + s - 1;
            most = fmaxf(most, x[(plane * H + h) * W + w]);
        }
    y[i] = most;
}
