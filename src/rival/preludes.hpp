// SPDX-License-Identifier: Apache-2.0
// C++ that stands before a call: what the names in it mean, for each library.
#pragma once

#include <string>
#include <string_view>

namespace cupel::rival {

extern const std::string_view kOpenBlas;
extern const std::string_view kOneDnn;
extern const std::string_view kTorch;

// What stands before kTorch: the headers that it and `call` need.
[[nodiscard]] std::string torch_includes(std::string_view call);

}  // namespace cupel::rival
