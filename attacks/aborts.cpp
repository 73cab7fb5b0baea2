// SPDX-License-Identifier: Apache-2.0
// attack: ends its process as a failed check would
// task: softmax
// set: B=256 N=1024
// expect: crashed
// reason: died of
// twin: honest_rows.cpp
#include "task.hpp"
#include <stdlib.h>

extern "C" void kernel(const float* x, float* y) {
  abort();
}
