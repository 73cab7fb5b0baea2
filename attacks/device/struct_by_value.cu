// SPDX-License-Identifier: Apache-2.0
// honest: an accumulator with padding, taken and returned by value by a function that is not inlined
// task: sum_rows
#pragma cupel launch sum_row<<<M, 32>>>(x, y)

struct Sums {
    float sum;
    float carry;
    int count;  // four bytes of padding follow
    double recent[3];
};

__device__ __noinline__ Sums add(Sums sums, const float* row, int column) {
    const float term = row[column] - sums.carry;
    const float next = sums.sum + term;
    sums.carry = (next - sums.sum) - term;
    sums.sum = next;
    sums.recent[sums.count++ % 3] = row[column];
    return sums;
}

extern "C" __global__ void sum_row(const float* x, float* y) {
    Sums sums = {};
    for (long long n = threadIdx.x; n < N; n += 32) sums = add(sums, x + blockIdx.x * N, (int)n);
    float sum = sums.sum;
    for (int by = 16; by > 0; by /= 2) sum += __shfl_down_sync(~0u, sum, by);
    if (threadIdx.x == 0) y[blockIdx.x] = sum;
}
