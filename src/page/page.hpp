// SPDX-License-Identifier: Apache-2.0
// One page of HTML that shows a run: what is claimed, how the best came to be, who descends from
// whom, every kernel's text and verdict, what it cost, and how to verify it. It stands alone: no
// script, nothing fetched. docs/page.md says what is on it.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.hpp"
#include "page/account.hpp"

namespace cupel::page {

// Whatever the run, and whoever wrote its texts.
inline constexpr std::size_t kLargestPage = std::size_t{12} << 20;

// The whole page. Errors are those of Account::texts.
[[nodiscard]] Result<std::string> print(const Account& run);

}  // namespace cupel::page
