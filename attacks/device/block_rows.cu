// SPDX-License-Identifier: Apache-2.0
// honest: softmax, one block a row, shared memory
// task: softmax
#pragma cupel launch softmax<<<B, 256>>>(x, y)

__device__ float all(float v, float* part, bool largest) {
    for (int d = 16; d > 0; d /= 2) {
        const float other = __shfl_xor_sync(0xffffffffu, v, d);
        v = largest ? fmaxf(v, other) : v + other;
    }
    __syncthreads();
    if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = v;
    __syncthreads();
    v = part[0];
    for (int i = 1; i < 8; i++) v = largest ? fmaxf(v, part[i]) : v + part[i];
    return v;
}

extern "C" __global__ void softmax(const float* x, float* y) {
    __shared__ float part[8];
    const float* from = x + blockIdx.x * N;
    float* to = y + blockIdx.x * N;
    float most = -INFINITY;
    for (long long i = threadIdx.x; i < N; i += 256) most = fmaxf(most, from[i]);
    most = all(most, part, true);
    float sum = 0;
    for (long long i = threadIdx.x; i < N; i += 256) sum += expf(from[i] - most);
    sum = all(sum, part, false);
    for (long long i = threadIdx.x; i < N; i += 256) to[i] = expf(from[i] - most) / sum;
}
