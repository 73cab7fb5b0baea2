// SPDX-License-Identifier: Apache-2.0
#include "engineer/reply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace cupel::engineer {
namespace {

constexpr std::string_view kSearch = "<<<<<<< SEARCH";
constexpr std::string_view kMiddle = "=======";
constexpr std::string_view kReplace = ">>>>>>> REPLACE";
constexpr std::size_t kMostEdits = 64;

std::string_view without_end_spaces(std::string_view line) {
    const std::size_t last = line.find_last_not_of(" \t\r");
    return line.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines = split(text, '\n');
    for (std::string& line : lines)
        line = without_end_spaces(line);
    if (!lines.empty() && lines.back().empty()) lines.pop_back();
    return lines;
}

std::string text_of(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines)
        text += line + "\n";
    return text;
}

// The first place at or behind `from` where the lines stand.
std::optional<std::size_t> find_lines(const std::vector<std::string>& in,
                                      const std::vector<std::string>& wanted, std::size_t from) {
    for (std::size_t at = from; at + wanted.size() <= in.size(); ++at) {
        const auto begin = in.begin() + static_cast<std::ptrdiff_t>(at);
        if (std::equal(wanted.begin(), wanted.end(), begin)) return at;
    }
    return std::nullopt;
}

std::string quoted(const std::vector<std::string>& lines) {
    constexpr std::size_t kMost = 100;
    return fmt::format("\"{}\"", trim(lines.front()).substr(0, kMost));
}

}  // namespace

Result<std::string> read_block(std::string_view reply) {
    std::vector<std::string> blocks;
    std::optional<std::string> open;
    for (const std::string& line : split(reply, '\n')) {
        const bool fence = trim(line).starts_with("```");
        if (fence && open) {
            blocks.push_back(std::move(*open));
            open.reset();
        } else if (fence) {
            open.emplace();
        } else if (open) {
            *open += std::string(without_end_spaces(line)) + "\n";
        }
    }
    if (open) return fail(Errc::Invalid, "the block of code does not end");
    if (blocks.empty()) return fail(Errc::Invalid, "there is no block of code between ``` fences");
    if (blocks.size() > 1) {
        return fail(Errc::Invalid,
                    fmt::format("there are {} blocks of code; exactly one is read", blocks.size()));
    }
    if (trim(blocks.front()).empty()) return fail(Errc::Invalid, "the block of code is empty");
    if (blocks.front().size() > kLongestKernel) {
        return fail(Errc::Invalid, fmt::format("the kernel is longer than {}",
                                               format_bytes(static_cast<double>(kLongestKernel))));
    }
    return std::move(blocks.front());
}

Result<std::vector<Replacement>> read_edits(std::string_view reply) {
    enum class Part { Outside, Search, Replace };
    Part part = Part::Outside;
    std::vector<Replacement> edits;
    for (const std::string& whole : split(reply, '\n')) {
        const std::string_view line = without_end_spaces(whole);
        if (line == kSearch && part == Part::Outside) {
            if (edits.size() == kMostEdits)
                return fail(Errc::Invalid, fmt::format("more than {} edits", kMostEdits));
            edits.emplace_back();
            part = Part::Search;
        } else if (line == kMiddle && part == Part::Search) {
            part = Part::Replace;
        } else if (line == kReplace && part == Part::Replace) {
            part = Part::Outside;
        } else if (line == kSearch || line == kReplace) {
            return fail(Errc::Invalid, "the markers of an edit are out of order");
        } else if (part != Part::Outside) {
            std::string& into = part == Part::Search ? edits.back().search : edits.back().replace;
            into += std::string(line) + "\n";
        }
    }
    if (part != Part::Outside) return fail(Errc::Invalid, "the last edit does not end");
    if (edits.empty())
        return fail(Errc::Invalid, fmt::format("there is no edit ({} ... {})", kSearch, kReplace));
    for (const Replacement& edit : edits) {
        if (trim(edit.search).empty()) return fail(Errc::Invalid, "an edit searches for nothing");
    }
    return edits;
}

Result<std::string> apply_edits(std::string_view source, const std::vector<Replacement>& edits) {
    std::vector<std::string> text = lines_of(source);
    for (const Replacement& edit : edits) {
        const std::vector<std::string> wanted = lines_of(edit.search);
        const auto at = find_lines(text, wanted, 0);
        if (!at) {
            return fail(Errc::Invalid, fmt::format("the lines to be replaced do not stand in the "
                                                   "kernel: {}",
                                                   quoted(wanted)));
        }
        if (find_lines(text, wanted, *at + 1)) {
            return fail(Errc::Invalid, fmt::format("the lines to be replaced stand in the kernel "
                                                   "more than once: {}",
                                                   quoted(wanted)));
        }
        const auto begin = text.begin() + static_cast<std::ptrdiff_t>(*at);
        const auto after = text.erase(begin, begin + static_cast<std::ptrdiff_t>(wanted.size()));
        const std::vector<std::string> instead = lines_of(edit.replace);
        text.insert(after, instead.begin(), instead.end());
    }
    std::string result = text_of(text);
    if (result.size() > kLongestKernel) return fail(Errc::Invalid, "the kernel grew too long");
    if (result == text_of(lines_of(source))) return fail(Errc::Invalid, "the edits change nothing");
    return result;
}

std::string read_idea(std::string_view reply) {
    constexpr std::size_t kMost = 200;
    constexpr std::string_view kMark = "IDEA:";
    for (const std::string& line : split(reply, '\n')) {
        const std::string_view words = trim(line);
        if (!words.starts_with(kMark)) continue;
        std::string idea;
        for (const char c : trim(words.substr(kMark.size())).substr(0, kMost)) {
            if (c >= ' ' && c <= '~') idea += c;
        }
        return idea;
    }
    return "";
}

}  // namespace cupel::engineer
