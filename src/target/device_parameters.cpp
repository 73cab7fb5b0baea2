// SPDX-License-Identifier: Apache-2.0
#include "target/device_parameters.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"

namespace cupel::target {
namespace {

using Words = std::vector<std::string_view>;

constexpr auto kQualifiers =
    std::to_array<std::string_view>({"const", "volatile", "__restrict__", "__restrict", "restrict",
                                     "signed", "std", "__grid_constant__"});
constexpr auto kElements = std::to_array<std::pair<std::string_view, ElementType>>({
    {"float", {4, true}},
    {"double", {8, true}},
    {"half", {2, true}},
    {"__half", {2, true}},
    {"__nv_bfloat16", {2, true}},
    {"int", {4, false}},
    {"unsigned", {4, false}},
    {"unsigned int", {4, false}},
    {"short", {2, false}},
    {"unsigned short", {2, false}},
    {"long long", {8, false}},
    {"unsigned long long", {8, false}},
    {"int32_t", {4, false}},
    {"uint32_t", {4, false}},
    {"int16_t", {2, false}},
    {"uint16_t", {2, false}},
    {"int64_t", {8, false}},
    {"uint64_t", {8, false}},
});

Words words_in(std::string_view text) {
    Words words;
    for (std::size_t i = 0; i < text.size();) {
        if (!is_name_byte(text[i])) {
            ++i;
            continue;
        }
        const std::size_t begin = i;
        while (i < text.size() && is_name_byte(text[i]))
            ++i;
        words.push_back(text.substr(begin, i - begin));
    }
    return words;
}

bool is_qualifier(std::string_view word) {
    return std::ranges::find(kQualifiers, word) != kQualifiers.end();
}

bool is_plain(char c) {
    return is_name_byte(c) || c == ' ' || c == '\t' || c == '\n' || c == '*' || c == ':';
}

// Templates, references, arrays, attributes and defaults are left to the compiler.
DeviceParameter read_parameter(std::string_view text) {
    DeviceParameter parameter{.text = std::string(trim(text)), .element = {}};
    const auto stars = std::ranges::count(text, '*');
    if (stars > 1 || !std::ranges::all_of(text, is_plain)) return parameter;
    if (stars == 1) {
        parameter.known = true;
        parameter.pointer = true;
        parameter.element = element_type(text.substr(0, text.find('*')));
        return parameter;
    }
    // Its last word is its name, unless it has none.
    std::string_view type = trim(text);
    while (!type.empty() && is_name_byte(type.back()))
        type.remove_suffix(1);
    parameter.known = element_type(type).bytes > 0;
    return parameter;
}

// From behind the parenthesis that opens the list to the one that closes it.
std::optional<std::vector<DeviceParameter>> read_list(std::string_view code, std::size_t at) {
    std::vector<DeviceParameter> list;
    int depth = 0;
    std::size_t begin = at;
    for (; at < code.size(); ++at) {
        const char c = code[at];
        if (c == '(' || c == '<' || c == '[' || c == '{') ++depth;
        const bool ends = c == ')' && depth == 0;
        if (!ends && (c == ')' || c == '>' || c == ']' || c == '}')) --depth;
        if (!ends && (c != ',' || depth > 0)) continue;
        const std::string_view text = code.substr(begin, at - begin);
        if (!(ends && list.empty() && trim(text).empty())) list.push_back(read_parameter(text));
        if (ends) return list;
        begin = at + 1;
    }
    return std::nullopt;
}

// Whether what leads to a name declares it as a kernel.
bool is_kernel(std::string_view before) {
    const std::size_t start = before.find_last_of(";}#");
    if (start != std::string_view::npos) before.remove_prefix(start + 1);
    return before.contains("__global__");
}

}  // namespace

ElementType element_type(std::string_view type) {
    std::string words;
    for (const std::string_view word : words_in(type)) {
        if (is_qualifier(word)) continue;
        words += (words.empty() ? "" : " ") + std::string(word);
    }
    const auto* const found = std::ranges::find(kElements, std::string_view(words),
                                                &std::pair<std::string_view, ElementType>::first);
    return found == kElements.end() ? ElementType{} : found->second;
}

bool may_point_to(const ElementType& pointee, const ElementType& array) {
    if (pointee.bytes == 0 || array.bytes == 0) return true;
    return pointee.bytes == array.bytes && (pointee.real == array.real || pointee.bytes == 2);
}

std::optional<std::vector<DeviceParameter>> parameters_of(const DeviceText& text,
                                                          std::string_view kernel) {
    const std::string_view code = text.code;
    std::optional<std::vector<DeviceParameter>> found;
    for (std::size_t at = code.find(kernel); at != std::string_view::npos;
         at = code.find(kernel, at + 1)) {
        std::size_t after = at + kernel.size();
        if ((at > 0 && is_name_byte(code[at - 1])) ||
            (after < code.size() && is_name_byte(code[after])))
            continue;
        while (after < code.size() && (code[after] == ' ' || code[after] == '\n'))
            ++after;
        if (after == code.size() || code[after] != '(' || !is_kernel(code.substr(0, at))) continue;
        auto list = read_list(code, after + 1);
        // A declaration before the definition says the same; an overload does not.
        if (!list || (found && found->size() != list->size())) return std::nullopt;
        found = std::move(list);
    }
    return found;
}

}  // namespace cupel::target
