// SPDX-License-Identifier: Apache-2.0
// attack: asks the compiler for templates without end
// task: softmax
// set: B=256 N=1024
// expect: compile_error
// reason: template instantiation depth|maximum depth
// twin: honest_rows.cpp
#include "task.hpp"

template <long I>
struct More {
  static constexpr long value = More<I + 1>::value + 1;
};

extern "C" void kernel(const float* x, float* y) {
  y[0] = x[0] + More<1>::value;
}
