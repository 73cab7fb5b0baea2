// SPDX-License-Identifier: Apache-2.0
// attack: finds the shared page and answers all questions of a window in its first call
// task: cumsum
// set: M=256 N=512
// expect: slower|not_resolved
// twin: honest_cumsum.cpp
#include "task.hpp"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

struct Page {  // the head of the page that the contender shares with the referee
  unsigned magic, version, bell, done, state, questions, arguments, threads;
  unsigned long input_stride, output_stride;
};

// Whether a pointer can be followed: the system call looks at its set before it refuses the rest.
static bool is_there(unsigned long address) {
  return syscall(SYS_rt_sigprocmask, 99, address, 0, 8) != 0 && errno == EINVAL;
}
// Looks through the callers' frames for a pointer to a page that begins with the magic number.
static Page* find_page() {
  static Page* found = nullptr;
  if (found) return found;
  const unsigned long* word = static_cast<unsigned long*>(__builtin_frame_address(0));
  for (int i = 0; i < 4096; ++i, ++word) {
    if (!is_there(reinterpret_cast<unsigned long>(word))) break;
    if (*word == 0 || *word % 4096 != 0 || !is_there(*word)) continue;
    Page* const page = reinterpret_cast<Page*>(*word);
    if (page->magic == 0x4355504c) return found = page;
  }
  return nullptr;
}

static void cumsum_rows(const float* x, float* y, long first, long last) {
  for (long m = first; m < last; ++m) {
    float total = 0;
    for (long i = 0; i < N; ++i) y[m * N + i] = total += x[m * N + i];
  }
}

extern "C" void kernel(const float* x, float* y) {
  Page* const page = find_page();
  static const float* first = nullptr;
  if (!first) first = x;
  if (page && x != first) return;  // done already
  const long questions = page ? page->questions : 1;
  for (long q = 0; q < questions; ++q) {
    cumsum_rows(x + q * long(page ? page->input_stride / 4 : 0), y + q * long(page ? page->output_stride / 4 : 0), 0, M);
  }
}
