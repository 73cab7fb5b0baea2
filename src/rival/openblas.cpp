// SPDX-License-Identifier: Apache-2.0
#include "rival/preludes.hpp"

namespace cupel::rival {

const std::string_view kOpenBlas =
    R"text(#include <cblas.h>

#include <cstring>
#include <utility>
#include <vector>

namespace rival {

enum Scalar { F64, F32, F16, BF16, I64, I32, I8 };

struct View {
  const void* data = nullptr;
  std::vector<long> shape;
  bool turned = false; // the last two dimensions stand the other way round in memory
  float* floats() const { return static_cast<float*>(const_cast<void*>(data)); }
  int last(int from_the_end) const { return int(shape.at(shape.size() - 1 - from_the_end)); }
};
inline View view(const void* data, Scalar, std::vector<long> shape) {
  return {data, std::move(shape)};
}
inline View transposed(View a) {
  std::swap(a.shape.at(a.shape.size() - 1), a.shape.at(a.shape.size() - 2));
  a.turned = !a.turned;
  return a;
}
inline CBLAS_TRANSPOSE way(const View& a) {
  return a.turned ? CblasTrans : CblasNoTrans;
}
inline int leading(const View& a) {
  return a.turned ? a.last(1) : a.last(0);
}

// c = a b, for each of the leading dimensions.
inline void sgemm(View a, View b, View c) {
  const int m = c.last(1), n = c.last(0), k = a.last(0);
  long batch = 1;
  for (std::size_t d = 0; d + 2 < c.shape.size(); ++d)
    batch *= c.shape[d];
  for (long t = 0; t < batch; ++t)
    cblas_sgemm(CblasRowMajor, way(a), way(b), m, n, k, 1, a.floats() + t * m * k, leading(a),
                b.floats() + t * k * n, leading(b), 0, c.floats() + t * m * n, n);
}

inline void sgemv(View a, View x, View y) {
  const int m = a.turned ? a.last(0) : a.last(1), n = a.turned ? a.last(1) : a.last(0);
  cblas_sgemv(CblasRowMajor, way(a), m, n, 1, a.floats(), n, x.floats(), 1, 0, y.floats(), 1);
}

// c = a b, where a is lower triangular.
inline void strmm(View a, View b, View c) {
  const int m = c.last(1), n = c.last(0);
  std::memcpy(c.floats(), b.floats(), sizeof(float) * std::size_t(m) * std::size_t(n));
  cblas_strmm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, m, n, 1, a.floats(),
              m, c.floats(), n);
}

} // namespace rival
)text";

}  // namespace cupel::rival
