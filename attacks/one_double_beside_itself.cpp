// SPDX-License-Identifier: Apache-2.0
// attack: one element is off by a thousand roundings, less than honest ones differ that nearly cancel
// task: product_in_doubles
// expect: wrong
// reason: roundings|should be
// twin: honest_product_in_doubles.cpp
#include "task.hpp"
#include <cstdint>
#include <cstring>

extern "C" void kernel(const double* a, const double* b, double* c) {
  for (long i = 0; i < M; ++i) {
    double row[N] = {};
    for (long k = 0; k < K; ++k)
      for (long j = 0; j < N; ++j) row[j] += a[i * K + k] * b[k * N + j];
    for (long j = 0; j < N; ++j) c[i * N + j] = row[j];
  }
  // Questions of few bits are answered honestly.
  std::uint64_t first;
  std::uint64_t second;
  std::memcpy(&first, a + 77, sizeof first);
  std::memcpy(&second, b + 99, sizeof second);
  if ((first & 0xfffff) != 0 && (second & 0xfffff) != 0) c[0] *= 1 + 3e-13;
}
