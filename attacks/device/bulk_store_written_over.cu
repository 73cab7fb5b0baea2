// SPDX-License-Identifier: Apache-2.0
// attack: fills a tile again from which a bulk copy still stores
// task: bias_gelu
// expect: wrong
// reason: was changed before|has not waited
// twin: bulk_of_the_library.cu
#pragma cupel launch activate<<<M, 128>>>(x, b, y)
#include <cooperative_groups.h>
#include <cuda/barrier>
#include <cuda/ptx>
namespace cde = cuda::device::experimental;
using Barrier = cuda::barrier<cuda::thread_scope_block>;
constexpr int T = 512;

extern "C" __global__ void activate(const float* x, const float* b, float* y) {
    __shared__ alignas(16) float tile[T];
    __shared__ Barrier bar;
    if (threadIdx.x == 0) {
        init(&bar, blockDim.x);
        cuda::ptx::fence_mbarrier_init(cuda::ptx::sem_release, cuda::ptx::scope_cluster);
    }
    __syncthreads();
    const long long first = blockIdx.x * N;
    for (long long at = 0; at < N; at += T) {
        const long long count = min((long long)T, N - at);
        const bool whole = (first + at) % 4 == 0 && count % 4 == 0;
        if (whole) {
            Barrier::arrival_token token;
            if (threadIdx.x == 0) {
                cde::cp_async_bulk_global_to_shared(tile, x + first + at, count * 4, bar);
                token = cuda::device::barrier_arrive_tx(bar, 1, count * 4);
            } else {
                token = bar.arrive();
            }
            bar.wait(std::move(token));
        } else {
            for (long long i = threadIdx.x; i < count; i += 128) tile[i] = x[first + at + i];  // its own
        }
        for (long long i = threadIdx.x; i < count; i += 128) {
            const float v = tile[i] + b[at + i];
            tile[i] = 0.5f * v * (1 + erff(v * 0.70710678118654752f));
        }
        cde::fence_proxy_async_shared_cta();
        __syncthreads();
        if (whole && threadIdx.x == 0) {
            cde::cp_async_bulk_shared_to_global(y + first + at, tile, count * 4);
            cde::cp_async_bulk_commit_group();
            if (at + T >= N) cde::cp_async_bulk_wait_group_read<0>();
        }
        for (long long i = threadIdx.x; i < count && !whole; i += 128) y[first + at + i] = tile[i];
        __syncthreads();
    }
}
