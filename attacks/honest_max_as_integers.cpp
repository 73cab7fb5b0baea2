// SPDX-License-Identifier: Apache-2.0
// honest: row maxima of floats compared as integers, whose order is the same
// task: max_rows
// set: M=256 N=1024
#include "task.hpp"

extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) {
    int best = -2147483647 - 1;
    for (long n = 0; n < N; ++n) {
      const int bits = __builtin_bit_cast(int, x[m * N + n]);
      const int key = bits ^ ((bits >> 31) & 0x7fffffff);
      best = key > best ? key : best;
    }
    y[m] = __builtin_bit_cast(float, best ^ ((best >> 31) & 0x7fffffff));
  }
}
