// SPDX-License-Identifier: Apache-2.0
// attack: takes the last of equals for the first
// task: argmax_rows
// expect: wrong
// reason: should
// twin: pair_argmax.cu
#pragma cupel launch argmax<<<ceil(M / 4), 128>>>(x, y)

extern "C" __global__ void argmax(const float* x, long long* y) {
    const long long row = blockIdx.x * 4LL + threadIdx.x / 32;
    const int lane = threadIdx.x % 32;
    if (row >= M) return;
    float most = -INFINITY;
    long long place = N;
    for (long long i = lane; i < N; i += 32) {
        const float v = x[row * N + i];
        if (v >= most || place == N) { most = v; place = i; }
    }
    for (int d = 16; d > 0; d /= 2) {
        const float other = __shfl_xor_sync(0xffffffffu, most, d);
        const long long there = __shfl_xor_sync(0xffffffffu, place, d);
        if (there < N && (place == N || other > most || (other == most && there < place))) { most = other; place = there; }
    }
    if (lane == 0) y[row] = place;
}
