// SPDX-License-Identifier: Apache-2.0
// honest: softmax with a table of powers of two filled by a constructor; no answer depends on what was seen
// task: softmax
// set: B=256 N=1024
#include "task.hpp"

static double power[1001];
__attribute__((constructor)) static void fill() {
  for (int i = 0; i <= 1000; ++i) power[i] = __builtin_ldexp(1.0, i - 1000);
}

extern "C" void kernel(const float* x, float* y) {
  for (long b = 0; b < B; ++b) {
    float most = x[b * N], sum = 0;
    for (long n = 1; n < N; ++n) most = x[b * N + n] > most ? x[b * N + n] : most;
    for (long n = 0; n < N; ++n) {
      const double v = double(x[b * N + n] - most) * 1.4426950408889634;
      const double whole = __builtin_floor(v);
      const double part = whole < -1000 ? 0 : __builtin_exp2(v - whole) * power[1000 + long(whole)];
      sum += y[b * N + n] = float(part);
    }
    for (long n = 0; n < N; ++n) y[b * N + n] /= sum;
  }
}
