// SPDX-License-Identifier: Apache-2.0
// Reading a JSON document that may not be as expected: what is missing or of another type is
// nothing.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace cupel::cli {

[[nodiscard]] inline std::string word(const nlohmann::json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

[[nodiscard]] inline double number(const nlohmann::json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number() ? found->get<double>() : 0.0;
}

}  // namespace cupel::cli
