// SPDX-License-Identifier: Apache-2.0
// honest: product of matrices, 4 x 4 elements a thread
// task: matmul
#pragma cupel launch matmul<<<dim3(ceil(N / 32), ceil(M / 32)), dim3(8, 8)>>>(a, b, c)

extern "C" __global__ void matmul(const float* a, const float* b, float* c) {
    const long long i = blockIdx.y * 32LL + threadIdx.y * 4, j = blockIdx.x * 32LL + threadIdx.x * 4;
    float sum[4][4] = {};
    for (long long k = 0; k < K; k++) {
        float left[4], right[4];
        for (int u = 0; u < 4; u++) left[u] = i + u < M ? a[(i + u) * K + k] : 0.0f;
        for (int v = 0; v < 4; v++) right[v] = j + v < N ? b[k * N + j + v] : 0.0f;
        for (int u = 0; u < 4; u++)
            for (int v = 0; v < 4; v++) sum[u][v] += left[u] * right[v];
    }
    for (int u = 0; u < 4; u++)
        for (int v = 0; v < 4; v++)
            if (i + u < M && j + v < N) c[(i + u) * N + j + v] = sum[u][v];
}
