// SPDX-License-Identifier: Apache-2.0
// honest: places of row maxima in eight lanes, of which the one with the earlier place wins a tie
// task: argmax_rows
// set: M=256 N=1024
#include "task.hpp"

extern "C" void kernel(const float* x, std::int64_t* y) {
  constexpr long kLanes = 8;
  for (long m = 0; m < M; ++m) {
    const float* const row = x + m * N;
    float most[kLanes];
    int at[kLanes];
    for (int l = 0; l < kLanes; ++l) most[l] = row[l], at[l] = l;
    for (long n = kLanes; n + kLanes <= N; n += kLanes)
      for (int l = 0; l < kLanes; ++l) {
        const bool more = row[n + l] > most[l];
        most[l] = more ? row[n + l] : most[l];
        at[l] = more ? int(n + l) : at[l];
      }
    int best = 0;
    for (int l = 1; l < kLanes; ++l)
      if (most[l] > most[best] || (most[l] == most[best] && at[l] < at[best])) best = l;
    y[m] = at[best];
  }
}
