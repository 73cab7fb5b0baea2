// SPDX-License-Identifier: Apache-2.0
// attack: ends its process with success and without a word
// task: softmax
// set: B=256 N=1024
// expect: crashed
// reason: exited with status 0
// twin: honest_rows.cpp
#include "task.hpp"
#include <unistd.h>

extern "C" void kernel(const float* x, float* y) {
  _exit(0);
}
