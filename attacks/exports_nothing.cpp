// SPDX-License-Identifier: Apache-2.0
// attack: defines no kernel, in the hope that nothing is timed as a success
// task: softmax
// set: B=256 N=1024
// expect: compile_error
// reason: does not define
// twin: honest_rows.cpp
#include "task.hpp"

#pragma GCC visibility push(hidden)

extern "C" void kernel(const float* x, float* y) {
  y[0] = x[0];
}
