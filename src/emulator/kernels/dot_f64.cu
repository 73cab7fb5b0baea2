// SPDX-License-Identifier: Apache-2.0
// Task: the dot product in f64, from a template over type and threads; partial sums, then their sum.
#pragma cupel scratch double partial[32]
#pragma cupel launch dot_partial<<<32, 128>>>(a, b, partial, N)
#pragma cupel launch dot_final<<<1, 32>>>(partial, y)

template <class Real, int threads>
__device__ Real block_sum(Real mine) {
    __shared__ Real room[threads];
    room[threadIdx.x] = mine;
    __syncthreads();
#pragma unroll
    for (int step = threads / 2; step > 0; step /= 2) {
        if (threadIdx.x < step) room[threadIdx.x] += room[threadIdx.x + step];
        __syncthreads();
    }
    return room[0];
}

extern "C" __global__ void dot_partial(const double* a, const double* b, double* partial, int N) {
    double sum = 0;
    for (int i = blockIdx.x * 128 + threadIdx.x; i < N; i += gridDim.x * 128) sum += a[i] * b[i];
    sum = block_sum<double, 128>(sum);
    if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

extern "C" __global__ void dot_final(const double* partial, double* y) {
    const double sum = block_sum<double, 32>(partial[threadIdx.x]);
    if (threadIdx.x == 0) *y = sum;
}
