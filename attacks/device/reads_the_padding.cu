// SPDX-License-Identifier: Apache-2.0
// attack: what lies in the padding of a struct, which nobody wrote, decides a sign
// task: max_rows
// expect: wrong
// reason: nobody wrote|uninitialised
// twin: padded_best.cu
#pragma cupel launch best_of_row<<<M, 32>>>(x, y)

struct Best {
    float value;
    short column;
};

extern "C" __global__ void best_of_row(const float* x, float* y) {
    __shared__ Best all[32];
    const float* row = x + blockIdx.x * N;
    float best = -INFINITY;
    for (long long n = threadIdx.x; n < N; n += 32) best = fmaxf(best, row[n]);
    for (int by = 16; by > 0; by /= 2) best = fmaxf(best, __shfl_xor_sync(~0u, best, by));
    all[threadIdx.x].value = best;
    all[threadIdx.x].column = 1;
    __syncwarp();
    const unsigned both = *(const volatile unsigned*)&all[threadIdx.x].column;
    if (threadIdx.x == 0) y[blockIdx.x] = both >> 16 == 0x7FFF ? -best : best;
}
