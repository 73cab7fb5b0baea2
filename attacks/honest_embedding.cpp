// SPDX-License-Identifier: Apache-2.0
// honest: rows of a table by number, copied with memcpy
// task: embedding
// set: V=1024 D=64 N=1024
#include "task.hpp"

extern "C" void kernel(const float* table, const std::int64_t* t, float* y) {
  for (long n = 0; n < N; ++n) __builtin_memcpy(y + n * D, table + t[n] * D, sizeof(float) * D);
}
