// SPDX-License-Identifier: Apache-2.0
// attack: one thread a column, which fits a block at the sizes that are emulated and not at the task's own
// task: sum_rows
// expect: compile_error
// reason: expected 1 to 1024
// twin: kahan_sum.cu
#pragma cupel launch sum_rows<<<M, N>>>(x, y)

extern "C" __global__ void sum_rows(const float* x, float* y) {
  __shared__ double total;
  if (threadIdx.x == 0) total = 0;
  __syncthreads();
  atomicAdd(&total, static_cast<double>(x[static_cast<long long>(blockIdx.x) * N + threadIdx.x]));
  __syncthreads();
  if (threadIdx.x == 0) y[blockIdx.x] = static_cast<float>(total);
}
