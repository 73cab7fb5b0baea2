// SPDX-License-Identifier: Apache-2.0
// What a screen is worth. A screen has so few processes that their t interval decides only what is
// obvious; for ranking, where layout between processes matters little, its paired rounds say more.
#pragma once

#include <optional>

#include "verdict/verdict.hpp"

namespace cupel::engineer {

struct Reading {
    double log_ratio = 0;   // above 0: faster than what it was compared with
    double half_width = 0;  // 95 %, of the rounds where they were kept, else of the verdict
    bool faster =
        false;  // by the verdict's interval, or by the anytime-valid sign test over the rounds
};

// None where the verdict has no usable ratio.
[[nodiscard]] std::optional<Reading> read_screen(const verdict::Verdict& verdict);

}  // namespace cupel::engineer
