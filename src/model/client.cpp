// SPDX-License-Identifier: Apache-2.0
#include "model/client.hpp"

#include <array>
#include <utility>

namespace cupel::model {
namespace {

constexpr std::array<std::pair<Ending, std::string_view>, 3> kEndings = {{
    {Ending::Whole, "whole"},
    {Ending::Cut, "cut"},
    {Ending::Declined, "declined"},
}};

constexpr std::array<std::pair<FaultKind, std::string_view>, 10> kFaults = {{
    {FaultKind::Transient, "transient"},
    {FaultKind::Refused, "refused"},
    {FaultKind::Unfit, "unfit"},
    {FaultKind::SpendCap, "spend_cap"},
    {FaultKind::Budget, "budget"},
    {FaultKind::Nonsense, "nonsense"},
    {FaultKind::TooLarge, "too_large"},
    {FaultKind::NotRecorded, "not_recorded"},
    {FaultKind::Stopped, "stopped"},
    {FaultKind::Storage, "storage"},
}};

template <class Value, std::size_t N>
std::string_view name_in(const std::array<std::pair<Value, std::string_view>, N>& table,
                         Value value) {
    for (const auto& [each, name] : table) {
        if (each == value) return name;
    }
    return "";
}

template <class Value, std::size_t N>
std::optional<Value> value_in(const std::array<std::pair<Value, std::string_view>, N>& table,
                              std::string_view wanted) {
    for (const auto& [value, name] : table) {
        if (name == wanted) return value;
    }
    return std::nullopt;
}

}  // namespace

std::string_view ending_name(Ending ending) {
    return name_in(kEndings, ending);
}

std::optional<Ending> ending_from(std::string_view name) {
    return value_in(kEndings, name);
}

std::string_view fault_name(FaultKind kind) {
    return name_in(kFaults, kind);
}

std::optional<FaultKind> fault_from(std::string_view name) {
    return value_in(kFaults, name);
}

}  // namespace cupel::model
