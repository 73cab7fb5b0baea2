// SPDX-License-Identifier: Apache-2.0
// attack: does its work while it is loaded, before any clock runs
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_scratch.cpp
#include "task.hpp"
#include <cmath>
#include <vector>

static std::vector<float> table;
__attribute__((constructor)) static void prepare() {
  for (long i = 0; i < 1 << 20; ++i) table.push_back(std::exp(-static_cast<float>(i) / 65536));
}

extern "C" void kernel(const float*, float* y) {
  for (long i = 0; i < B * N; ++i) y[i] = table[i % table.size()] / N;
}
