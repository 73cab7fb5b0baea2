// SPDX-License-Identifier: Apache-2.0
// Words that the instructions of matrices share.
#pragma once

#include "emulator/decoder.hpp"
#include "emulator/tensor_rule.hpp"

namespace cupel::emulator {

[[nodiscard]] bool accept_shape(Words& words, MatrixOperation& op);  // "m16n8k16"
[[nodiscard]] std::optional<Element> element_named(std::string_view name);
[[nodiscard]] std::optional<Accumulator> accumulator_named(std::string_view name);

}  // namespace cupel::emulator
