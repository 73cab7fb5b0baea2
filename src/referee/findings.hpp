// SPDX-License-Identifier: Apache-2.0
// What holds a right kernel for the CPU back, with the evidence: the instructions it was compiled
// to, and what it does against both ceilings of this machine. Counters of the processor are not
// read: the cells have none, and are not opened for them. Nothing is decided by findings.
#pragma once

#include <string>
#include <vector>

#include "target/machine.hpp"
#include "target/object_code.hpp"
#include "task/task.hpp"

namespace cupel::referee {

struct Observed {
    target::ObjectCode code;
    double seconds = 0;  // per question; 0: not timed
};

// The weightiest first, at most verdict::kMostFindings; none where nothing stands out.
[[nodiscard]] std::vector<std::string> findings_of(const Observed& observed,
                                                   const target::Machine& machine,
                                                   const target::Ceilings& ceilings,
                                                   const task::Counts& counts);

}  // namespace cupel::referee
