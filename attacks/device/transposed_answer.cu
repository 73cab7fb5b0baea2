// SPDX-License-Identifier: Apache-2.0
// attack: stores its answer transposed
// task: matmul
// expect: wrong|crashed
// reason: should|out of bounds|never|rounding|error|race
// twin: tiled_product.cu
#pragma cupel launch matmul<<<dim3(ceil(N / 16), ceil(M / 16)), dim3(16, 16)>>>(a, b, c)

extern "C" __global__ void matmul(const float* a, const float* b, float* c) {
    __shared__ float as[16][16], bs[16][17];
    const int tx = threadIdx.x, ty = threadIdx.y;
    const long long i = blockIdx.y * 16LL + ty, j = blockIdx.x * 16LL + tx;
    float sum = 0;
    for (long long k = 0; k < K; k += 16) {
        as[ty][tx] = i < M && k + tx < K ? a[i * K + k + tx] : 0.0f;
        bs[ty][tx] = k + ty < K && j < N ? b[(k + ty) * N + j] : 0.0f;
        __syncthreads();
        for (int l = 0; l < 16; l++) sum += as[ty][l] * bs[l][tx];
        __syncthreads();
    }
    if (i < M && j < N) c[j * M + i] = sum;
}
