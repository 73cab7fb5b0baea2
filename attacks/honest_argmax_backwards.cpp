// SPDX-License-Identifier: Apache-2.0
// honest: places of row maxima, from the end, by goto
// task: argmax_rows
// set: M=256 N=1024
#include "task.hpp"

extern "C" void kernel(const float* x, std::int64_t* y) {
  long m = 0, n, best;
next:
  best = n = N - 1;
step:
  if (x[m * N + n] >= x[m * N + best]) best = n;
  if (n-- > 0) goto step;
  y[m] = best;
  if (++m < M) goto next;
}
