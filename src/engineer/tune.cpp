// SPDX-License-Identifier: Apache-2.0
#include "engineer/tune.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include "base/text.hpp"
#include "engineer/cpp_text.hpp"

namespace cupel::engineer {
namespace {

constexpr std::string_view kWord = "CUPEL_TUNE";

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 40 &&
           std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
           std::ranges::all_of(text,
                               [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

std::optional<std::int64_t> number_of(std::string_view text) {
    constexpr std::int64_t kMost = std::int64_t{1} << 40;
    std::int64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (value > kMost || value < -kMost) return std::nullopt;
    return value;
}

Result<Knob> read_knob(std::string_view inside) {
    const std::vector<std::string> parts = split(inside, ',');
    Knob knob;
    knob.name = trim(parts.front());
    if (!is_name(knob.name)) {
        return fail(Errc::Invalid, fmt::format("{}({}): expected a name and whole numbers, such as "
                                               "CUPEL_TUNE(tile, 16, 32)",
                                               kWord, inside));
    }
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const auto value = number_of(trim(parts[i]));
        if (!value) {
            return fail(Errc::Invalid, fmt::format("{}({}, ...): \"{}\" is no whole number", kWord,
                                                   knob.name, trim(parts[i])));
        }
        if (std::ranges::find(knob.values, *value) == knob.values.end())
            knob.values.push_back(*value);
    }
    if (knob.values.empty() || knob.values.size() > TunedText::kMostValues) {
        return fail(Errc::Invalid, fmt::format("{}({}, ...): expected 1 to {} values", kWord,
                                               knob.name, TunedText::kMostValues));
    }
    return knob;
}

bool stands_alone(std::string_view text, std::size_t at) {
    const auto is_part = [&](std::size_t i) {
        return i < text.size() &&
               (std::isalnum(static_cast<unsigned char>(text[i])) != 0 || text[i] == '_');
    };
    return (at == 0 || !is_part(at - 1)) && !is_part(at + kWord.size());
}

// An author who compiles elsewhere, too, defines the word: `#ifndef CUPEL_TUNE`, `#define
// CUPEL_TUNE(name, first, ...) first`. That opens no parameter; `#define TILE CUPEL_TUNE(tile, 8)`
// does.
bool is_of_a_definition(std::string_view code, std::size_t at) {
    const std::size_t line = code.rfind('\n', at) + 1;  // npos + 1 is the first
    std::string_view before = trim(code.substr(line, at - line));
    if (!before.starts_with('#')) return false;
    before = trim(before.substr(1));
    const std::size_t next = code.find_first_not_of(" \t", at + kWord.size());
    const bool is_called = next != std::string_view::npos && code[next] == '(';
    return before == "define" || !is_called;
}

// The next place in the code, not in a comment or a string, where the word stands for a parameter.
std::size_t find_word(std::string_view source, std::string_view code, std::size_t from) {
    std::size_t at = code.find(kWord, from);
    while (at != std::string_view::npos &&
           (!stands_alone(source, at) || is_of_a_definition(code, at)))
        at = code.find(kWord, at + 1);
    return at;
}

// The same length, with spaces for all that is no code.
std::string code_only(std::string_view source) {
    std::string code;
    scan_cpp(source, [&](Span span, std::string_view run) {
        code += span == Span::Code ? std::string(run) : std::string(run.size(), ' ');
    });
    return code;
}

}  // namespace

Result<TunedText> TunedText::read(std::string_view source) {
    TunedText text;
    const std::string code = code_only(source);
    std::size_t done = 0;
    for (std::size_t at = find_word(source, code, 0); at != std::string_view::npos;
         at = find_word(source, code, done)) {
        const std::size_t open = code.find_first_not_of(" \t\n", at + kWord.size());
        const std::size_t close = code.find(')', at);
        if (open == std::string::npos || code[open] != '(' || close == std::string::npos)
            return fail(Errc::Invalid, fmt::format("{} without ( ... )", kWord));
        CUPEL_TRY(Knob knob, read_knob(source.substr(open + 1, close - open - 1)));
        auto known = std::ranges::find(text.knobs_, knob.name, &Knob::name);
        if (known != text.knobs_.end() && *known != knob) {
            return fail(Errc::Invalid,
                        fmt::format("{}({}, ...) has other values elsewhere", kWord, knob.name));
        }
        if (known == text.knobs_.end()) {
            if (text.knobs_.size() == kMostKnobs)
                return fail(Errc::Invalid, fmt::format("more than {} parameters", kMostKnobs));
            text.knobs_.push_back(std::move(knob));
            known = std::prev(text.knobs_.end());
        }
        text.pieces_.push_back({std::string(source.substr(done, at - done)),
                                static_cast<std::size_t>(known - text.knobs_.begin())});
        done = close + 1;
    }
    text.rest_ = source.substr(done);
    return text;
}

std::string TunedText::at(const Setting& setting) const {
    std::string text;
    for (const Piece& piece : pieces_) {
        const std::int64_t value = knobs_[piece.knob].values.at(setting.at(piece.knob));
        text += piece.before;
        text += value < 0 ? fmt::format("({})", value) : std::to_string(value);
    }
    return text + rest_;
}

std::vector<Setting> TunedText::neighbours(const Setting& setting) const {
    std::vector<Setting> around;
    for (std::size_t i = 0; i < knobs_.size(); ++i) {
        // Neighbours in value, however the author ordered them.
        std::vector<std::size_t> order(knobs_[i].values.size());
        for (std::size_t v = 0; v < order.size(); ++v)
            order[v] = v;
        std::ranges::sort(order, {}, [&](std::size_t v) { return knobs_[i].values[v]; });
        const auto place =
            static_cast<std::size_t>(std::ranges::find(order, setting[i]) - order.begin());
        const auto add = [&](std::size_t other) {
            Setting changed = setting;
            changed[i] = order[other];
            around.push_back(std::move(changed));
        };
        if (place + 1 < order.size()) add(place + 1);
        if (place > 0) add(place - 1);
    }
    return around;
}

}  // namespace cupel::engineer
