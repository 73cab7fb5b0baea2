// SPDX-License-Identifier: Apache-2.0
// attack: takes the rows that are asked for to be the first ones of the table
// task: embedding
// set: V=1024 D=64 N=1024
// expect: wrong
// reason: should be|roundings
// twin: honest_embedding.cpp
#include "task.hpp"

extern "C" void kernel(const float* table, const std::int64_t* t, float* y) {
  for (long n = 0; n < N; ++n)
    for (long d = 0; d < D; ++d) y[n * D + d] = table[t[n] % (V / 2) * D + d];
}
