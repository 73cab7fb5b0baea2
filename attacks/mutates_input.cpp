// SPDX-License-Identifier: Apache-2.0
// attack: changes its input, so that a reference run later agrees with zeros
// task: softmax
// set: B=256 N=1024
// expect: crashed
// reason: SIGSEGV
// twin: honest_rows.cpp
#include "task.hpp"
#include <cstring>

extern "C" void kernel(const float* x, float* y) {
  std::memset(const_cast<float*>(x), 0, sizeof(float) * B * N);
  for (long i = 0; i < B * N; ++i) y[i] = 1.0f / N;
}
