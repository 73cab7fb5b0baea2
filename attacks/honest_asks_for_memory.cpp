// SPDX-License-Identifier: Apache-2.0
// honest: softmax with scratch from mmap, given back page by page and whole
// task: softmax
// set: B=256 N=1024
#include "task.hpp"
#include <sys/mman.h>

extern "C" void kernel(const float* x, float* y) {
  const unsigned long bytes = sizeof(float) * N + 8192;
  float* const e = static_cast<float*>(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  for (long b = 0; b < B; ++b) {
    float most = x[b * N], sum = 0;
    for (long n = 1; n < N; ++n) most = x[b * N + n] > most ? x[b * N + n] : most;
    for (long n = 0; n < N; ++n) sum += e[n] = __builtin_expf(x[b * N + n] - most);
    for (long n = 0; n < N; ++n) y[b * N + n] = e[n] / sum;
  }
  madvise(e, 4096, MADV_DONTNEED);
  munmap(e, bytes);
}
