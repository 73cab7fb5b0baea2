// SPDX-License-Identifier: Apache-2.0
// attack: computes once and replays the answer for the same addresses
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_scratch.cpp
#include "task.hpp"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <vector>

static std::map<const float*, std::vector<float>> answers;

extern "C" void kernel(const float* x, float* y) {
  if (const auto known = answers.find(x); known != answers.end()) {
    std::memcpy(y, known->second.data(), sizeof(float) * B * N);
    return;
  }
  for (long b = 0; b < B; ++b) {
    const float* row = x + b * N;
    float most = row[0];
    for (long n = 1; n < N; ++n) most = std::max(most, row[n]);
    float sum = 0;
    for (long n = 0; n < N; ++n) sum += y[b * N + n] = std::exp(row[n] - most);
    for (long n = 0; n < N; ++n) y[b * N + n] /= sum;
  }
  answers[x].assign(y, y + B * N);
}
