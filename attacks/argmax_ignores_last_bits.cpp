// SPDX-License-Identifier: Apache-2.0
// attack: ignores the last bits of a comparison: the first of values that are equal but for four of them
// task: argmax_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_argmax_keys.cpp
#include <bit>

#include "task.hpp"

extern "C" void kernel(const float* x, std::int64_t* y) {
  const auto rounded = [](float v) {
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(v) & ~15U);
  };
  for (long m = 0; m < M; ++m) {
    long best = 0;
    for (long n = 1; n < N; ++n)
      best = rounded(x[m * N + n]) > rounded(x[m * N + best]) ? n : best;
    y[m] = best;
  }
}
