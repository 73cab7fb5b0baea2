// SPDX-License-Identifier: Apache-2.0
#include "engineer/note.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/text.hpp"

namespace cupel::engineer {
namespace {

constexpr std::string_view kIdea = "idea:";

}  // namespace

std::string print_note(const Note& note) {
    std::string text = fmt::format("{} {}", operator_name(note.way), note.repairs);
    if (!note.idea.empty()) text += fmt::format(" {}{}", kIdea, note.idea);
    for (const std::string& parent : note.parents)
        text += " " + parent;
    return text;
}

std::optional<Note> read_note(std::string_view text) {
    const std::vector<std::string> words = split(text, ' ');
    const auto way = operator_from(words.front());
    if (!way || words.size() < 2 || words[1].size() != 1 || words[1][0] < '0' || words[1][0] > '9')
        return std::nullopt;
    Note note{.way = *way, .repairs = words[1][0] - '0', .idea = {}, .parents = {}};
    for (std::size_t i = 2; i < words.size(); ++i) {
        if (words[i].starts_with(kIdea)) {
            note.idea = words[i].substr(kIdea.size());
        } else if (!words[i].empty()) {
            note.parents.push_back(words[i]);
        }
    }
    return note;
}

std::string print_command_note(const CommandNote& note) {
    std::string text = fmt::format("{} {}", kCommand, note.verdicts);
    for (const std::string& parent : note.parents)
        text += " " + parent;
    return text;
}

std::optional<CommandNote> read_command_note(std::string_view text) {
    std::vector<std::string> words = split(text, ' ');
    if (words.size() < 2 || words[0] != kCommand) return std::nullopt;
    CommandNote note;
    const std::string& number = words[1];
    const auto [end, problem] =
        std::from_chars(number.data(), number.data() + number.size(), note.verdicts);
    if (problem != std::errc{} || end != number.data() + number.size() || note.verdicts < 0)
        return std::nullopt;
    note.parents.assign(words.begin() + 2, words.end());
    return note;
}

}  // namespace cupel::engineer
