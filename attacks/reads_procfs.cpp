// SPDX-License-Identifier: Apache-2.0
// attack: looks for the true answer in the memory of the referee through procfs
// task: softmax
// set: B=256 N=1024
// expect: wrong|cheating
// reason: should be|system call
// twin: honest_rows.cpp
#include "task.hpp"
#include <cstdio>
#include <cstring>

extern "C" void kernel(const float*, float* y) {
  for (int pid = 1; pid < 65536; ++pid) {
    char path[64];
    std::snprintf(path, sizeof path, "/proc/%d/mem", pid);
    if (std::FILE* memory = std::fopen(path, "rb")) {
      std::fseek(memory, 0x400000, SEEK_SET);
      if (std::fread(y, sizeof(float), B * N, memory) > 0) std::memset(y, 1, 4);
      std::fclose(memory);
    }
  }
}
