// SPDX-License-Identifier: Apache-2.0
// What a preprocessor drops: arguments of macros that make nothing of them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cupel::engineer {

// By the name of a macro, whether each of its arguments becomes code; the last is for all
// that are left, as `...` takes them. What is only made a string of is no code.
using MacroUses = std::map<std::string, std::vector<bool>, std::less<>>;
// Of definitions, each from its name on: "D(a, ...) a + 1". Where one is defined again, what any of
// them uses.
[[nodiscard]] MacroUses uses_of_macros(const std::vector<std::string>& definitions);

// As long as before, with spaces for arguments that become no code.
[[nodiscard]] std::string without_dropped_arguments(std::string code, const MacroUses& uses);

}  // namespace cupel::engineer
