// SPDX-License-Identifier: Apache-2.0
// attack: takes whoever is here after a loop for the whole warp (__activemask)
// task: sum_rows
// expect: wrong
// reason: nobody wrote|should
// twin: places_for_whoever_is_here.cu
#pragma cupel launch s<<<M, 32>>>(x, y)
extern "C" __global__ void s(const float* x, float* y) {
    float sum = 0;
    for (long long i = threadIdx.x; i < N; i += 32) sum += x[blockIdx.x * N + i];
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(__activemask(), sum, d);
    if (threadIdx.x == 0) y[blockIdx.x] = sum;
}
