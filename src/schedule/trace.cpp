// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "schedule/schedule.hpp"

namespace cupel::schedule {

namespace {

constexpr std::size_t kMaxBytes = 64 << 10;
constexpr std::size_t kMaxLines = 256;
constexpr std::size_t kMaxWords = 16;

bool is_word(std::string_view word) {
    return std::ranges::all_of(word, [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
    });
}

std::vector<std::string> words(std::string_view line) {
    std::vector<std::string> found;
    while (true) {
        const std::size_t from = line.find_first_not_of(" \t\r");
        if (from == std::string_view::npos) return found;
        const std::size_t to = std::min(line.find_first_of(" \t\r", from), line.size());
        found.emplace_back(line.substr(from, to - from));
        line.remove_prefix(to);
    }
}

}  // namespace

std::string print_trace(const Trace& trace) {
    std::string text;
    for (const Action& action : trace) {
        text += action.verb + " " + action.stage;
        for (const std::string& argument : action.arguments)
            text += " " + argument;
        text += '\n';
    }
    return text;
}

Result<Trace> parse_trace(std::string_view text) {
    if (text.size() > kMaxBytes) return fail(Errc::Invalid, "the trace is longer than 64 KiB");
    Trace trace;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view written = text.substr(0, end);
        written = written.substr(0, written.find('#'));
        const std::vector<std::string> line = words(written);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) continue;
        const auto refuse = [&](std::string_view why) {
            return fail(Errc::Invalid, fmt::format("trace line {}: {}", number, why));
        };
        if (line.size() < 2) return refuse("expected `verb stage argument...`");
        if (line.size() > kMaxWords) return refuse("more than 16 words");
        if (!std::ranges::all_of(line, is_word)) {
            return refuse("a word may hold letters, digits, '_', '-' and '.' only");
        }
        if (trace.size() == kMaxLines) return refuse("a trace has at most 256 lines");
        trace.push_back({line[0], line[1], {line.begin() + 2, line.end()}});
    }
    return trace;
}

}  // namespace cupel::schedule
