// SPDX-License-Identifier: Apache-2.0
// Wrong answers made from a right one, whatever the formula is. Private to admission.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "task/task.hpp"

namespace cupel::referee {

using Bytes = std::vector<std::byte>;
using Answer = std::vector<Bytes>;  // one per output

inline constexpr std::string_view kPreviousAnswer = "the answer to the question before";

struct Exchange {  // what an answer is made of
    const std::vector<Bytes>& question;
    const Answer& honest;
    const Answer& previous;  // right, for another question
};

struct Shortcut {
    std::string name;
    std::function<Answer(const Exchange&)> make;
    // Does not apply where it leaves the answer as it is (one element has no tile).
    bool must_differ = false;
};
[[nodiscard]] std::vector<Shortcut> shortcuts(const task::Task& task);

}  // namespace cupel::referee
