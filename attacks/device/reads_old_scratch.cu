// SPDX-License-Identifier: Apache-2.0
// attack: reads what its own block wrote through the cache for constants, which need not see it
// task: softmax
// expect: wrong
// reason: stale read
// twin: reads_own_scratch.cu
#pragma cupel scratch float terms[B * N]
#pragma cupel launch rows<<<B, 256>>>(x, terms, y)

__device__ float over_block(float value, float* shared, bool largest) {
    shared[threadIdx.x] = value;
    __syncthreads();
    for (int step = 128; step > 0; step /= 2) {
        if (threadIdx.x < step) {
            const float other = shared[threadIdx.x + step];
            value = largest ? fmaxf(value, other) : value + other;
        }
        __syncthreads();
        shared[threadIdx.x] = value;
        __syncthreads();
    }
    return shared[0];
}

extern "C" __global__ void rows(const float* x, float* terms, float* y) {
    __shared__ float shared[256];
    const long long at = 1LL * N * blockIdx.x;
    float most = -INFINITY;
    for (long long i = threadIdx.x; i < N; i += 256) most = fmaxf(most, x[at + i]);
    most = over_block(most, shared, true);
    for (long long i = threadIdx.x; i < N; i += 256) terms[at + i] = expf(x[at + i] - most);
    __syncthreads();
    float sum = 0;
    for (long long i = threadIdx.x; i < N; i += 256) sum += __ldg(terms + at + N - 1 - i);
    sum = over_block(sum, shared, false);
    for (long long i = threadIdx.x; i < N; i += 256) y[at + i] = __ldg(terms + at + i) / sum;
}
