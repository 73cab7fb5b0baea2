// SPDX-License-Identifier: Apache-2.0
// honest: product of matrices, split over k, second launch adds
// task: matmul
#pragma cupel scratch float part[4 * M * N]
#pragma cupel launch partial<<<dim3(ceil(N / 32), M, 4), 32>>>(a, b, part)
#pragma cupel launch join<<<ceil(M * N / 128), 128>>>(part, c)

extern "C" __global__ void partial(const float* a, const float* b, float* part) {
    const long long j = blockIdx.x * 32LL + threadIdx.x, i = blockIdx.y;
    if (j >= N) return;
    float sum = 0;
    for (long long k = blockIdx.z; k < K; k += 4) sum += a[i * K + k] * b[k * N + j];
    part[(blockIdx.z * M + i) * N + j] = sum;
}

extern "C" __global__ void join(const float* part, float* c) {
    const long long i = blockIdx.x * 128LL + threadIdx.x;
    if (i < M * N) c[i] = (part[i] + part[i + M * N]) + (part[i + 2 * M * N] + part[i + 3 * M * N]);
}
