// SPDX-License-Identifier: Apache-2.0
#include "mcp/schema.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "mcp/message.hpp"

namespace cupel::mcp {
namespace {

using nlohmann::json;

bool is_whole(const json& value) {
    if (value.is_number_integer()) return true;
    return value.is_number_float() && std::floor(value.get<double>()) == value.get<double>();
}

bool has_type(std::string_view type, const json& value) {
    if (type == "integer") return is_whole(value);
    if (type == "number") return value.is_number();
    if (type == "null") return value.is_null();
    return type == value.type_name();  // object, array, string, boolean
}

// A schema's type is one name, or a list of them.
std::string type_problem(const json& schema, const json& value) {
    const auto type = schema.find("type");
    if (type == schema.end()) return {};
    const json types = type->is_array() ? *type : json::array({*type});
    std::vector<std::string> names;
    for (const json& one : types) {
        names.push_back(one.get<std::string>());
        if (has_type(names.back(), value)) return {};
    }
    return "expected " + join(names, " or ");
}

std::string scalar_problem(const json& schema, const json& value) {
    if (const auto choices = schema.find("enum"); choices != schema.end()) {
        bool found = false;
        for (const json& choice : *choices)
            found = found || choice == value;
        if (!found) return "expected one of " + compact(*choices);
    }
    if (value.is_number()) {
        if (const auto least = schema.find("minimum"); least != schema.end() && value < *least)
            return "expected at least " + compact(*least);
        if (const auto most = schema.find("maximum"); most != schema.end() && value > *most)
            return "expected at most " + compact(*most);
    }
    const auto longest = schema.find("maxLength");
    if (longest != schema.end() && value.is_string() &&
        value.get_ref<const std::string&>().size() > longest->get<std::size_t>()) {
        return fmt::format("more than {} bytes", longest->get<std::size_t>());
    }
    return {};
}

std::optional<std::string> look(const json& schema, const json& value, const std::string& place);

std::string unknown_property(const json& properties, const std::string& name) {
    std::vector<std::string> names;
    for (const auto& [known, ignored] : properties.items())
        names.push_back(known);
    const auto near = nearest_name(name, names);
    return "not known" + (near ? fmt::format("; did you mean {}?", *near) : "");
}

std::optional<std::string> look_into(const json& schema, const json& object,
                                     const std::string& place) {
    const auto at = [&](const std::string& name) {
        return place.empty() ? name : place + "." + name;
    };
    const json required = schema.value("required", json::array());
    for (const json& name : required) {
        if (!object.contains(name)) return at(name) + ": missing";
    }
    const json properties = schema.value("properties", json::object());
    const auto others = schema.find("additionalProperties");
    for (const auto& [name, value] : object.items()) {
        const auto property = properties.find(name);
        std::optional<std::string> problem;
        if (property != properties.end()) {
            problem = look(*property, value, at(name));
        } else if (others != schema.end() && *others == false) {
            problem = at(name) + ": " + unknown_property(properties, name);
        } else if (others != schema.end() && others->is_object()) {
            problem = look(*others, value, at(name));
        }
        if (problem) return problem;
    }
    return std::nullopt;
}

std::optional<std::string> look(const json& schema, const json& value, const std::string& place) {
    std::string problem = type_problem(schema, value);
    if (problem.empty()) problem = scalar_problem(schema, value);
    if (!problem.empty()) return place.empty() ? problem : place + ": " + problem;
    if (value.is_object()) return look_into(schema, value, place);
    const auto items = schema.find("items");
    if (!value.is_array() || items == schema.end()) return std::nullopt;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (auto wrong = look(*items, value[i], fmt::format("{}[{}]", place, i))) return wrong;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> violation(const json& schema, const json& value) {
    return look(schema, value, "");
}

}  // namespace cupel::mcp
