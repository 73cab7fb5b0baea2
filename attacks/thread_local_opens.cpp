// SPDX-License-Identifier: Apache-2.0
// attack: does what is forbidden in the initialiser of a thread-local variable
// task: softmax
// set: B=256 N=1024
// expect: cheating
// reason: socket
// twin: honest_rows.cpp
#include "task.hpp"
#include <sys/socket.h>

static int reach_out() { return socket(AF_INET, SOCK_STREAM, 0); }
static thread_local int hidden = reach_out();

extern "C" void kernel(const float* x, float* y) {
  y[0] = hidden + x[0];
}
