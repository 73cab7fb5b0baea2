// SPDX-License-Identifier: Apache-2.0
// attack: leaves the epsilon out
// task: rmsnorm
// expect: wrong
// reason: should|rounding|nan
// twin: cooperative_rows.cu
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#pragma cupel launch rms<<<ceil(N / 4), 128>>>(x, g, y)

namespace cg = cooperative_groups;

extern "C" __global__ void rms(const float* x, const float* g, float* y) {
    const auto warp = cg::tiled_partition<32>(cg::this_thread_block());
    const long long row = blockIdx.x * 4LL + warp.meta_group_rank();
    if (row >= N) return;
    float squares = 0;
    for (long long i = warp.thread_rank(); i < D; i += 32) squares += x[row * D + i] * x[row * D + i];
    const float scale = rsqrtf(cg::reduce(warp, squares, cg::plus<float>()) / D);
    for (long long i = warp.thread_rank(); i < D; i += 32) y[row * D + i] = x[row * D + i] * scale * g[i];
}
