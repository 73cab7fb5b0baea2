// SPDX-License-Identifier: Apache-2.0
// honest: cosine distances from three sums in one pass
// task: cosine_distance
// set: N=256 D=512
#include "task.hpp"

extern "C" void kernel(const float* a, const float* b, float* y) {
  for (long n = 0; n < N; ++n) {
    double ab = 0, aa = 0, bb = 0;
    for (long d = 0; d < D; ++d) {
      const double u = a[n * D + d], v = b[n * D + d];
      ab += u * v;
      aa += u * u;
      bb += v * v;
    }
    const double product = aa * bb > 1e-16 ? aa * bb : 1e-16;
    y[n] = float(1 - ab / __builtin_sqrt(product));
  }
}
