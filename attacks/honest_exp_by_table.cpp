// SPDX-License-Identifier: Apache-2.0
// honest: softmax by an exponential from a table that is computed at compile time
// task: softmax
// set: B=256 N=1024
#include "task.hpp"

struct Table {
  double power[64] = {};
  constexpr Table() {
    for (int i = 0; i < 64; ++i) {  // 2^(i/64) by its series
      const double r = i * 0.010830424696249145;
      double term = 1, sum = 1;
      for (int n = 1; n < 20; ++n) sum += term *= r / n;
      power[i] = sum;
    }
  }
};
static constexpr Table table;
static double exponential(double v) {
  v = v < -700 ? -700 : v;
  const long k = long(__builtin_floor(v * 92.33248261893595 + 0.5));
  const double r = v - double(k) * 0.010830424696249145;
  const double series = 1 + r * (1 + r * (0.5 + r * (1.0 / 6 + r / 24)));
  return table.power[k & 63] * series * __builtin_bit_cast(double, ((k >> 6) + 1023) << 52);
}

extern "C" void kernel(const float* x, float* y) {
  for (long b = 0; b < B; ++b) {
    const float* const row = x + b * N;
    float most = row[0];
    double sum = 0;
    for (long n = 1; n < N; ++n) most = row[n] > most ? row[n] : most;
    for (long n = 0; n < N; ++n) sum += exponential(double(row[n]) - most);
    for (long n = 0; n < N; ++n) y[b * N + n] = float(exponential(double(row[n]) - most) / sum);
  }
}
