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

// Where nothing is timed: the log of how near a kernel's bound is to what no kernel beats, 0 at
// best. Bounds within a thousandth of each other are told apart by what they load the device with.
// None where the bound says nothing.
[[nodiscard]] std::optional<double> score_of(const verdict::Bound& bound);
// More than this is a gain between two such scores.
inline constexpr double kLeastBoundGain = 1e-5;

}  // namespace cupel::engineer
