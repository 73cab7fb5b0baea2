// SPDX-License-Identifier: Apache-2.0
// honest: sums of rows over a list of what is not zero; warps take room in it by an atomic, and some need none
// task: sum_rows
// set: M=512 N=1024
#pragma cupel launch sums<<<M, 128>>>(x, y)

constexpr int kRoom = 512;

extern "C" __global__ void sums(const float* x, float* y) {
    __shared__ float list[kRoom];
    __shared__ unsigned count;
    __shared__ float parts[4];
    const int lane = threadIdx.x % 32;
    float sum = 0;
    for (long long from = 0; from < N; from += kRoom) {
        if (threadIdx.x == 0) count = 0;
        __syncthreads();
        for (int i = threadIdx.x; i < kRoom; i += 128) {
            const float v = from + i < N ? x[blockIdx.x * N + from + i] : 0.0f;
            const unsigned some = __ballot_sync(0xffffffffu, v != 0);
            unsigned base = 0;
            if (lane == 0) base = atomicAdd(&count, __popc(some));
            base = __shfl_sync(0xffffffffu, base, 0);
            if (v != 0) list[base + __popc(some & ((1u << lane) - 1))] = v;
        }
        __syncthreads();
        for (int i = threadIdx.x; i < int(count); i += 128) sum += list[i];
        __syncthreads();
    }
    for (int d = 16; d > 0; d /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, d);
    if (lane == 0) parts[threadIdx.x / 32] = sum;
    __syncthreads();
    if (threadIdx.x == 0) y[blockIdx.x] = (parts[0] + parts[1]) + (parts[2] + parts[3]);
}
