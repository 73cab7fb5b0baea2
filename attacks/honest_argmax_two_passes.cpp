// SPDX-License-Identifier: Apache-2.0
// honest: places of row maxima: first the value, then where it is
// task: argmax_rows
// set: M=256 N=1024
#include "task.hpp"

extern "C" void kernel(const float* x, std::int64_t* y) {
#pragma omp parallel for
  for (long m = 0; m < M; ++m) {
    const float* const row = x + m * N;
    float most = row[0];
    for (long n = 1; n < N; ++n) most = row[n] > most ? row[n] : most;
    long at = 0;
    while (row[at] != most) ++at;
    y[m] = at;
  }
}
