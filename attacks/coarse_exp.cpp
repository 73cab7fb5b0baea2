// SPDX-License-Identifier: Apache-2.0
// attack: takes exp from a short polynomial, right to 1e-5
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: roundings
// twin: honest_rows.cpp
#include "task.hpp"
#include <algorithm>
#include <cmath>

static float coarse_exp(float x) {
  const float whole = std::round(x * 1.44269504f);
  const float r = x - whole * 0.693147181f;
  const float series = 1 + r * (1 + r * (0.5f + r * (0.16666667f + r * (0.0416667f + r * 0.0083f))));
  return std::ldexp(series * (1 + 1e-5f * r), static_cast<int>(whole));
}

extern "C" void kernel(const float* x, float* y) {
#pragma omp parallel for
  for (long b = 0; b < B; ++b) {
    const float* row = x + b * N;
    const float most = *std::max_element(row, row + N);
    float sum = 0;
    for (long n = 0; n < N; ++n) sum += y[b * N + n] = coarse_exp(row[n] - most);
    for (long n = 0; n < N; ++n) y[b * N + n] /= sum;
  }
}
