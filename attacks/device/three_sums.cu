// SPDX-License-Identifier: Apache-2.0
// honest: cosine distance, three sums in one pass
// task: cosine_distance
#pragma cupel launch distance<<<ceil(N / 4), 128>>>(a, b, y)


__device__ float warp_sum(float v) {
    for (int d = 16; d > 0; d /= 2) v += __shfl_xor_sync(0xffffffffu, v, d);
    return v;
}

extern "C" __global__ void distance(const float* a, const float* b, float* y) {
    const long long n = blockIdx.x * 4LL + threadIdx.x / 32;
    const int lane = threadIdx.x % 32;
    if (n >= N) return;
    float ab = 0, aa = 0, bb = 0;
    for (long long i = lane; i < D; i += 32) {
        const float u = a[n * D + i], v = b[n * D + i];
        ab += u * v;
        aa += u * u;
        bb += v * v;
    }
    ab = warp_sum(ab);
    aa = warp_sum(aa);
    bb = warp_sum(bb);
    if (lane == 0) y[n] = 1 - ab / sqrtf(fmaxf(aa * bb, 1e-16f));
}
