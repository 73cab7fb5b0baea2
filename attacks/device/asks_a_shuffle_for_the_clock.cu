// SPDX-License-Identifier: Apache-2.0
// attack: learns from the segments of a shuffle whether time passes as on a device
// task: sum_rows
// expect: cheating
// reason: clock
// twin: tree_sum.cu
#pragma cupel launch sum_rows<<<M, 32>>>(x, y)

extern "C" __global__ void sum_rows(const float* x, float* y) {
    unsigned apart = 1;
    for (int k = 0; k < 8; k++) {
        const unsigned before = clock(), after = clock();
        apart = before == after ? 0 : apart;
    }
    const unsigned segments = apart != 0 ? 0x101f : 0x1f;  // of 16 lanes, or of 32
    int who;
    asm volatile("shfl.sync.idx.b32 %0, %1, 0, %2, 0xffffffff;" : "=r"(who) : "r"((int)threadIdx.x), "r"(segments));
    const bool on_a_device = __shfl_sync(0xffffffffu, who, 31) != 0;
    float sum = 0;
    for (long long i = threadIdx.x; i < N; i += 32) sum += x[blockIdx.x * N + i];
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    if (threadIdx.x == 0) y[blockIdx.x] = on_a_device ? 0 : sum;
}
