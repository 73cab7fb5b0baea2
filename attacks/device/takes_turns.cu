// SPDX-License-Identifier: Apache-2.0
// honest: blocks add to a row one after the other, told by a volatile count whose turn it is
// task: sum_rows
#pragma cupel scratch float total[M]
#pragma cupel scratch unsigned turn[M]
#pragma cupel launch clear<<<ceil(M / 64), 64>>>(total, turn)
#pragma cupel launch add<<<dim3(3, M), 64>>>(x, total, turn, y)

extern "C" __global__ void clear(float* total, unsigned* turn) {
    const long long i = blockIdx.x * 64LL + threadIdx.x;
    if (i < M) total[i] = 0;
    if (i < M) turn[i] = 0;
}

extern "C" __global__ void add(const float* x, volatile float* total, volatile unsigned* turn, float* y) {
    __shared__ float half_sum;
    const long long row = blockIdx.y;
    float sum = 0;
    for (long long i = blockIdx.x * 64LL + threadIdx.x; i < N; i += 192) sum += x[row * N + i];
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    if (threadIdx.x == 32) half_sum = sum;
    __syncthreads();
    if (threadIdx.x != 0) return;
    while (turn[row] != blockIdx.x) {}
    __threadfence();
    total[row] = total[row] + sum + half_sum;
    if (blockIdx.x == 2) y[row] = total[row];
    __threadfence();
    turn[row] = blockIdx.x + 1;
}
