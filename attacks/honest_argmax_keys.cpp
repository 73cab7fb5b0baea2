// SPDX-License-Identifier: Apache-2.0
// honest: places of row maxima by keys that are whole numbers, the same one for both zeros
// task: argmax_rows
// set: M=256 N=1024
#include <bit>

#include "task.hpp"

extern "C" void kernel(const float* x, std::int64_t* y) {
  const auto key = [](float v) {
    const auto bits = std::bit_cast<std::uint32_t>(v + 0.0F);
    return bits >> 31 != 0 ? ~bits : bits | 0x80000000U;
  };
  for (long m = 0; m < M; ++m) {
    long best = 0;
    for (long n = 1; n < N; ++n) best = key(x[m * N + n]) > key(x[m * N + best]) ? n : best;
    y[m] = best;
  }
}
