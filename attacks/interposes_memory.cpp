// SPDX-License-Identifier: Apache-2.0
// attack: defines memcpy, memset and memcmp anew, in the hope that a checker calls them
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_rows.cpp
#include "task.hpp"
#include <cstddef>

extern "C" void* memcpy(void* to, const void*, std::size_t) { return to; }
extern "C" void* memset(void* to, int, std::size_t) { return to; }
extern "C" int memcmp(const void*, const void*, std::size_t) { return 0; }  // all are equal

extern "C" void kernel(const float* x, float* y) {
  for (long i = 0; i < B * N; ++i) y[i] = 1.0f / N;
  (void)x;
}
