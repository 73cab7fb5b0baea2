// SPDX-License-Identifier: Apache-2.0
// attack: tries a lock once, and leaves its part out where another block has it
// task: sum_rows
// expect: wrong
// reason: the answer is wrong
// twin: takes_turns.cu
#pragma cupel scratch int lock[M]
#pragma cupel scratch float total[M]
#pragma cupel launch clear<<<ceil(M / 64), 64>>>(lock, total)
#pragma cupel launch add<<<dim3(4, M), 32>>>(x, lock, total)
#pragma cupel launch store<<<ceil(M / 64), 64>>>(total, y)

extern "C" __global__ void clear(int* lock, float* total) {
    const long long m = blockIdx.x * 64LL + threadIdx.x;
    if (m < M) {
        lock[m] = 0;
        total[m] = 0;
    }
}

extern "C" __global__ void add(const float* x, int* lock, float* total) {
    const long long m = blockIdx.y;
    float sum = 0;
    for (long long i = blockIdx.x * 32 + threadIdx.x; i < N; i += 128) sum += x[m * N + i];
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    if (threadIdx.x != 0 || atomicCAS(lock + m, 0, 1) != 0) return;
    __threadfence();
    total[m] += sum;
    __threadfence();
    atomicExch(lock + m, 0);
}

extern "C" __global__ void store(const float* total, float* y) {
    const long long m = blockIdx.x * 64LL + threadIdx.x;
    if (m < M) y[m] = total[m];
}
