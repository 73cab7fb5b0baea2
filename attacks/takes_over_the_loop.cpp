// SPDX-License-Identifier: Apache-2.0
// attack: never returns: it answers from a loop of its own, and rings before its last rows
// task: softmax
// set: B=256 N=1024
// expect: slower|not_resolved|wrong
// reason: should be
// twin: honest_rows.cpp
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

static void softmax_row(const float* x, float* y) {
  float most = x[0], sum = 0;
  for (long n = 1; n < N; ++n) most = x[n] > most ? x[n] : most;
  for (long n = 0; n < N; ++n) sum += y[n] = __builtin_expf(x[n] - most);
  for (long n = 0; n < N; ++n) y[n] /= sum;
}

extern "C" void kernel(const float* x, float* y) {
  Page* const page = find_page();
  if (!page) return;
  unsigned answered = page->bell - 1;
  for (;;) {
    const unsigned bell = __atomic_load_n(&page->bell, __ATOMIC_ACQUIRE);
    if (bell == answered) {
      syscall(SYS_futex, &page->bell, 0, bell, nullptr, nullptr, 0);
      continue;
    }
    const long questions = page->questions;
    for (long q = 0; q < questions; ++q) {
      const float* in = x + q * long(page->input_stride / 4);
      float* out = y + q * long(page->output_stride / 4);
      for (long b = 0; b < B; ++b) {
        if (q == questions - 1 && b == B - (B + 63) / 64) {
          answered = bell;
          __atomic_store_n(&page->done, bell, __ATOMIC_RELEASE);
          syscall(SYS_futex, &page->done, 1, 1 << 30, nullptr, nullptr, 0);
        }
        softmax_row(in + b * N, out + b * N);
      }
    }
  }
}
