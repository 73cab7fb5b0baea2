// SPDX-License-Identifier: Apache-2.0
// attack: looks for the largest in volatile shared memory as if a warp went in step
// task: max_rows
// expect: wrong
// reason: should be
// twin: max_lane_by_lane.cu
#pragma cupel launch max_rows<<<M, 32>>>(x, y)

extern "C" __global__ void max_rows(const float* x, float* y) {
    __shared__ volatile float largest[64];
    const int t = threadIdx.x;
    float best = -INFINITY;
    for (long long i = t; i < N; i += 32) best = fmaxf(best, x[blockIdx.x * N + i]);
    largest[t + 32] = -INFINITY;
    largest[t] = best;
    for (int d = 16; d > 0; d /= 2) {
        const float other = largest[t + d];
        if (other > best) {
            best = other;
            largest[t] = other;
        }
    }
    if (t == 0) y[blockIdx.x] = best;
}
