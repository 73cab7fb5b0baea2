// SPDX-License-Identifier: Apache-2.0
// attack: includes a file of the machine that compiles it
// task: softmax
// set: B=256 N=1024
// expect: compile_error
// reason: No such file|file not found
// twin: honest_rows.cpp
#include "task.hpp"

#include "/etc/passwd"

extern "C" void kernel(const float* x, float* y) {
  y[0] = x[0];
}
