// SPDX-License-Identifier: Apache-2.0
// The referee's end of the emulator: one job in a process of its own, in a cell. The emulator is
// ours, but what it reads is a stranger's text: it can read the job, allocate, and write its
// answer.
#pragma once

#include "base/result.hpp"
#include "emulator/job.hpp"

namespace cupel::referee {

struct Emulated {
    emulator::JobResult result;
    bool timed_out = false;                 // by the wall clock; then there is no result
    std::vector<std::string> parts = {};    // walls that stood
    std::vector<std::string> missing = {};  // and those that did not
};

// Error: the machine is at fault (no such program, no room), or the emulator itself is (Broken).
[[nodiscard]] Result<Emulated> emulate(const emulator::Job& job, double seconds);

}  // namespace cupel::referee
