// SPDX-License-Identifier: Apache-2.0
// attack: asks to be told when somebody reads a page of its answer
// task: softmax
// set: B=256 N=1024
// expect: cheating
// reason: userfaultfd
// twin: honest_rows.cpp
#include "task.hpp"
#include <sys/syscall.h>
#include <unistd.h>

extern "C" void kernel(const float* x, float* y) {
  const long fd = syscall(SYS_userfaultfd, 0);
  if (fd < 0) y[0] = x[0];
}
