// SPDX-License-Identifier: Apache-2.0
// attack: never answers
// task: softmax
// set: B=256 N=1024
// expect: timed_out
// reason: did not answer
// twin: honest_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float*, float*) {
  for (volatile int i = 0;; i = i + 1) {
  }
}
