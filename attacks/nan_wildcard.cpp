// SPDX-License-Identifier: Apache-2.0
// attack: answers NaN, which some comparisons take for a match
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: nan
// twin: honest_rows.cpp
#include "task.hpp"
#include <cmath>

extern "C" void kernel(const float*, float* y) {
  for (long i = 0; i < B * N; ++i) y[i] = NAN;
}
