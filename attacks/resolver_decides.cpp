// SPDX-License-Identifier: Apache-2.0
// attack: is resolved by code that runs before any check, which picks a kernel that does nothing
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_rows.cpp
#include "task.hpp"

extern "C" {
static void nothing(const float*, float*) {}
using Function = void (*)(const float*, float*);
Function pick_nothing() { return nothing; }
void kernel(const float* x, float* y) __attribute__((ifunc("pick_nothing")));
}
