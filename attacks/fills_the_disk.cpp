// SPDX-License-Identifier: Apache-2.0
// attack: compiles to an object of two gigabytes
// task: softmax
// set: B=256 N=1024
// expect: compile_error
// reason: larger than|too large|memory|the compiler failed
// twin: honest_rows.cpp
#include "task.hpp"

char filler[2047l << 20] = {1};

extern "C" void kernel(const float* x, float* y) {
  y[0] = x[0] + filler[sizeof filler - 1];
}
