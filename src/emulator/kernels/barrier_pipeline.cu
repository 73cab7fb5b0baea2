// SPDX-License-Identifier: Apache-2.0
// Task: y = 3 x + running maximum within the block's chunk so far. Copies run two stages ahead through
// cuda::barrier and memcpy_async.
#include <cuda/barrier>
#pragma cupel launch barrier_pipeline<<<N / 1024, 128>>>(x, y)

using Barrier = cuda::barrier<cuda::thread_scope_block>;
constexpr int kStage = 256;
constexpr int kStages = 4;

extern "C" __global__ void barrier_pipeline(const float* x, float* y) {
    __shared__ __align__(16) float room[2][kStage];
    __shared__ float most;
#pragma nv_diag_suppress static_var_with_dynamic_init
    __shared__ Barrier ready[2];
    if (threadIdx.x == 0) {
        init(&ready[0], blockDim.x);
        init(&ready[1], blockDim.x);
        most = -INFINITY;
    }
    __syncthreads();
    const float* from = x + blockIdx.x * kStage * kStages;
    float* to = y + blockIdx.x * kStage * kStages;
    const auto fetch = [&](int stage) {
        cuda::memcpy_async(&room[stage % 2][threadIdx.x * 2], from + stage * kStage + threadIdx.x * 2,
                           cuda::aligned_size_t<8>(8), ready[stage % 2]);
    };
    fetch(0);
    for (int stage = 0; stage < kStages; ++stage) {
        if (stage + 1 < kStages) fetch(stage + 1);
        ready[stage % 2].arrive_and_wait();
        if (threadIdx.x == 0)
            for (int i = 0; i < kStage; ++i) most = fmaxf(most, room[stage % 2][i]);
        __syncthreads();
        for (int i = threadIdx.x; i < kStage; i += blockDim.x)
            to[stage * kStage + i] = 3.0f * room[stage % 2][i] + most;
        __syncthreads();
    }
}
