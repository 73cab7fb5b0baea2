// SPDX-License-Identifier: Apache-2.0
// honest: sums of rows, beside kernels of clusters, pointers and recursion that nobody launches
// task: sum_rows
// set: M=24 N=300
#pragma cupel scratch unsigned long long int counts[M]
#pragma cupel launch count<<<M, 1>>>(counts)
#pragma cupel launch sum_rows<<<ceil(M / 32), 32>>>(x, counts, y)

extern "C" __global__ void count(unsigned long long* counts) { counts[blockIdx.x] = N; }

extern "C" __global__ void sum_rows(const float* x, const unsigned long long* counts, float* y) {
    const long long row = blockIdx.x * 32 + threadIdx.x;
    if (row >= M) return;
    auto fold = [&](float sum, auto op) {
        for (long long n = 0; n < counts[row]; n++) sum = op(sum, x[row * N + n]);
        return sum;
    };
    y[row] = fold(0.0f, [](float a, float b) { return a + b; });
}

__global__ void __cluster_dims__(2, 1, 1) of_clusters(float* p) { p[threadIdx.x] = 0; }

__device__ float one_more(float a) { return a + 1; }
__device__ float twice(float a) { return a * 2; }
__global__ void by_pointer(float* p, int k) {
    float (*const functions[2])(float) = {one_more, twice};
    p[threadIdx.x] = functions[k](p[threadIdx.x]);
}

struct Shape {
    __device__ virtual float area(float a) = 0;
};
struct Square : Shape {
    __device__ float area(float a) override { return a * a; }
};
__global__ void by_virtual(float* p, Shape* shape) {
    Square square;
    p[0] = square.area(p[0]) + shape->area(p[1]);
}

__device__ __noinline__ int fib(int n) { return n < 2 ? 1 : fib(n - 1) + fib(n - 2); }
__global__ void by_recursion(int* p) { *p = fib(*p); }
