// SPDX-License-Identifier: Apache-2.0
// honest: product of matrices, one thread an element
// task: matmul
#pragma cupel launch matmul<<<dim3(ceil(N / 32), M), 32>>>(a, b, c)

extern "C" __global__ void matmul(const float* a, const float* b, float* c) {
    const long long j = blockIdx.x * 32LL + threadIdx.x, i = blockIdx.y;
    if (j >= N) return;
    float sum = 0;
    for (long long k = 0; k < K; k++) sum += a[i * K + k] * b[k * N + j];
    c[i * N + j] = sum;
}
