// SPDX-License-Identifier: Apache-2.0
// attack: ends while its shared memory is still copied from
// task: softmax
// expect: wrong
// reason: has not waited
// twin: bulk_softmax.cu
#pragma cupel launch softmax<<<B, 256, 4 * N>>>(x, y)
#include <cstdint>

__device__ uint32_t place_of(const void* p) { return (uint32_t)__cvta_generic_to_shared(p); }
__device__ bool elected() {
    uint32_t is = 0;
    asm volatile("{\n .reg .pred p;\n elect.sync _|p, 0xffffffff;\n selp.u32 %0, 1, 0, p;\n}" : "=r"(is));
    return is != 0;
}

template <class Op>
__device__ float together(float v, float* part, Op op) {
    for (int d = 16; d > 0; d /= 2) v = op(v, __shfl_xor_sync(~0u, v, d));
    __syncthreads();
    if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = v;
    __syncthreads();
    v = part[0];
    for (int w = 1; w < 8; w++) v = op(v, part[w]);
    return v;
}

extern "C" __global__ void softmax(const float* x, float* y) {
    extern __shared__ __align__(16) float row[];
    __shared__ alignas(8) uint64_t bar;
    __shared__ float part[8];
    const float* from = x + blockIdx.x * N;
    float* to = y + blockIdx.x * N;
    constexpr bool kWhole = N % 4 == 0;  // every row begins at a multiple of 16 bytes
    if constexpr (kWhole) {
        if (threadIdx.x == 0) {
            asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(place_of(&bar)) : "memory");
            asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
        }
        __syncthreads();
        if (threadIdx.x < 32 && elected()) {
            asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(place_of(&bar)), "r"((uint32_t)(4 * N)) : "memory");
            asm volatile("cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(place_of(row)), "l"(from), "r"((uint32_t)(4 * N)), "r"(place_of(&bar)) : "memory");
        }
        asm volatile(
            "{\n .reg .pred p;\nAGAIN:\n mbarrier.try_wait.parity.shared::cta.b64 p, [%0], 0;\n @p bra DONE;\n bra AGAIN;\nDONE:\n}" ::"r"(place_of(&bar)) : "memory");
    } else {
        for (long long i = threadIdx.x; i < N; i += 256) row[i] = from[i];  // each thread reads its own
    }
    float top = -INFINITY;
    for (long long i = threadIdx.x; i < N; i += 256) top = fmaxf(top, row[i]);
    top = together(top, part, [](float a, float b) { return fmaxf(a, b); });
    float sum = 0;
    for (long long i = threadIdx.x; i < N; i += 256) {
        row[i] = expf(row[i] - top);
        sum += row[i];
    }
    sum = together(sum, part, [](float a, float b) { return a + b; });
    for (long long i = threadIdx.x; i < N; i += 256) row[i] /= sum;
    if constexpr (kWhole) {
        asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
        __syncthreads();
        if (threadIdx.x < 32 && elected()) {
            asm volatile("cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], %2;" ::"l"(to), "r"(place_of(row)), "r"((uint32_t)(4 * N)) : "memory");
            asm volatile("cp.async.bulk.commit_group;" ::: "memory");
        }
    } else {
        for (long long i = threadIdx.x; i < N; i += 256) to[i] = row[i];
    }
}
