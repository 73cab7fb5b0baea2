// SPDX-License-Identifier: Apache-2.0
// honest: sums of rows, one warp loads and one adds, named barriers between
// task: sum_rows
#pragma cupel launch sum_rows<<<M, 64>>>(x, y)

extern "C" __global__ void sum_rows(const float* x, float* y) {
    __shared__ float tile[32];
    const int lane = threadIdx.x % 32;
    const bool loads = threadIdx.x < 32;
    float sum = 0;
    for (long long first = 0; first < N; first += 32) {
        if (loads) {
            tile[lane] = first + lane < N ? x[blockIdx.x * N + first + lane] : 0.0f;
            asm volatile("bar.arrive 1, 64;" ::: "memory");
            asm volatile("bar.sync 2, 64;" ::: "memory");
        } else {
            asm volatile("bar.sync 1, 64;" ::: "memory");
            sum += tile[lane];
            asm volatile("bar.arrive 2, 64;" ::: "memory");
        }
    }
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    if (threadIdx.x == 32) y[blockIdx.x] = sum;
}
