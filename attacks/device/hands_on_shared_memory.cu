// SPDX-License-Identifier: Apache-2.0
// attack: hands the address of shared memory on to the next launch
// task: sum_rows
// expect: crashed|wrong
// reason: out of bounds|nobody wrote
// twin: atomic_sum.cu
#pragma cupel scratch unsigned long long where[M]
#pragma cupel launch a<<<M, 32>>>(x, where)
#pragma cupel launch b<<<M, 32>>>(where, y)
extern "C" __global__ void a(const float* x, unsigned long long* where) {
    __shared__ float s[32];
    float sum = 0;
    for (long long i = threadIdx.x; i < N; i += 32) sum += x[blockIdx.x * N + i];
    s[threadIdx.x] = sum;
    __syncwarp();
    if (threadIdx.x == 0) where[blockIdx.x] = (unsigned long long)(volatile float*)s;
}
extern "C" __global__ void b(const unsigned long long* where, float* y) {
    __shared__ float s[32];
    if (threadIdx.x == 40) s[3] = 1;
    const float* p = (const float*)where[blockIdx.x];
    float sum = p[threadIdx.x];
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    if (threadIdx.x == 0) y[blockIdx.x] = sum + (s == nullptr ? s[3] : 0);
}
