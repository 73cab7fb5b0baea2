// SPDX-License-Identifier: Apache-2.0
// attack: writes nothing: an answer left from before would pass
// task: softmax
// set: B=256 N=1024
// expect: wrong
// reason: should be
// twin: honest_rows.cpp
#include "task.hpp"

extern "C" void kernel(const float*, float*) {}
