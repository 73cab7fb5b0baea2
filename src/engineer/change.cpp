// SPDX-License-Identifier: Apache-2.0
#include "engineer/change.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/text.hpp"

namespace cupel::engineer {
namespace {

constexpr std::size_t kMostLines = 40;       // of a change that is told
constexpr std::size_t kMostCells = 400'000;  // of the table below: some 630 lines each

using Lines = std::vector<std::string>;

Lines code_lines(std::string_view text) {
    Lines lines;
    for (const std::string& line : split(text, '\n'))
        if (!trim(line).empty()) lines.push_back(line);
    return lines;
}

bool same(const std::string& a, const std::string& b) {
    return trim(a) == trim(b);
}

// How many lines the ends from (i, j) on have in common, at most: row by row.
class Common {
public:
    Common(const Lines& a, const Lines& b)
        : columns_(b.size() + 1), cells_((a.size() + 1) * columns_) {
        for (std::size_t i = a.size(); i-- > 0;) {
            for (std::size_t j = b.size(); j-- > 0;) {
                at(i, j) =
                    same(a[i], b[j]) ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
            }
        }
    }
    [[nodiscard]] std::uint32_t& at(std::size_t i, std::size_t j) {
        return cells_[i * columns_ + j];
    }

private:
    std::size_t columns_;
    std::vector<std::uint32_t> cells_;
};

// Takes what both have at their ends away: most of two kernels is the same.
void strip_common(Lines& a, Lines& b) {
    while (!a.empty() && !b.empty() && same(a.back(), b.back())) {
        a.pop_back();
        b.pop_back();
    }
    const auto [first, second] = std::ranges::mismatch(a, b, same);
    a.erase(a.begin(), first);
    b.erase(b.begin(), second);
}

}  // namespace

std::string change_between(std::string_view before, std::string_view after) {
    Lines a = code_lines(before);
    Lines b = code_lines(after);
    strip_common(a, b);
    if ((a.size() + 1) * (b.size() + 1) > kMostCells) return "";
    Common common(a, b);
    std::string text;
    std::size_t told = 0;
    bool apart = false;  // lines that stayed lie behind the last one told
    const auto tell = [&](char sign, const std::string& line) {
        if (apart && told > 0) text += "...\n";
        apart = false;
        ++told;
        text += sign + line + "\n";
    };
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < a.size() || j < b.size()) {
        if (i < a.size() && j < b.size() && same(a[i], b[j])) {
            ++i;
            ++j;
            apart = true;
        } else if (j == b.size() || (i < a.size() && common.at(i + 1, j) >= common.at(i, j + 1))) {
            tell('-', a[i++]);
        } else {
            tell('+', b[j++]);
        }
    }
    return told > kMostLines ? "" : text;
}

}  // namespace cupel::engineer
