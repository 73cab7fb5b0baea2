// SPDX-License-Identifier: Apache-2.0
// attack: begins its maximum at zero
// task: max_rows
// expect: wrong
// reason: should
// twin: ballot_max.cu
#pragma cupel launch largest<<<M, 32>>>(x, y)

extern "C" __global__ void largest(const float* x, float* y) {
    float most = 0;
    for (long long i = threadIdx.x; i < N; i += 32) most = fmaxf(most, x[blockIdx.x * N + i]);
    for (int d = 16; d > 0; d /= 2) most = fmaxf(most, __shfl_down_sync(0xffffffffu, most, d));
    if (threadIdx.x == 0) y[blockIdx.x] = most;
}
