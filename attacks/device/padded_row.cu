// SPDX-License-Identifier: Apache-2.0
// honest: 1-d convolution, one thread an output
// task: conv1d
#pragma cupel launch convolve<<<dim3(ceil(P / 64), K, N), 64>>>(x, w, b, y)

extern "C" __global__ void convolve(const float* x, const float* w, const float* b, float* y) {
    const long long p = blockIdx.x * 64LL + threadIdx.x, k = blockIdx.y, n = blockIdx.z;
    if (p >= P) return;
    float sum = 0;
    for (long long c = 0; c < C; c++)
        for (long long r = 0; r < R; r++) {
            const long long l = p + r - 2;
            if (l >= 0 && l < L) sum += x[(n * C + c) * L + l] * w[(k * C + c) * R + r];
        }
    y[(n * K + k) * P + p] = sum + b[k];
}
