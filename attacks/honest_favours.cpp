// SPDX-License-Identifier: Apache-2.0
// honest: softmax that asks for huge pages, locked memory and a processor, and does without
// task: softmax
// set: B=256 N=1024
#include "task.hpp"
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sched.h>
#include <sys/mman.h>

extern "C" void kernel(const float* x, float* y) {
  constexpr std::size_t kHuge = 2 << 20;
  float* e = static_cast<float*>(std::aligned_alloc(kHuge, kHuge));
  madvise(e, kHuge, MADV_HUGEPAGE);
  mlock(e, 4096);
  cpu_set_t first;
  CPU_ZERO(&first);
  CPU_SET(0, &first);
  sched_setaffinity(0, sizeof first, &first);
  for (long b = 0; b < B; ++b) {
    const float* row = x + b * N;
    const float most = *std::max_element(row, row + N);
    float sum = 0;
    for (long n = 0; n < N; ++n) sum += e[n] = std::exp(row[n] - most);
    for (long n = 0; n < N; ++n) y[b * N + n] = e[n] / sum;
  }
  std::free(e);
}
