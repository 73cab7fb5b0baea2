// SPDX-License-Identifier: Apache-2.0
// attack: divides by a reciprocal of 11 bits that no Newton step refines
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long b = 0; b < B; ++b) {
    float most = x[b * N], sum = 0;
    for (long n = 1; n < N; ++n) most = x[b * N + n] > most ? x[b * N + n] : most;
    for (long n = 0; n < N; ++n) sum += y[b * N + n] = __builtin_expf(x[b * N + n] - most);
    const float inverse = __builtin_bit_cast(float, __builtin_bit_cast(unsigned, 1 / sum) & ~0xfffu);
    for (long n = 0; n < N; ++n) y[b * N + n] *= inverse;
  }
}
