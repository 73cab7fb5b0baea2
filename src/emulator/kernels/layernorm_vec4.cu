// SPDX-License-Identifier: Apache-2.0
// Task: layer norm over rows with scale and shift, four elements at a time, one block a row.
#pragma cupel launch layernorm_vec4<<<B, 128>>>(x, scale, shift, y, N)

#ifndef DROPPED
#define DROPPED 0
#endif

__device__ float warp_sum(float v) {
    for (int step = 16; step > 0; step /= 2) v += __shfl_down_sync(0xffffffffu, v, step);
    return v;
}

// The sum over a block of four warps. The room is used again for the next sum, hence two barriers.
__device__ float block_sum(float v, float* room) {
    v = warp_sum(v);
    if (threadIdx.x % 32 == 0) room[threadIdx.x / 32] = v;
    if constexpr (DROPPED != 1) __syncthreads();
    const float sum = room[0] + room[1] + room[2] + room[3];
    if constexpr (DROPPED != 2) __syncthreads();
    return sum;
}

extern "C" __global__ void layernorm_vec4(const float4* x, const float4* scale, const float4* shift,
                                          float4* y, int N) {
    __shared__ float room[4];
    const int words = N / 4;
    const float4* row = x + blockIdx.x * words;
    float sum = 0;
    for (int i = threadIdx.x; i < words; i += blockDim.x)
        sum += (row[i].x + row[i].y) + (row[i].z + row[i].w);
    const float mean = block_sum(sum, room) / N;
    float squares = 0;
    for (int i = threadIdx.x; i < words; i += blockDim.x) {
        const float4 v = row[i];
        const float dx = v.x - mean, dy = v.y - mean, dz = v.z - mean, dw = v.w - mean;
        squares += (dx * dx + dy * dy) + (dz * dz + dw * dw);
    }
    const float factor = 1.0f / sqrtf(block_sum(squares, room) / N + 1e-5f);
    for (int i = threadIdx.x; i < words; i += blockDim.x) {
        const float4 v = row[i], s = scale[i], t = shift[i];
        y[blockIdx.x * words + i] =
            make_float4((v.x - mean) * factor * s.x + t.x, (v.y - mean) * factor * s.y + t.y,
                        (v.z - mean) * factor * s.z + t.z, (v.w - mean) * factor * s.w + t.w);
    }
}
