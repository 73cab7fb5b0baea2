// SPDX-License-Identifier: Apache-2.0
#include "engineer/prose_macros.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <optional>

#include "base/text.hpp"
#include "engineer/prose_words.hpp"

namespace cupel::engineer {
namespace {

bool is_name_char(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::size_t end_of_name(std::string_view code, std::size_t at) {
    while (at < code.size() && is_name_char(code[at]))
        ++at;
    return at;
}

struct Arguments {
    std::vector<std::pair<std::size_t, std::size_t>> spans;  // begin and end of each
    std::size_t end = 0;                                     // of the parenthesis
};

// Parted by commas that stand in no other parentheses. Of the call whose name ends there; none
// where no parenthesis follows, or it is not closed.
std::optional<Arguments> arguments_at(std::string_view code, std::size_t at) {
    while (at < code.size() && std::isspace(static_cast<unsigned char>(code[at])) != 0)
        ++at;
    if (at >= code.size() || code[at] != '(') return std::nullopt;
    Arguments found;
    int depth = 0;
    std::size_t begin = at + 1;
    for (; at < code.size(); ++at) {
        const char c = code[at];
        if (c == '(') ++depth;
        if (c == ')') --depth;
        if (depth != 0 && !(depth == 1 && c == ',')) continue;
        found.spans.emplace_back(begin, at);
        begin = at + 1;
        found.end = at + 1;
        if (depth == 0) return found;
    }
    return std::nullopt;
}

struct Macro {
    std::vector<std::string> parameters;  // "..." is __VA_ARGS__
    std::string body;
    bool variadic = false;
};

// None: it takes no arguments.
std::optional<Macro> read_macro(std::string_view definition) {
    const std::size_t name = end_of_name(definition, 0);
    if (name >= definition.size() || definition[name] != '(') return std::nullopt;
    const std::size_t close = std::min(definition.find(')', name), definition.size() - 1);
    Macro macro;
    macro.body = definition.substr(close + 1);
    const std::vector<std::string> words =
        split(definition.substr(name + 1, close - name - 1), ',');
    for (const std::string& word : words) {
        std::string_view parameter = trim(word);
        if (parameter.ends_with("...")) {
            macro.variadic = true;
            parameter = trim(parameter.substr(0, parameter.size() - 3));
            if (parameter.empty()) parameter = "__VA_ARGS__";
        }
        macro.parameters.emplace_back(parameter);
    }
    return macro;
}

// As code: `#x` makes a string of it, `a##x` a name.
bool uses(std::string_view body, std::string_view parameter) {
    for (std::size_t at = 0; at < body.size();) {
        if (!is_name_char(body[at])) {
            ++at;
            continue;
        }
        const std::size_t end = end_of_name(body, at);
        const std::string_view before = trim(body.substr(0, at));
        const bool string = before.ends_with('#') && !before.ends_with("##");
        if (body.substr(at, end - at) == parameter && !string) return true;
        at = end;
    }
    return false;
}

}  // namespace

MacroUses uses_of_macros(const std::vector<std::string>& definitions) {
    constexpr int kMostRounds = 8;
    std::vector<std::pair<std::string, Macro>> macros;
    for (const std::string& definition : definitions) {
        if (auto macro = read_macro(definition)) {
            macros.emplace_back(definition.substr(0, end_of_name(definition, 0)),
                                *std::move(macro));
        }
    }
    // What one hands on to another that drops it is dropped, too.
    MacroUses all;
    for (int round = 0; round < kMostRounds; ++round) {
        MacroUses now;
        for (const auto& [name, macro] : macros) {
            const std::string body = without_dropped_arguments(macro.body, all);
            std::vector<bool>& used = now[name];
            const std::size_t more = macro.variadic ? 0 : 1;  // what is too much is no code
            used.resize(std::max(used.size(), macro.parameters.size() + more));
            for (std::size_t i = 0; i < macro.parameters.size(); ++i)
                used[i] = used[i] || uses(body, macro.parameters[i]);
        }
        if (now == all) break;
        all = std::move(now);
    }
    return all;
}

std::string without_dropped_arguments(std::string code, const MacroUses& uses) {
    if (uses.empty()) return code;
    for (std::size_t at = 0; at < code.size();) {
        if (!is_name_char(code[at])) {
            ++at;
            continue;
        }
        const std::size_t end = end_of_name(code, at);
        const auto macro = uses.find(std::string_view(code).substr(at, end - at));
        at = end;
        const auto found = macro == uses.end() ? std::nullopt : arguments_at(code, end);
        if (!found) continue;
        for (std::size_t i = 0; i < found->spans.size(); ++i) {
            const std::size_t which = std::min(i, macro->second.size() - 1);
            if (macro->second[which]) continue;
            for (std::size_t k = found->spans[i].first; k < found->spans[i].second; ++k)
                if (code[k] != '\n') code[k] = ' ';
        }
    }
    return code;
}

}  // namespace cupel::engineer
