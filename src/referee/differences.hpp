// SPDX-License-Identifier: Apache-2.0
// Where two JSON documents part. Private to the room.
#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

namespace cupel::referee {

// The path of the first field that differs ("claim.samples[3].seconds"), or nothing. Numbers may
// differ by that share of themselves: two machines round exp and log differently.
[[nodiscard]] inline std::optional<std::string> first_difference(const nlohmann::json& a,
                                                                 const nlohmann::json& b,
                                                                 const std::string& path,
                                                                 double tolerance = 0) {
    if (a.is_number() && b.is_number()) {
        // By their digits, as 1 and 1.0 are not the same text.
        if (tolerance <= 0) return a.dump() == b.dump() ? std::nullopt : std::optional(path);
        const double x = a.get<double>();
        const double y = b.get<double>();
        if (std::abs(x - y) <= tolerance * std::max(std::abs(x), std::abs(y))) return std::nullopt;
        return path;
    }
    if (a.type() != b.type()) return path;
    if (a.is_object()) {
        const auto at = [&](const std::string& name) {
            return path.empty() ? name : path + "." + name;
        };
        for (const auto& [name, value] : a.items()) {
            if (!b.contains(name)) return at(name);
            if (auto found = first_difference(value, b.at(name), at(name), tolerance)) return found;
        }
        for (const auto& [name, value] : b.items()) {
            if (!a.contains(name)) return at(name);
        }
        return std::nullopt;
    }
    if (a.is_array()) {
        if (a.size() != b.size()) return path;
        for (std::size_t i = 0; i < a.size(); ++i) {
            if (auto found =
                    first_difference(a[i], b[i], path + "[" + std::to_string(i) + "]", tolerance))
                return found;
        }
        return std::nullopt;
    }
    return a.dump() == b.dump() ? std::nullopt : std::optional(path);
}

}  // namespace cupel::referee
