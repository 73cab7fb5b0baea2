// SPDX-License-Identifier: Apache-2.0
// attack: fills a tile of 1024 again while others read it, where rows have a second one
// task: sum_rows
// expect: wrong
// reason: shared race
// twin: tree_sum.cu
#pragma cupel launch rows<<<M, 256>>>(x, y)

extern "C" __global__ void rows(const float* x, float* y) {
    __shared__ float tile[1024];
    __shared__ float part[256];
    const int thread = threadIdx.x;
    const long long at = 1LL * N * blockIdx.x;
    float sum = 0;
    for (long long begin = 0; begin < N; begin += 1024) {
        for (int i = thread; i < 1024; i += 256) tile[i] = begin + i < N ? x[at + begin + i] : 0;
        __syncthreads();
        for (int i = 0; i < 4; i++) sum += tile[4 * thread + i];
    }
    part[thread] = sum;
    __syncthreads();
    for (int step = 128; step > 0; step /= 2) {
        if (thread < step) part[thread] += part[thread + step];
        __syncthreads();
    }
    if (thread == 0) y[blockIdx.x] = part[0];
}
