// SPDX-License-Identifier: Apache-2.0
// attack: catches the jail's signal and goes on after a forbidden call
// task: softmax
// set: B=256 N=1024
// expect: cheating|crashed
// reason: system call|died of
// twin: honest_favours.cpp
#include "task.hpp"
#include <csignal>
#include <sys/mman.h>
#include <unistd.h>

extern "C" void kernel(const float*, float* y) {
  std::signal(SIGSYS, [](int) {});
  std::signal(SIGSEGV, [](int) {});
  fork();
  madvise(y, sizeof(float) * B * N, MADV_REMOVE);
}
