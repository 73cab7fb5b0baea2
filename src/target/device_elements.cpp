// SPDX-License-Identifier: Apache-2.0
#include "target/device_elements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"

namespace cupel::target {
namespace {

using NamedBytes = std::pair<std::string_view, std::uint64_t>;

constexpr auto kPlainElements = std::to_array<NamedBytes>({
    {"float", 4},
    {"double", 8},
    {"bool", 1},
    {"size_t", 8},
    {"int8_t", 1},
    {"uint8_t", 1},
    {"int16_t", 2},
    {"uint16_t", 2},
    {"int32_t", 4},
    {"uint32_t", 4},
    {"int64_t", 8},
    {"uint64_t", 8},
    {"half", 2},
    {"__half", 2},
    {"half2", 4},
    {"__half2", 4},
    {"__nv_bfloat16", 2},
    {"nv_bfloat16", 2},
    {"__nv_bfloat162", 4},
    {"nv_bfloat162", 4},
    {"bf16", 2},
    {"bfloat16", 2},
    {"f16", 2},
    {"f32", 4},
    {"f64", 8},
    {"i8", 1},
    {"i32", 4},
    {"i64", 8},
});

// Of vectors: char3 has three times as many bytes, with nothing between or behind.
constexpr auto kVectorElements = std::to_array<NamedBytes>({
    {"char", 1},
    {"uchar", 1},
    {"short", 2},
    {"ushort", 2},
    {"int", 4},
    {"uint", 4},
    {"long", 8},
    {"ulong", 8},
    {"longlong", 8},
    {"ulonglong", 8},
    {"float", 4},
    {"double", 8},
});

constexpr auto kSpeltElements = std::to_array<std::string_view>(
    {"int", "unsigned", "unsigned int", "char", "signed char", "unsigned char", "short",
     "unsigned short", "long", "unsigned long", "long long", "unsigned long long"});

// C's whole numbers: `unsigned long long int` has its words in any order.
std::optional<std::uint64_t> integer_bytes(std::string_view type) {
    int signs = 0;
    int ints = 0;
    int chars = 0;
    int shorts = 0;
    int longs = 0;
    for (const std::string& word : split(type, ' ')) {
        int* const count = word == "signed" || word == "unsigned" ? &signs
                           : word == "int"                        ? &ints
                           : word == "char"                       ? &chars
                           : word == "short"                      ? &shorts
                           : word == "long"                       ? &longs
                                                                  : nullptr;
        if (count == nullptr) return std::nullopt;
        ++*count;
    }
    if (signs > 1 || ints > 1 || chars > 1 || shorts > 1 || longs > 2) return std::nullopt;
    if (chars > 0)
        return ints + shorts + longs > 0 ? std::nullopt : std::optional<std::uint64_t>(1);
    if (shorts > 0) return longs > 0 ? std::nullopt : std::optional<std::uint64_t>(2);
    return longs > 0 ? 8 : 4;
}

// double4_16a and double4_32a are CUDA 13's names for the same elements at another alignment.
std::optional<std::uint64_t> vector_bytes(std::string_view type) {
    const bool aligned = type.ends_with("4_16a") || type.ends_with("4_32a");
    if (aligned) type.remove_suffix(4);
    if (type.empty() || type.back() < '1' || type.back() > '4') return std::nullopt;
    const auto count = static_cast<std::uint64_t>(type.back() - '0');
    type.remove_suffix(1);
    const auto* const found = std::ranges::find(kVectorElements, type, &NamedBytes::first);
    if (found == kVectorElements.end() || (aligned && found->second != 8)) return std::nullopt;
    return count * found->second;
}

}  // namespace

std::optional<std::uint64_t> element_bytes(std::string_view type) {
    const auto* const found = std::ranges::find(kPlainElements, type, &NamedBytes::first);
    if (found != kPlainElements.end()) return found->second;
    if (const auto bytes = vector_bytes(type)) return bytes;
    return integer_bytes(type);
}

std::vector<std::string> element_names() {
    std::vector<std::string> names(kSpeltElements.begin(), kSpeltElements.end());
    for (const auto& [name, bytes] : kPlainElements)
        names.emplace_back(name);
    for (const auto& [name, bytes] : kVectorElements) {
        for (int count = 1; count <= 4; count++)
            names.push_back(fmt::format("{}{}", name, count));
    }
    return names;
}

}  // namespace cupel::target
