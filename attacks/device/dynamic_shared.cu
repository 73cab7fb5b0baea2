// SPDX-License-Identifier: Apache-2.0
// honest: two arrays in dynamic shared memory
// task: layernorm
#pragma cupel launch ln <<< N, 128, D * 4 + 128 + 16>>>(x, g, b, y)
extern __shared__ __align__(16) unsigned char pool[];
template <class T>
struct Sum {
    __device__ T operator()(T a, T b) const { return a + b; }
};
template <int W, class T, class Op>
__device__ T block_reduce(T v, T* scratch, T* result, Op op) {
#pragma unroll
    for (int d = 16; d; d >>= 1)
        v = op(v, __shfl_down_sync(0xffffffffu, v, d));
    if ((threadIdx.x & 31) == 0) scratch[threadIdx.x >> 5] = v;
    __syncthreads();
    if (threadIdx.x == 0) {
        T s = scratch[0];
        for (int i = 1; i < W; i++)
            s = op(s, scratch[i]);
        *result = s;
    }
    __syncthreads();
    return *result;
}
extern "C" __global__ void ln(const float* x, const float* g, const float* b, float* y) {
    float* row = reinterpret_cast<float*>(pool);
    float* scratch = row + D;
    float* result = scratch + 32;
    const float* from = x + blockIdx.x * D;
    float s = 0;
    for (int i = threadIdx.x; i < D; i += blockDim.x) {
        const float v = from[i];
        row[i] = v;
        s += v;
    }
    const float mu = block_reduce<4>(s, scratch, result, Sum<float>()) / D;
    float q = 0;
    for (int i = threadIdx.x; i < D; i += blockDim.x) {
        const float v = row[i] - mu;
        row[i] = v;
        q += v * v;
    }
    const float r =
        rsqrtf(block_reduce<4>(q, scratch, result + 1, [](float a, float c) { return a + c; }) / D +
               1e-5f);
    for (int i = threadIdx.x; i < D; i += blockDim.x)
        y[blockIdx.x * D + i] = row[i] * r * g[i] + b[i];
}
