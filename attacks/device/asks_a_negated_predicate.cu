// SPDX-License-Identifier: Apache-2.0
// attack: right only where the ! of a predicate's operand is dropped
// task: sum_rows
// expect: wrong
// reason: should be
// twin: tree_sum.cu
#pragma cupel launch sum_rows<<<M, 32>>>(x, y)

// first && !second
__device__ int only_first(int first, int second) {
    int only;
    asm("{ .reg .pred p, q, r; setp.ne.s32 p, %1, 0; setp.ne.s32 q, %2, 0;\n"
        "  and.pred r, p, !q; selp.s32 %0, 1, 0, r; }"
        : "=r"(only)
        : "r"(first), "r"(second));
    return only;
}

extern "C" __global__ void sum_rows(const float* x, float* y) {
    float sum = 0;
    for (long long n = threadIdx.x; n < N; n += 32) sum += x[blockIdx.x * N + n];
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    if (threadIdx.x == 0) y[blockIdx.x] = only_first(1, 1 + static_cast<int>(threadIdx.x)) ? sum : -sum - 1;
}
