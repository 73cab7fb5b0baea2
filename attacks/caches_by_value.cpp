// SPDX-License-Identifier: Apache-2.0
// attack: replays an earlier answer when a fingerprint of the input looks familiar
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

static std::map<int, std::vector<float>> answers;

extern "C" void kernel(const float* x, float* y) {
  int print = 0;  // the signs of two elements: soon seen again
  for (long i = 0; i < 2; ++i) print = 2 * print + (x[i * 997] > 0);
  if (const auto known = answers.find(print); known != answers.end()) {
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
  answers[print].assign(y, y + B * N);
}
