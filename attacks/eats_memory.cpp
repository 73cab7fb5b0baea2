// SPDX-License-Identifier: Apache-2.0
// attack: takes memory until there is none
// task: softmax
// set: B=256 N=1024
// expect: crashed|timed_out
// reason: died of|did not answer
// twin: honest_scratch.cpp
#include "task.hpp"
#include <cstdlib>
#include <cstring>

extern "C" void kernel(const float*, float* y) {
  while (true) {
    char* block = static_cast<char*>(std::malloc(64 << 20));
    std::memset(block, 1, 64 << 20);  // faults when there is no more
    y[0] += block[0];
  }
}
