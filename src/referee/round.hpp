// SPDX-License-Identifier: Apache-2.0
// What is left to chance in a round of a race. Pure functions of numbers that were drawn in secret,
// so that their odds can be tested.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "referee/question.hpp"

namespace cupel::referee {

inline constexpr int kSingleEvery = 4;            // one window in four asks one question (law 4)
inline constexpr std::uint64_t kWideEvery = 8;    // by chance
inline constexpr std::uint64_t kExactEvery = 4;   // by chance, where the task has such
inline constexpr std::uint64_t kSparedEvery = 8;  // by chance, a reference that is hardly asked

// Questions in the window of the `timed`-th timed round, where a full window holds `full`.
[[nodiscard]] int questions_in(int full, int timed, std::uint64_t drawn);

// Widened questions are drawn one by one where `polynomial`; else by whole rounds.
[[nodiscard]] Kind draw_kind(bool polynomial, std::uint64_t drawn);

// Slots whose answers are compared whole: as many as cost little beside asking; an exact question
// before others, every second time, for there not one bit may differ.
[[nodiscard]] std::vector<int> draw_watched(std::span<const Kind> kinds, std::size_t answer_bytes,
                                            std::uint64_t seed);

}  // namespace cupel::referee
