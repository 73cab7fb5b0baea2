// SPDX-License-Identifier: Apache-2.0
// honest: matrix product by Strassen's seven products, one level deep
// task: matmul
// set: M=128 N=128 K=256
#include "task.hpp"

static void multiply(const float* a, const float* b, float* c, long rows, long columns, long terms) {
  for (long i = 0; i < rows * columns; ++i) c[i] = 0;
  for (long i = 0; i < rows; ++i)
    for (long k = 0; k < terms; ++k)
      for (long j = 0; j < columns; ++j) c[i * columns + j] += a[i * terms + k] * b[k * columns + j];
}

extern "C" void kernel(const float* a, const float* b, float* c) {
  constexpr long kM = M / 2, kK = K / 2, kN = N / 2;
  static float l[kM * kK], r[kK * kN], p[7][kM * kN];
  const auto A = [&](long i, long j) { return a + i * kM * K + j * kK; };
  const auto Bq = [&](long i, long j) { return b + i * kK * N + j * kN; };
  const auto add = [](float* to, const float* u, const float* v, float sign, long rows, long columns, long stride) {
    for (long i = 0; i < rows; ++i)
      for (long j = 0; j < columns; ++j) to[i * columns + j] = u[i * stride + j] + sign * v[i * stride + j];
  };
  const struct { const float *u, *v; float s; const float *w, *z; float t; } step[7] = {
      {A(0, 0), A(1, 1), 1, Bq(0, 0), Bq(1, 1), 1}, {A(1, 0), A(1, 1), 1, Bq(0, 0), Bq(0, 0), 0},
      {A(0, 0), A(0, 0), 0, Bq(0, 1), Bq(1, 1), -1}, {A(1, 1), A(1, 1), 0, Bq(1, 0), Bq(0, 0), -1},
      {A(0, 0), A(0, 1), 1, Bq(1, 1), Bq(1, 1), 0}, {A(1, 0), A(0, 0), -1, Bq(0, 0), Bq(0, 1), 1},
      {A(0, 1), A(1, 1), -1, Bq(1, 0), Bq(1, 1), 1}};
  for (long i = 0; i < 7; ++i) {
    add(l, step[i].u, step[i].v, step[i].s, kM, kK, K);
    add(r, step[i].w, step[i].z, step[i].t, kK, kN, N);
    multiply(l, r, p[i], kM, kN, kK);
  }
  for (long i = 0; i < kM; ++i)
    for (long j = 0; j < kN; ++j) {
      const long at = i * kN + j;
      c[i * N + j] = p[0][at] + p[3][at] - p[4][at] + p[6][at];
      c[i * N + j + kN] = p[2][at] + p[4][at];
      c[(i + kM) * N + j] = p[1][at] + p[3][at];
      c[(i + kM) * N + j + kN] = p[0][at] - p[1][at] + p[2][at] + p[5][at];
    }
}
