// SPDX-License-Identifier: Apache-2.0
// attack: a sigmoid by tanh.approx, which a GPU has a hundred units in the last place off
// task: swiglu
// expect: wrong
// reason: roundings
// twin: gate_map.cu
#pragma cupel launch swiglu<<<ceil(M * N / 256), 256>>>(a, b, y)

extern "C" __global__ void swiglu(const float* a, const float* b, float* y) {
    const long long i = blockIdx.x * 256LL + threadIdx.x;
    if (i >= M * N) return;
    float bent;
    asm("tanh.approx.f32 %0, %1;" : "=f"(bent) : "f"(0.5f * a[i]));
    const float share = a[i] > 0 ? fmaf(0.5f, bent, 0.5f) : 1 / (1 + expf(-a[i]));
    y[i] = a[i] * share * b[i];
}
