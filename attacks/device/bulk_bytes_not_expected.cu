// SPDX-License-Identifier: Apache-2.0
// attack: brings more bytes than the mbarrier was told to expect
// task: sum_rows
// expect: wrong
// reason: more bytes
// twin: bulk_rows.cu
#pragma cupel launch sums<<<M, 128>>>(x, y)
#include <cstdint>

constexpr int T = 256;  // floats of a piece

__device__ uint32_t place_of(const void* p) { return (uint32_t)__cvta_generic_to_shared(p); }

__device__ void expect(uint64_t* bar, uint32_t bytes) {
    asm volatile("mbarrier.arrive.expect_tx.release.cta.shared::cta.b64 _, [%0], %1;" ::"r"(place_of(bar)), "r"(bytes) : "memory");
}
__device__ void bring(float* to, const float* from, uint32_t bytes, uint64_t* bar) {
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(place_of(to)), "l"(from), "r"(bytes), "r"(place_of(bar)) : "memory");
}
__device__ void wait(uint64_t* bar, uint32_t parity) {
    asm volatile(
        "{\n .reg .pred p;\nAGAIN:\n mbarrier.try_wait.parity.shared::cta.b64 p, [%0], %1;\n @p bra DONE;\n bra AGAIN;\nDONE:\n}" ::"r"(place_of(bar)), "r"(parity) : "memory");
}

extern "C" __global__ void sums(const float* x, float* y) {
    __shared__ alignas(16) float buffer[2][T];
    __shared__ alignas(8) uint64_t full[2];
    __shared__ float part[4];
    const float* row = x + blockIdx.x * N;
    // What is before and behind whole vectors of 16 bytes is read as ever.
    const long long head = min(N, (long long)((4 - (blockIdx.x * N) % 4) % 4));
    const long long body = (N - head) / 4 * 4;
    const long long pieces = (body + T - 1) / T;
    if (threadIdx.x == 0) {
        asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(place_of(&full[0])) : "memory");
        asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(place_of(&full[1])) : "memory");
        asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
    }
    __syncthreads();
    const auto fetch = [&](long long piece) {
        const uint32_t bytes = 4 * (uint32_t)min((long long)T, body - piece * T);
        expect(&full[piece % 2], 16);
        bring(buffer[piece % 2], row + head + piece * T, bytes, &full[piece % 2]);
    };
    if (threadIdx.x == 0 && pieces > 0) fetch(0);
    float sum = 0;
    for (long long piece = 0; piece < pieces; piece++) {
        if (threadIdx.x == 0 && piece + 1 < pieces) fetch(piece + 1);
        wait(&full[piece % 2], piece / 2 % 2);
        const long long count = min((long long)T, body - piece * T);
        for (long long i = threadIdx.x; i < count; i += 128) sum += buffer[piece % 2][i];
        __syncthreads();
    }
    if (threadIdx.x < head) sum += row[threadIdx.x];
    if (threadIdx.x < N - head - body) sum += row[head + body + threadIdx.x];
    for (int d = 16; d > 0; d /= 2) sum += __shfl_down_sync(~0u, sum, d);
    if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = sum;
    __syncthreads();
    if (threadIdx.x == 0) y[blockIdx.x] = part[0] + part[1] + part[2] + part[3];
}
