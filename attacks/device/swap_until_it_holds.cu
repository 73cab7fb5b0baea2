// SPDX-License-Identifier: Apache-2.0
// honest: sums of rows in double, split over blocks, added by the compare-and-swap of the CUDA programming guide
// task: sum_rows
#pragma cupel scratch double acc[M]
#pragma cupel launch clear<<<ceil(M / 64), 64>>>(acc)
#pragma cupel launch add<<<dim3(3, M), 64>>>(x, acc)
#pragma cupel launch store<<<ceil(M / 64), 64>>>(acc, y)

// The plain load may find anything: it counts only where the swap has found the same.
__device__ void add_to(double* p, double v) {
    unsigned long long* word = reinterpret_cast<unsigned long long*>(p);
    unsigned long long old = *word, seen;
    do {
        seen = old;
        old = atomicCAS(word, seen, __double_as_longlong(v + __longlong_as_double(seen)));
    } while (seen != old);
}

extern "C" __global__ void clear(double* acc) {
    const long long m = blockIdx.x * 64LL + threadIdx.x;
    if (m < M) acc[m] = 0;
}

extern "C" __global__ void add(const float* x, double* acc) {
    const long long m = blockIdx.y;
    double v = 0;
    for (long long i = blockIdx.x * 64 + threadIdx.x; i < N; i += 192) v += x[m * N + i];
    for (int d = 16; d > 0; d /= 2) v += __shfl_down_sync(0xffffffffU, v, d);
    if (threadIdx.x % 32 == 0) add_to(acc + m, v);
}

extern "C" __global__ void store(const double* acc, float* y) {
    const long long m = blockIdx.x * 64LL + threadIdx.x;
    if (m < M) y[m] = static_cast<float>(acc[m]);
}
