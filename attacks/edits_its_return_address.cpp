// SPDX-License-Identifier: Apache-2.0
// attack: returns to a place of its own instead of its caller
// task: softmax
// set: B=256 N=1024
// expect: crashed
// reason: exited with status 0|SIGSEGV
// twin: honest_rows.cpp
#include "task.hpp"
#include <unistd.h>

static void elsewhere() { _exit(0); }

extern "C" void kernel(const float* x, float* y) {
  void** const frame = static_cast<void**>(__builtin_frame_address(0));
  *const_cast<void* volatile*>(frame + 1) = reinterpret_cast<void*>(elsewhere);
  y[0] = x[0];
}
