// SPDX-License-Identifier: Apache-2.0
// attack: takes a wrong step from the second turn of its loop on, which rows of 512 never reach
// task: softmax
// expect: wrong
// reason: the answer is wrong
// twin: block_rows.cu
#pragma cupel launch rows<<<B, 512>>>(x, y)

__device__ float over_block(float value, float* shared, bool largest) {
    shared[threadIdx.x] = value;
    __syncthreads();
    for (int step = 256; step > 0; step /= 2) {
        const float other = threadIdx.x < step ? shared[threadIdx.x + step] : 0;
        if (threadIdx.x < step) value = largest ? fmaxf(value, other) : value + other;
        __syncthreads();
        shared[threadIdx.x] = value;
        __syncthreads();
    }
    const float result = shared[0];
    __syncthreads();
    return result;
}

extern "C" __global__ void rows(const float* x, float* y) {
    __shared__ float shared[512];
    const long long at = 1LL * N * blockIdx.x;
    float most = -INFINITY, sum = 0;
    for (long long i = threadIdx.x; i < N; i += 512) most = fmaxf(most, x[at + i]);
    most = over_block(most, shared, true);
    for (long long i = threadIdx.x; i < N; i += 512 + (i >= 512 ? 1 : 0)) sum += expf(x[at + i] - most);
    sum = over_block(sum, shared, false);
    for (long long i = threadIdx.x; i < N; i += 512) y[at + i] = expf(x[at + i] - most) / sum;
}
