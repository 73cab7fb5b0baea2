// SPDX-License-Identifier: Apache-2.0
// honest: depthwise convolution, weights in shared memory
// task: depthwise_conv2d
#pragma cupel launch convolve<<<dim3(ceil(P * Q / 64), N * C), 64>>>(x, w, b, y)

extern "C" __global__ void convolve(const float* x, const float* w, const float* b, float* y) {
    __shared__ float taps[R * S];
    const long long plane = blockIdx.y, c = plane % C;
    for (long long i = threadIdx.x; i < R * S; i += 64) taps[i] = w[c * R * S + i];
    __syncthreads();
    const long long i = blockIdx.x * 64LL + threadIdx.x;
    if (i >= P * Q) return;
    const long long p = i / Q, q = i % Q;
    float sum = 0;
    for (int r = 0; r < R; r++)
        for (int s = 0; s < S; s++) {
            const long long h = p + r - 1, v = q + s - 1;
            if (h >= 0 && h < H && v >= 0 && v < W) sum += x[(plane * H + h) * W + v] * taps[r * S + s];
        }
    y[plane * P * Q + i] = sum + b[c];
}
