// SPDX-License-Identifier: Apache-2.0
// Task: sums and maxima of rows, with cooperative groups: tiles of 32 within a block, labelled
// partitions for the counts of signs.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#pragma cupel launch reduce_groups<<<B, 192>>>(x, sums, most, negatives, N)

namespace cg = cooperative_groups;

extern "C" __global__ void reduce_groups(const int* x, int* sums, int* most, int* negatives, int N) {
    __shared__ int tile_sums[6], tile_most[6];
    __shared__ int counted;
    const auto block = cg::this_thread_block();
    const auto tile = cg::tiled_partition<32>(block);
    if (block.thread_rank() == 0) counted = 0;
    block.sync();
    int sum = 0, greatest = -2147483647 - 1;
    for (int i = block.thread_rank(); i < N; i += block.size()) {
        const int value = x[blockIdx.x * N + i];
        sum += value;
        greatest = max(greatest, value);
        if (value < 0) {
            const auto active = cg::coalesced_threads();
            if (active.thread_rank() == 0) atomicAdd(&counted, active.size());
        }
    }
    sum = cg::reduce(tile, sum, cg::plus<int>());
    greatest = cg::reduce(tile, greatest, cg::greater<int>());
    if (tile.thread_rank() == 0) {
        tile_sums[tile.meta_group_rank()] = sum;
        tile_most[tile.meta_group_rank()] = greatest;
    }
    block.sync();
    if (block.thread_rank() != 0) return;
    for (unsigned i = 1; i < tile.meta_group_size(); ++i) {
        sum += tile_sums[i];
        greatest = max(greatest, tile_most[i]);
    }
    sums[blockIdx.x] = sum;
    most[blockIdx.x] = greatest;
    negatives[blockIdx.x] = counted;
}
