// SPDX-License-Identifier: Apache-2.0
// honest: chunks of a row fetched through cuda::pipeline
// task: sum_rows
#pragma cupel launch k <<< M, 64>>>(x, y)
#include <cooperative_groups.h>
#include <cuda/pipeline>
namespace cg = cooperative_groups;
constexpr int T = 64, S = 2;
extern "C" __global__ void k(const float* x, float* y) {
    __shared__ float buf[S][T];
    __shared__ float part[2];
    __shared__ cuda::pipeline_shared_state<cuda::thread_scope_block, S> state;
    auto block = cg::this_thread_block();
    auto pipe = cuda::make_pipeline(block, &state);
    const long long chunks = (N + T - 1) / T;
    const float* from = x + blockIdx.x * N;
    float s = 0;
    for (long long c = 0, f = 0; c < chunks; c++) {
        for (; f < chunks && f < c + S; f++) {
            pipe.producer_acquire();
            const long long at = f * T + threadIdx.x;
            if (at < N)
                cuda::memcpy_async(&buf[f % S][threadIdx.x], from + at, sizeof(float), pipe);
            else
                buf[f % S][threadIdx.x] = 0;
            pipe.producer_commit();
        }
        pipe.consumer_wait();
        s += buf[c % S][T - 1 - threadIdx.x];
        pipe.consumer_release();
    }
    for (int d = 16; d; d /= 2)
        s += __shfl_down_sync(~0u, s, d);
    if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = s;
    block.sync();
    if (threadIdx.x == 0) y[blockIdx.x] = part[0] + part[1];
}
