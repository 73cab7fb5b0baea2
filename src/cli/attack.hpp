// SPDX-License-Identifier: Apache-2.0
// The files of `attacks/`. The head of each says what it is. One that cheats, on which task, and
// which verdict it must get:
//
//   // SPDX-License-Identifier: Apache-2.0
//   // attack: computes half of the rows
//   // task: softmax
//   // set: B=256 N=1024         (optional: sizes)
//   // expect: wrong|cheating    (one of these statuses)
//   // reason: should be|nan     (one of these words of the reason, without regard to case)
//   // twin: honest_rows.cpp     (an honest file beside it, on the same task)
//
// And one that is honest and must never be rejected, whether or not an attack names it as its twin:
//
//   // SPDX-License-Identifier: Apache-2.0
//   // honest: softmax, row by row
//   // task: softmax
//   // set: B=256 N=1024
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "task/task.hpp"
#include "verdict/verdict.hpp"

namespace cupel::cli {

struct Exhibit {
    std::string name;  // of the file, without its ending
    std::string what;
    bool honest = false;
    std::string task;
    std::vector<task::Override> sizes;
    std::vector<verdict::Status> expected;  // of an attack
    std::vector<std::string> reasons;       // empty: any
    std::string twin;                       // file name, empty: none
    std::string source;

    // The same for all that one referee can try: "softmax B=256 N=1024".
    [[nodiscard]] std::string court() const;
};

[[nodiscard]] Result<Exhibit> parse_exhibit(std::string_view name, std::string source);
// All files of the folder with that ending, by name: ".cpp", or ".cu" of device code. Each must
// have a head, and each twin must be there.
[[nodiscard]] Result<std::vector<Exhibit>> read_exhibits(const std::filesystem::path& folder,
                                                         std::string_view ending);
// Whether the verdict is one that the head of an attack allows. Its reason is asked for where the
// kernel is turned away: that it is right and no faster needs none.
[[nodiscard]] bool is_expected(const Exhibit& attack, const verdict::Verdict& verdict);

}  // namespace cupel::cli
