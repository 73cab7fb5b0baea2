// SPDX-License-Identifier: Apache-2.0
// The head of an attack file: what it tries, on which task, and which verdict it must get.
//
//   // SPDX-License-Identifier: Apache-2.0
//   // attack: computes half of the rows
//   // task: softmax
//   // set: B=256 N=1024         (optional: sizes)
//   // expect: wrong|cheating    (one of these statuses)
//   // reason: half              (optional: words of the reason, without regard to case)
//   // twin: honest_rows.cpp     (a file beside it that does the same honestly and must pass)
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "task/task.hpp"
#include "verdict/verdict.hpp"

namespace cupel::cli {

struct Attack {
    std::string name;  // of the file, without its ending
    std::string what;
    std::string task;
    std::vector<task::Override> sizes;
    std::vector<verdict::Status> expected;
    std::string reason;
    std::string twin;  // file name, empty: none
    std::string source;
};

[[nodiscard]] Result<Attack> parse_attack(std::string_view name, std::string source);
// All files of the folder with an `attack:` line in their head, by name; others are twins. The head
// of each is checked.
[[nodiscard]] Result<std::vector<Attack>> read_attacks(const std::filesystem::path& folder);
// Whether the verdict is one that the head allows.
[[nodiscard]] bool is_expected(const Attack& attack, const verdict::Verdict& verdict);

}  // namespace cupel::cli
