// SPDX-License-Identifier: Apache-2.0
// honest: root mean square of one long row, backwards, by an inverse root and a Newton step
// task: rmsnorm
// set: N=1 D=8192
#include "task.hpp"
#include <immintrin.h>

extern "C" void kernel(const float* x, const float* g, float* y) {
  for (long n = 0; n < N; ++n) {
    const float* const row = x + n * D;
    float squares = 0;
    for (long d = D; d-- > 0;) squares += row[d] * row[d];
    const float v = squares * (1.0f / D) + 1e-6f;
    float r = _mm_cvtss_f32(_mm_rsqrt_ss(_mm_set_ss(v)));
    r = r * (1.5f - 0.5f * v * r * r);
    for (long d = 0; d < D; ++d) y[n * D + d] = row[d] * (r * g[d]);
  }
}
