// SPDX-License-Identifier: Apache-2.0
// The part of JSON Schema (2020-12) that our tools describe themselves in: type, enum, minimum,
// maximum, maxLength, required, properties, additionalProperties, items. What is published is what
// is enforced.
#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace cupel::mcp {

// What is wrong with the value, with the place and what was expected there; nothing where it fits.
[[nodiscard]] std::optional<std::string> violation(const nlohmann::json& schema,
                                                   const nlohmann::json& value);

}  // namespace cupel::mcp
