// SPDX-License-Identifier: Apache-2.0
// The framed card that ends a command in the terminal, and that summary.txt holds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/style.hpp"
#include "verdict/verdict.hpp"

namespace cupel::report {

struct Row {
    std::string label;               // empty: the text goes on below the row before
    std::vector<std::string> lines;  // each wrapped on its own
};

struct Card {
    std::string title;
    std::string seal;  // at the right of the title: "certified", "wrong"
    Tone tone = Tone::Plain;
    std::string headline;
    std::vector<Row> rows;
    std::string footer;
};

// `columns` wide, the frame included; ends with a newline.
[[nodiscard]] std::string draw(const Card& card, const Style& style, std::size_t columns);

[[nodiscard]] Tone tone_of(verdict::Status status);
// The rows that every verdict has: speed, ceiling, what was checked, isolation, conditions.
[[nodiscard]] std::vector<Row> verdict_rows(const verdict::Verdict& verdict);
// "not resolved"
[[nodiscard]] std::string seal_of(verdict::Status status);
// "5.31x [5.28, 5.34]"
[[nodiscard]] std::string format_interval(const verdict::Interval& interval);

}  // namespace cupel::report
