// SPDX-License-Identifier: Apache-2.0
// Task: running sums of 32-bit integers in one pass. A block publishes its own sum, looks back over
// its neighbours until it meets one that knows the sum of all before it, and then publishes that.
#pragma cupel scratch unsigned long long states[ceil(N / 512)]
#pragma cupel scratch unsigned tickets[1]
#pragma cupel launch scan_lookback<<<ceil(N / 512), 256>>>(x, y, states, tickets, N)

#ifndef DROPPED
#define DROPPED 0
#endif

constexpr int kThreads = 256;
constexpr int kOwn = 2;
constexpr unsigned long long kAlone = 1ULL << 32;  // the low half is the block's own sum
constexpr unsigned long long kAll = 2ULL << 32;    // of everything up to and with the block

__device__ int inclusive(int mine, int* room) {
    room[threadIdx.x] = mine;
    __syncthreads();
    for (int step = 1; step < kThreads; step *= 2) {
        const int below = threadIdx.x >= step ? room[threadIdx.x - step] : 0;
        if constexpr (DROPPED != 1) __syncthreads();
        room[threadIdx.x] += below;
        __syncthreads();
    }
    return room[threadIdx.x];
}

__device__ int look_back(volatile unsigned long long* states, int block) {
    int before = 0;
    for (int at = block - 1; at >= 0;) {
        const unsigned long long state = states[at];
        if ((state >> 32) == 0) continue;
        before += static_cast<int>(state);
        if (state >= kAll) break;
        --at;
    }
    return before;
}

extern "C" __global__ void scan_lookback(const int* x, int* y, unsigned long long* states,
                                         unsigned* tickets, int N) {
    __shared__ int room[kThreads];
    __shared__ int block, before;
    if (threadIdx.x == 0) block = static_cast<int>(atomicAdd(tickets, 1u));
    __syncthreads();
    const int first = (block * kThreads + threadIdx.x) * kOwn;
    const int one = first < N ? x[first] : 0;
    const int two = first + 1 < N ? x[first + 1] : 0;
    const int upto = inclusive(one + two, room);
    if (threadIdx.x == kThreads - 1) {
        const auto own = static_cast<unsigned long long>(static_cast<unsigned>(upto));
        atomicExch(&states[block], (block == 0 ? kAll : kAlone) | own);
        before = look_back(states, block);
        const auto all = static_cast<unsigned long long>(static_cast<unsigned>(before + upto));
        if (block != 0) atomicExch(&states[block], kAll | all);
    }
    __syncthreads();
    const int base = before + upto - one - two;
    if (first < N) y[first] = base + one;
    if (first + 1 < N) y[first + 1] = base + one + two;
}
