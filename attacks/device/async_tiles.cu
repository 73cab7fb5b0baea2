// SPDX-License-Identifier: Apache-2.0
// honest: product of matrices, tiles fetched by asynchronous copies, two stages
// task: matmul
#pragma cupel launch matmul<<<dim3(ceil(N / 16), ceil(M / 16)), dim3(16, 16)>>>(a, b, c)

__device__ void fetch(float* to, const float* from, bool there) {
    const unsigned place = (unsigned)__cvta_generic_to_shared(to);
    const int bytes = there ? 4 : 0;  // the rest is filled with zeros
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(place), "l"(from), "r"(bytes) : "memory");
}

extern "C" __global__ void matmul(const float* a, const float* b, float* c) {
    __shared__ float as[2][16][16], bs[2][16][16];
    const int tx = threadIdx.x, ty = threadIdx.y;
    const long long i = blockIdx.y * 16LL + ty, j = blockIdx.x * 16LL + tx;
    const auto stage = [&](long long k, int into) {
        const bool left = i < M && k + tx < K, right = k + ty < K && j < N;
        fetch(&as[into][ty][tx], left ? a + i * K + k + tx : a, left);
        fetch(&bs[into][ty][tx], right ? b + (k + ty) * N + j : b, right);
        asm volatile("cp.async.commit_group;" ::: "memory");
    };
    float sum = 0;
    stage(0, 0);
    int now = 0;
    for (long long k = 0; k < K; k += 16) {
        if (k + 16 < K) {
            stage(k + 16, 1 - now);
            asm volatile("cp.async.wait_group 1;" ::: "memory");
        } else {
            asm volatile("cp.async.wait_group 0;" ::: "memory");
        }
        __syncthreads();
        for (int l = 0; l < 16; l++) sum += as[now][ty][l] * bs[now][l][tx];
        __syncthreads();
        now = 1 - now;
    }
    if (i < M && j < N) c[i * N + j] = sum;
}
