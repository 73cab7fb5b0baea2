// SPDX-License-Identifier: Apache-2.0
// attack: takes away access to its answer, so that the reader would fault and wait
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_rows.cpp
#include "task.hpp"
#include <signal.h>
#include <sys/mman.h>

static const float* question = nullptr;
static void compute_when_read(int, siginfo_t*, void*) { __builtin_trap(); }
static struct sigaction action = [] {
  struct sigaction a = {};
  a.sa_sigaction = compute_when_read;
  a.sa_flags = SA_SIGINFO;
  return a;
}();

extern "C" void kernel(const float* x, float* y) {
  // A whole page within the answer; a handler would compute when somebody looks.
  const auto page = (reinterpret_cast<unsigned long>(y) + 4095) & ~4095ul;
  sigaction(SIGSEGV, &action, nullptr);
  mprotect(reinterpret_cast<void*>(page), sizeof(float) * B * N - 4096, PROT_NONE);
}
