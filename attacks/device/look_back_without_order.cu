// SPDX-License-Identifier: Apache-2.0
// attack: reads what its neighbours publish without any order
// task: cumsum
// expect: wrong
// reason: race
// twin: look_back.cu
#pragma cupel scratch unsigned long long states[M * ceil(N / 64)]
#pragma cupel launch clear<<<ceil(M * ceil(N / 64) / 128), 128>>>(states)
#pragma cupel launch scan<<<dim3(ceil(N / 64), M), 64>>>(x, y, states)

constexpr long long kParts = (N + 63) / 64;
constexpr unsigned kAlone = 1, kAll = 2;  // the sum of the block, or of everything up to it

extern "C" __global__ void clear(unsigned long long* states) {
    const long long i = blockIdx.x * 128LL + threadIdx.x;
    if (i < M * kParts) states[i] = 0;
}

__device__ void publish(unsigned long long* state, unsigned kind, float sum) {
    atomicExch(state, (unsigned long long)kind << 32 | __float_as_uint(sum));
}

extern "C" __global__ void scan(const float* x, float* y, unsigned long long* states) {
    __shared__ float half_sum, before;
    const int lane = threadIdx.x % 32;
    const long long at = blockIdx.y * N, i = blockIdx.x * 64LL + threadIdx.x;
    float sum = i < N ? x[at + i] : 0.0f;
    for (int d = 1; d < 32; d *= 2) {
        const float below = __shfl_up_sync(0xffffffffu, sum, d);
        if (lane >= d) sum += below;
    }
    if (threadIdx.x == 31) half_sum = sum;
    __syncthreads();
    if (threadIdx.x >= 32) sum += half_sum;
    if (threadIdx.x == 63) {
        unsigned long long* const mine = states + blockIdx.y * kParts + blockIdx.x;
        float known = 0;
        publish(mine, blockIdx.x == 0 ? kAll : kAlone, sum);
        for (long long back = 1; back <= blockIdx.x;) {
            const unsigned long long state = __ldcg(mine - back);
            if (state >> 32 == 0) continue;
            known += __uint_as_float((unsigned)state);
            if (state >> 32 == kAll) break;
            back++;
        }
        if (blockIdx.x != 0) publish(mine, kAll, known + sum);
        before = known;
    }
    __syncthreads();
    if (i < N) y[at + i] = before + sum;
}
