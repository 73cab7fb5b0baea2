// SPDX-License-Identifier: Apache-2.0
// honest: running sums, a warp scan carried along the row
// task: cumsum
#pragma cupel launch scan<<<ceil(M / 4), 128>>>(x, y)

extern "C" __global__ void scan(const float* x, float* y) {
    const long long row = blockIdx.x * 4LL + threadIdx.x / 32;
    const int lane = threadIdx.x % 32;
    if (row >= M) return;
    float carry = 0;
    for (long long first = 0; first < N; first += 32) {
        float v = first + lane < N ? x[row * N + first + lane] : 0.0f;
        for (int d = 1; d < 32; d *= 2) {
            const float other = __shfl_up_sync(0xffffffffu, v, d);
            if (lane >= d) v += other;
        }
        v += carry;
        if (first + lane < N) y[row * N + first + lane] = v;
        carry = __shfl_sync(0xffffffffu, v, 31);
    }
}
