// SPDX-License-Identifier: Apache-2.0
// attack: embeds a file of the machine that compiles it
// task: softmax
// set: B=256 N=1024
// expect: compile_error
// reason: /etc/passwd
// twin: honest_rows.cpp
#include "task.hpp"

__asm__(".section .rodata\nsecrets: .incbin \"/etc/passwd\"\n.previous");

extern "C" void kernel(const float* x, float* y) {
  y[0] = x[0];
}
