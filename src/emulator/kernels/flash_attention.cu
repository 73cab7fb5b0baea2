// SPDX-License-Identifier: Apache-2.0
// Task: attention, o = softmax(q k^T / sqrt(D)) v for each head, D = 64, keys in chunks of 32, never
// the whole matrix of scores. A warp has 4 queries; lanes are keys while scoring, columns while summing.
#pragma cupel launch flash_attention<<<dim3(S / 16, H), 128>>>(q, k, v, o, S)

constexpr int kWidth = 64;
constexpr int kKeys = 32;
constexpr int kQueries = 4;

__device__ float all_max(float v) {
    for (int step = 16; step > 0; step /= 2) v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, step));
    return v;
}
__device__ float all_sum(float v) {
    for (int step = 16; step > 0; step /= 2) v += __shfl_xor_sync(0xffffffffu, v, step);
    return v;
}

extern "C" __global__ void flash_attention(const float* q, const float* k, const float* v, float* o,
                                           int S) {
    __shared__ float queries[4 * kQueries][kWidth];
    __shared__ float keys[kKeys][kWidth + 1];
    __shared__ float values[kKeys][kWidth];
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const int head = blockIdx.y * S * kWidth;
    const int first = blockIdx.x * 4 * kQueries;
    for (int i = threadIdx.x; i < 4 * kQueries * kWidth; i += blockDim.x)
        queries[i / kWidth][i % kWidth] = q[head + first * kWidth + i] * 0.125f;
    float most[kQueries], total[kQueries], out[kQueries][2] = {};
    for (int i = 0; i < kQueries; ++i) {
        most[i] = -INFINITY;
        total[i] = 0;
    }
    for (int chunk = 0; chunk < S; chunk += kKeys) {
        __syncthreads();
        for (int i = threadIdx.x; i < kKeys * kWidth; i += blockDim.x) {
            keys[i / kWidth][i % kWidth] = k[head + chunk * kWidth + i];
            values[i / kWidth][i % kWidth] = v[head + chunk * kWidth + i];
        }
        __syncthreads();
#pragma unroll
        for (int i = 0; i < kQueries; ++i) {
            float score = 0;
            for (int d = 0; d < kWidth; ++d) score += queries[warp * kQueries + i][d] * keys[lane][d];
            const float now = fmaxf(most[i], all_max(score));
            const float shrink = __expf(most[i] - now);
            const float weight = __expf(score - now);
            total[i] = total[i] * shrink + all_sum(weight);
            most[i] = now;
            out[i][0] *= shrink;
            out[i][1] *= shrink;
            for (int key = 0; key < kKeys; ++key) {
                const float w = __shfl_sync(0xffffffffu, weight, key);
                out[i][0] += w * values[key][lane];
                out[i][1] += w * values[key][lane + 32];
            }
        }
    }
    for (int i = 0; i < kQueries; ++i) {
        float* to = o + head + (first + warp * kQueries + i) * kWidth;
        to[lane] = out[i][0] / total[i];
        to[lane + 32] = out[i][1] / total[i];
    }
}
