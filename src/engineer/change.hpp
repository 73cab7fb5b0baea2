// SPDX-License-Identifier: Apache-2.0
// What one kernel changed of another, in a few lines for whoever goes on from there.
#pragma once

#include <string>
#include <string_view>

namespace cupel::engineer {

// Lines that went, behind "-", and lines that came, behind "+", in order; "..." stands between
// places that lie apart. Empty where nothing changed, and where so much did that it says nothing.
// Both texts are of kernels, and are given as prompts show them.
[[nodiscard]] std::string change_between(std::string_view before, std::string_view after);

}  // namespace cupel::engineer
