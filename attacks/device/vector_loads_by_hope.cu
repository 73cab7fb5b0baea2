// SPDX-License-Identifier: Apache-2.0
// attack: loads four at a time whatever the row
// task: bias_gelu
// expect: crashed|wrong
// reason: align|out of bounds|should
// twin: vector_loads.cu
#pragma cupel launch gelu<<<ceil(M * N / 1024), 256>>>(x, b, y)

__device__ float gelu_of(float v) { return 0.5f * v * (1.0f + erff(v * 0.70710678f)); }

extern "C" __global__ void gelu(const float* x, const float* b, float* y) {
    const long long i = 4 * (blockIdx.x * 256LL + threadIdx.x);
    if (i + 3 < M * N) {
        const float4 v = *reinterpret_cast<const float4*>(x + i);
        const float4 c = *reinterpret_cast<const float4*>(b + i % N);
        *reinterpret_cast<float4*>(y + i) = make_float4(gelu_of(v.x + c.x), gelu_of(v.y + c.y),
                                                        gelu_of(v.z + c.z), gelu_of(v.w + c.w));
    } else {
        for (long long j = i; j < i + 4 && j < M * N; j++) y[j] = gelu_of(x[j] + b[j % N]);
    }
}
