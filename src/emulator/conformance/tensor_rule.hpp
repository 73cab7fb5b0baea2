// SPDX-License-Identifier: Apache-2.0
// What a matrix instruction must give for a tile, under a rule: the float model of tensor_core.hpp,
// the order of f64 sums, exact integers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emulator/conformance/tensor_form.hpp"

namespace cupel::emulator::conformance {

struct TensorRule {
    TensorCoreModel model;
    // f64 only: a chain of fused multiply-adds, k rising or falling, or `pairs` of products first.
    enum class Order : std::uint8_t { Rising, Falling, Pairs } order = Order::Rising;

    bool operator==(const TensorRule&) const = default;
};

[[nodiscard]] std::string describe(const TensorForm& form, const TensorRule& rule);

// m * n results, row by row.
[[nodiscard]] std::vector<std::uint64_t> expected_tile(const TensorForm& form,
                                                       const TensorRule& rule, const Tile& tile);

// The rules worth trying, the likeliest first.
[[nodiscard]] std::vector<TensorRule> candidate_rules(const TensorForm& form);

}  // namespace cupel::emulator::conformance
