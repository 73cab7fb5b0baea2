// SPDX-License-Identifier: Apache-2.0
// attack: of equal values in several lanes takes the lowest lane's, not the first
// task: argmax_rows
// set: M=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_argmax_lanes.cpp
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
    for (int l = 1; l < kLanes; ++l) best = most[l] > most[best] ? l : best;
    y[m] = at[best];
  }
}
