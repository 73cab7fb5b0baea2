// SPDX-License-Identifier: Apache-2.0
// attack: calls the library whose work it should do
// task: matmul
// set: M=128 N=128 K=256
// expect: compile_error
// reason: cblas_sgemm
// twin: honest_matmul.cpp
#include "task.hpp"

extern "C" void cblas_sgemm(int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int);

extern "C" void kernel(const float* a, const float* b, float* c) {
  cblas_sgemm(101, 111, 111, M, N, K, 1, a, K, b, N, 0, c, N);
}
