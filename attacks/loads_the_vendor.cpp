// SPDX-License-Identifier: Apache-2.0
// attack: looks at run time for a library that could do its work
// task: matmul
// set: M=128 N=128 K=256
// expect: wrong
// reason: should be|roundings
// twin: honest_matmul.cpp
#include "task.hpp"
#include <dlfcn.h>

extern "C" void kernel(const float* a, const float* b, float* c) {
  void* const library = dlopen("libopenblas.so.0", RTLD_NOW);
  using Function = void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int);
  if (auto sgemm = library ? reinterpret_cast<Function>(dlsym(library, "cblas_sgemm")) : nullptr)
    sgemm(101, 111, 111, M, N, K, 1, a, K, b, N, 0, c, N);
}
