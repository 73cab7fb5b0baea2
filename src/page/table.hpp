// SPDX-License-Identifier: Apache-2.0
// The table of kernels, with their texts to unfold.
#pragma once

#include "base/result.hpp"
#include "page/account.hpp"
#include "page/markup.hpp"

namespace cupel::page {

// The first kMostRows by weight, in order of recording; at most some 8 MB. Texts are read one
// kernel at a time. Errors are those of Account::texts.
[[nodiscard]] Result<void> draw_table(Markup& out, const Account& run);

inline constexpr std::size_t kMostRows = 500;

// Bytes in the page, escaped.
inline constexpr std::size_t kMostFull = 32;  // kernels of whom much is shown
inline constexpr std::size_t kFullText = 24'000;
inline constexpr std::size_t kMostTexts = 128;  // ... and something
inline constexpr std::size_t kText = 6'000;
inline constexpr std::size_t kMostWords = 1'200;  // of a line on a trial, an idea, a finding
inline constexpr std::size_t kFewWords = 240;     // ... where no text is shown

}  // namespace cupel::page
