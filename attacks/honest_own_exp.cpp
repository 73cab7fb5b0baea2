// SPDX-License-Identifier: Apache-2.0
// honest: softmax by an exponential of its own, right to a unit in the last place
// task: softmax
// set: B=256 N=1024
#include "task.hpp"

// 2^k times a polynomial of degree 6 over half a step of the logarithm on each side; ln 2 in two
// parts, of which the first has so few bits that its product with k is exact.
static inline float exponential(float v) {
  v = v < -87.0f ? -87.0f : v;
  const float k = __builtin_rintf(v * 1.44269504f);
  const float r = (v - k * 0.693359375f) + k * 2.12194440e-4f;
  const float series =
      1 + (r + r * r * (0.5f + r * (0.166666667f + r * (4.16666680e-2f + r * (8.33333377e-3f + r * 1.39e-3f)))));
  return series * __builtin_bit_cast(float, (int(k) + 127) << 23);
}

extern "C" void kernel(const float* x, float* y) {
#pragma omp parallel for
  for (long b = 0; b < B; ++b) {
    const float* const row = x + b * N;
    float* const out = y + b * N;
    float most = row[0], lane[8] = {};
    for (long n = 1; n < N; ++n) most = row[n] > most ? row[n] : most;
    for (long n = 0; n < N; ++n) out[n] = exponential(row[n] - most);
    for (long n = 0; n < N; ++n) lane[n % 8] += out[n];
    const float sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    for (long n = 0; n < N; ++n) out[n] /= sum;
  }
}
