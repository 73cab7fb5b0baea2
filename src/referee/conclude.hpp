// SPDX-License-Identifier: Apache-2.0
// From the samples of a right kernel to its verdict: pure, so that whoever reads a certificate
// comes to the same one. What the referee says and what `verify` recomputes are these functions.
#pragma once

#include <span>
#include <string>

#include "referee/aa_record.hpp"
#include "referee/overhead.hpp"
#include "target/machine.hpp"
#include "task/task.hpp"
#include "verdict/verdict.hpp"

namespace cupel::referee {

struct Setting {
    const task::Task& task;
    const target::Machine& machine;
    const target::Ceilings& ceilings;  // for the threads that the kernel had
    Overhead overhead = 0;
    std::string_view users = {};  // the opponent that is the user's own, if there is one
};

// Sets what follows from `verdict.samples`: seconds, advantage bound, share of the ceiling, both
// speedups (the claim is over the best opponent), status, law and reason.
void conclude(const Setting& setting, std::span<const std::string> opponents,
              verdict::Verdict& verdict);

// What may be claimed on a machine that calls identical code different more often than it promises:
// nothing about speed.
[[nodiscard]] verdict::Verdict withhold(verdict::Verdict verdict, const AaSummary& record);

}  // namespace cupel::referee
