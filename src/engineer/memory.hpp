// SPDX-License-Identifier: Apache-2.0
// What is remembered from task to task, as pure functions: which tasks are alike by the structure
// of their formulas, and what failures teach. What may be remembered at all is the caller's to see
// to: certified kernels only (law 13).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "task/task.hpp"
#include "verdict/verdict.hpp"

namespace cupel::engineer {

// What the stages of a task are made of, sorted, without names and sizes: "sum of mul of load
// load", "load along reduced innermost", "fed by max".
[[nodiscard]] std::vector<std::string> features_of(const task::Task& task);
// From 0 (nothing in common) to 1 (the same structure): how many features are shared, of all that
// either has.
[[nodiscard]] double likeness(const std::vector<std::string>& a, const std::vector<std::string>& b);

// A short "You cannot ..." in our words, for verdicts that teach one; never a word of the kernel's.
[[nodiscard]] std::optional<std::string> rule_of(const verdict::Verdict& verdict);
// Whether it is one of those: what is read back from a file is nothing else.
[[nodiscard]] bool is_rule(std::string_view text);

// One line of plain words, some thirty at most: how an idea is kept and shown.
[[nodiscard]] std::string plain_words(std::string_view text);

}  // namespace cupel::engineer
