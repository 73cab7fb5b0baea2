// SPDX-License-Identifier: Apache-2.0
// The tree of descent of a run: which kernels are drawn, and where. What leads nowhere is folded
// where there are many, so that a drawing has a bound whatever the run.
//
// The layout is a drawing along heavy paths (Shiloach 1976; Crescenzi, Di Battista and Piperno, "A
// note on optimal area algorithms for upward drawings of binary trees", 1992): each row holds one
// kernel, the child that matters most stands below its parent in the same column, and the others
// one column to the right, between the two. No lines cross, and n kernels take at most 2 + log2(n)
// columns: a telephone is wide enough.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "page/account.hpp"

namespace cupel::page {

inline constexpr std::size_t kFates = 7;
using FateCounts = std::array<std::size_t, kFates>;  // by Fate

// Places of all kernels, those first that a reader asks for first: the winner and what it came of,
// what was judged, what others were measured against, then by figure. Whoever shows only some shows
// the first ones.
[[nodiscard]] std::vector<std::size_t> by_weight(const Account& run);
// The winner, its first parent, and so on up to one that was made from the task alone.
[[nodiscard]] std::vector<std::size_t> line_of(const Account& run);

struct Row {
    enum class Kind { Task, Kernel };
    Kind kind = Kind::Task;
    std::size_t kernel = 0;  // of Kind::Kernel: a place in Account::kernels
    std::size_t above = 0;   // the row that it descends from; of the task its own
    std::size_t column = 0;
    std::size_t skipped = 0;  // generations between the two that are folded
    FateCounts folded = {};   // who descends from it, nearest of those drawn, and is not drawn
    bool on_line = false;     // to the winner
};

struct Descent {
    std::vector<Row> rows;  // from the top; the first is the task
    std::size_t columns = 1;
    std::size_t drawn = 0;   // kernels
    std::size_t folded = 0;  // ... that are not
};

// At most `most` kernels.
[[nodiscard]] Descent descend(const Account& run, std::size_t most);

}  // namespace cupel::page
