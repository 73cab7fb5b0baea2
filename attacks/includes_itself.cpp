// SPDX-License-Identifier: Apache-2.0
// attack: includes itself for ever
// task: softmax
// set: B=256 N=1024
// expect: compile_error
// reason: nested
// twin: honest_rows.cpp
#include "task.hpp"

#include __FILE__

extern "C" void kernel(const float* x, float* y) {
  y[0] = x[0];
}
