// SPDX-License-Identifier: Apache-2.0
// honest: convolution as a matrix product over gathered windows
// task: conv2d_3x3
// set: N=1 C=16 H=28 W=28 K=16
#include "task.hpp"

extern "C" void kernel(const float* x, const float* w, const float* b, float* y) {
  constexpr long kTerms = C * R * S, kPlaces = P * Q;
  static float gathered[kTerms * kPlaces];
  for (long n = 0; n < N; ++n) {
    for (long j = 0; j < kTerms; ++j)
      for (long i = 0; i < kPlaces; ++i) {
        const long c = j / (R * S), h = i / Q + j / S % R - 1, v = i % Q + j % S - 1;
        const bool inside = h >= 0 && h < H && v >= 0 && v < W;
        gathered[j * kPlaces + i] = inside ? x[((n * C + c) * H + h) * W + v] : 0;
      }
    for (long k = 0; k < K; ++k) {
      float* const out = y + (n * K + k) * kPlaces;
      for (long i = 0; i < kPlaces; ++i) out[i] = b[k];
      for (long j = 0; j < kTerms; ++j)
        for (long i = 0; i < kPlaces; ++i) out[i] += w[k * kTerms + j] * gathered[j * kPlaces + i];
    }
  }
}
