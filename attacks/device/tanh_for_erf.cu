// SPDX-License-Identifier: Apache-2.0
// attack: takes the tanh form of GELU for the exact one
// task: bias_gelu
// expect: wrong
// reason: should|rounding|error
// twin: grid_stride.cu
#pragma cupel launch gelu<<<32, 256>>>(x, b, y)

extern "C" __global__ void gelu(const float* x, const float* b, float* y) {
    for (long long i = blockIdx.x * 256LL + threadIdx.x; i < M * N; i += 32 * 256) {
        const float v = x[i] + b[i % N];
        y[i] = 0.5f * v * (1.0f + tanhf(0.7978845608f * (v + 0.044715f * v * v * v)));
    }
}
