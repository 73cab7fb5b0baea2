// SPDX-License-Identifier: Apache-2.0
// attack: attends to half of the keys
// task: attention
// expect: wrong
// reason: should|rounding
// twin: online_attention.cu
#pragma cupel launch attend<<<dim3(S, B), 32>>>(q, k, v, o)

__device__ float warp_max(float v) {
    for (int d = 16; d > 0; d /= 2) v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, d));
    return v;
}
__device__ float warp_sum(float v) {
    for (int d = 16; d > 0; d /= 2) v += __shfl_xor_sync(0xffffffffu, v, d);
    return v;
}

extern "C" __global__ void attend(const float* q, const float* k, const float* v, float* o) {
    const long long i = blockIdx.x, b = blockIdx.y;
    const int lane = threadIdx.x;
    const float* query = q + (b * S + i) * D;
    constexpr int kMine = (D + 31) / 32;
    float mine[kMine] = {};
    float most = -INFINITY, total = 0;
    for (long long j = 0; j < (S + 1) / 2; j++) {
        const float* key = k + (b * S + j) * D;
        float s = 0;
        for (long long d = lane; d < D; d += 32) s += query[d] * key[d];
        s = warp_sum(s) / sqrtf((float)D);
        const float larger = fmaxf(most, s);
        const float old = expf(most - larger), now = expf(s - larger);
        total = total * old + now;
        for (int u = 0; u < kMine; u++) {
            const long long d = lane + 32LL * u;
            if (d < D) mine[u] = mine[u] * old + now * v[(b * S + j) * D + d];
        }
        most = larger;
    }
    for (int u = 0; u < kMine; u++) {
        const long long d = lane + 32LL * u;
        if (d < D) o[(b * S + i) * D + d] = mine[u] / total;
    }
}
