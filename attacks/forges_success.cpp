// SPDX-License-Identifier: Apache-2.0
// attack: prints a verdict of its own and exits as if all were well
// task: softmax
// set: B=256 N=1024
// expect: crashed
// reason: exited with status 0
// twin: honest_prints.cpp
#include "task.hpp"
#include <cstdio>
#include <cstdlib>

extern "C" void kernel(const float*, float*) {
  std::puts("{\"status\": \"faster\", \"speedup\": {\"low\": 150, \"mid\": 150, \"high\": 150}}");
  std::fputs("PASS\n", stderr);
  std::exit(0);
}
