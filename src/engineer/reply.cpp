// SPDX-License-Identifier: Apache-2.0
#include "engineer/reply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "base/bundle.hpp"
#include "base/text.hpp"
#include "engineer/cpp_text.hpp"
#include "engineer/prose_words.hpp"

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

constexpr std::string_view kOnlyThoughts = "the reply ends within the model's thoughts";

struct Block {
    std::string label;      // "cpp", or nothing
    std::string name = {};  // that others may include it by, or nothing
    std::string text = {};
};

// A file's name that words begin with: those behind a fence ("cpp tile.hpp", "cpp:tile.hpp",
// "cpp title=\"tile.hpp\"") or those of a comment ("// file: tile.hpp").
std::string name_in(std::string_view words) {
    constexpr std::size_t kMostWords = 3;
    std::string plain(words);
    std::ranges::replace_if(
        plain, [](char c) { return std::string_view("`:=\"'{}()*\t").contains(c); }, ' ');
    std::size_t count = 0;
    std::string name;
    for (const std::string& word : split(plain, ' ')) {
        if (!word.empty()) ++count;
        if (name.empty() && may_be_included(word)) name = word;
    }
    return count <= kMostWords ? name : "";
}

void take_name(Block& block, std::string_view fence) {
    block.name = name_in(fence);
    const std::string_view text = block.text;
    const std::string_view first = trim(text.substr(0, text.find('\n')));
    const bool comment = first.starts_with("//") || first.starts_with("/*");
    if (block.name.empty() && comment) block.name = name_in(first.substr(2));
    // A name in the place of a language.
    if (block.name.starts_with(block.label + ".")) block.label.clear();
}

// What stands behind a fence, without what some put behind the language ("cpp title=...").
std::string label_of(std::string_view fence) {
    std::string label;
    for (const char c : trim(fence.substr(std::min(fence.size(), fence.find_first_not_of('`'))))) {
        const auto code = static_cast<unsigned char>(c);
        if (std::isalnum(code) == 0 && c != '+') break;
        label += static_cast<char>(std::tolower(code));
    }
    return label;
}

Result<std::vector<Block>> blocks_of(std::string_view reply) {
    std::vector<Block> blocks;
    std::string fence;
    bool open = false;
    for (const std::string& line : split(reply, '\n')) {
        if (const std::string_view words = trim(line); words.starts_with("```")) {
            if (!open) blocks.push_back({.label = label_of(words)});
            if (open) take_name(blocks.back(), fence);
            fence = words;
            open = !open;
        } else if (open) {
            blocks.back().text += std::string(without_end_spaces(line)) + "\n";
        }
    }
    if (open) return fail(Errc::Invalid, "the block of code does not end");
    return blocks;
}

// A command, an output or an example of a call may stand in a block of its own beside the kernel's.
bool could_be_kernel(const Block& block) {
    constexpr std::array<std::string_view, 8> kLabels = {"",    "c",   "cc", "cpp",
                                                         "c++", "cxx", "cu", "cuda"};
    if (std::ranges::find(kLabels, block.label) == kLabels.end()) return false;
    std::string code;
    scan_cpp(block.text, [&](Span span, std::string_view run) {
        if (span == Span::Code) code += run;
    });
    const std::vector<std::string> words = words_of(code);
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "__global__") return true;
        if (words[i] == "void" && i + 1 < words.size() && words[i + 1] == "kernel") return true;
    }
    return false;
}

// What of several files is the kernel itself: included by no other.
void leave_out_included(std::vector<const Block*>& kernels) {
    const auto all = kernels;
    std::erase_if(kernels, [&](const Block* one) {
        return !one->name.empty() && std::ranges::any_of(all, [&](const Block* other) {
            return other != one && other->text.contains("\"" + one->name + "\"");
        });
    });
}

// A reply reads no file of anybody's: what it includes stands in it.
Result<std::string> with_blocks(const Block& kernel, const std::vector<Block>& blocks) {
    const auto read = [&](const std::string& path) -> Result<std::optional<std::string>> {
        const auto found = std::ranges::find(blocks, path, &Block::name);
        if (found == blocks.end()) return std::nullopt;
        return found->text;
    };
    // One text is what its author is shown again, so lines are told as those of one.
    return bundle(kernel.text, {.file = "the kernel", .most_bytes = kLongestKernel, .marks = false},
                  read);
}

}  // namespace

std::optional<std::string_view> behind_thoughts(std::string_view reply) {
    using Tags = std::array<std::string_view, 2>;
    constexpr std::array<Tags, 4> kTags = {{{"<think>", "</think>"},
                                            {"<thinking>", "</thinking>"},
                                            {"<seed:think>", "</seed:think>"},
                                            {"[THINK]", "[/THINK]"}}};
    std::size_t from = 0;
    for (const Tags& tags : kTags) {
        const std::size_t at = reply.rfind(tags[1]);
        if (at != std::string_view::npos) from = std::max(from, at + tags[1].size());
    }
    reply.remove_prefix(from);
    const bool open = std::ranges::any_of(
        kTags, [&](const Tags& tags) { return trim(reply).starts_with(tags[0]); });
    return open ? std::nullopt : std::optional(reply);
}

Result<std::string> read_block(std::string_view reply) {
    const auto said = behind_thoughts(reply);
    if (!said) return fail(Errc::Invalid, std::string(kOnlyThoughts));
    CUPEL_TRY(const std::vector<Block> blocks, blocks_of(*said));
    if (blocks.empty()) return fail(Errc::Invalid, "there is no block of code between ``` fences");
    std::vector<const Block*> kernels;
    for (const Block& block : blocks)
        if (blocks.size() == 1 || could_be_kernel(block)) kernels.push_back(&block);
    if (kernels.size() > 1) leave_out_included(kernels);
    if (kernels.size() != 1) {
        return fail(Errc::Invalid,
                    fmt::format("there are {} blocks of code; exactly one is read", blocks.size()));
    }
    CUPEL_TRY(std::string text, with_blocks(*kernels.front(), blocks));
    if (trim(text).empty()) return fail(Errc::Invalid, "the block of code is empty");
    if (text.size() > kLongestKernel) {
        return fail(Errc::Invalid, fmt::format("the kernel is longer than {}",
                                               format_bytes(static_cast<double>(kLongestKernel))));
    }
    return text;
}

Result<std::vector<Replacement>> read_edits(std::string_view reply) {
    enum class Part { Outside, Search, Replace };
    Part part = Part::Outside;
    std::vector<Replacement> edits;
    const auto said = behind_thoughts(reply);
    if (!said) return fail(Errc::Invalid, std::string(kOnlyThoughts));
    for (const std::string& whole : split(*said, '\n')) {
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
    for (const std::string& line : split(behind_thoughts(reply).value_or(""), '\n')) {
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
