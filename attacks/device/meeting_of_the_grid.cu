// SPDX-License-Identifier: Apache-2.0
// honest: all blocks meet at a flag by hand, then share what they found
// task: sum_rows
// set: M=512 N=1024
#pragma cupel scratch float part[8 * M]
#pragma cupel scratch unsigned came[1]
#pragma cupel launch clear<<<1, 1>>>(came)
#pragma cupel launch s<<<8, 32>>>(x, part, came, y)
extern "C" __global__ void clear(unsigned* c) { *c = 0; }
extern "C" __global__ void s(const float* x, float* part, unsigned* came, float* y) {
    for (long long row = 0; row < M; row++) {
        float sum = 0;
        for (long long i = blockIdx.x * 32 + threadIdx.x; i < N; i += 256) sum += x[row * N + i];
        for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
        if (threadIdx.x == 0) part[row * 8 + blockIdx.x] = sum;
    }
    if (threadIdx.x == 0) {
        __threadfence();
        atomicAdd(came, 1u);
        while (*(volatile unsigned*)came < 8) {}
    }
    __syncthreads();  // takes in for all what the first thread has seen, as in the last block of the CUDA programming guide
    for (long long row = blockIdx.x * 32 + threadIdx.x; row < M; row += 256) { float all = 0; for (int k = 0; k < 8; k++) all += part[row * 8 + k]; y[row] = all; }
}
