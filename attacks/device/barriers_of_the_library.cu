// SPDX-License-Identifier: Apache-2.0
// honest: a warp brings, another adds, two barriers of the library each way (cuda::barrier)
// task: sum_rows
// set: M=256 N=512
#include <cuda/barrier>
#pragma cupel launch s<<<M, 64>>>(x, y)
extern "C" __global__ void s(const float* x, float* y) {
    using bar = cuda::barrier<cuda::thread_scope_block>;
    __shared__ float buf[2][32];
    __shared__ bar full[2], empty[2];
    if (threadIdx.x == 0) for (int k = 0; k < 2; k++) { init(&full[k], 64); init(&empty[k], 64); }
    __syncthreads();
    const int lane = threadIdx.x % 32;
    float sum = 0;
    int k = 0;
    if (threadIdx.x < 32) {
        for (long long i = 0; i < N; i += 32, k++) {
            if (k >= 2) empty[k % 2].arrive_and_wait();
            buf[k % 2][lane] = i + lane < N ? x[blockIdx.x * N + i + lane] : 0.0f;
            (void)full[k % 2].arrive();
        }
    } else {
        const int steps = int((N + 31) / 32);
        for (int s = 0; s < steps; s++) {
            full[s % 2].arrive_and_wait();
            sum += buf[s % 2][lane];
            if (s + 2 < steps) (void)empty[s % 2].arrive();
        }
        for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
        if (lane == 0) y[blockIdx.x] = sum;
    }
}
