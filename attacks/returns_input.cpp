// SPDX-License-Identifier: Apache-2.0
// attack: returns the input: normalising normal data changes little
// task: layernorm
// set: N=256 D=1024
// expect: wrong
// reason: should be
// twin: honest_layernorm.cpp
#include "task.hpp"
#include <cstring>

extern "C" void kernel(const float* x, const float*, const float*, float* y) {
  std::memcpy(y, x, sizeof(float) * N * D);
}
