// SPDX-License-Identifier: Apache-2.0
// What stands in the note of a recorded question: all that is needed to read its answer later.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engineer/operators.hpp"

namespace cupel::engineer {

struct Note {
    Operator way = Operator::Translate;
    int repairs = 0;                   // how often its kernel was mended before
    std::string idea;                  // that it carries out: Idea::id, or empty
    std::vector<std::string> parents;  // hashes of the sources that it was shown
    bool operator==(const Note&) const = default;
};

[[nodiscard]] std::string print_note(const Note& note);  // "write 0 idea:3fa1c2d4e5f6.1 <hash>"
[[nodiscard]] std::optional<Note> read_note(std::string_view text);

// Of a program that is called, its provider's name in the recording, and author and way of what it
// writes. It has no operators: its note says how many verdicts there were when it was called, and
// what it was shown, "command 12 <hash>".
struct CommandNote {
    std::int64_t verdicts = 0;
    std::vector<std::string> parents;  // hashes of sources
};
inline constexpr const char* kCommand = "command";
[[nodiscard]] std::string print_command_note(const CommandNote& note);
[[nodiscard]] std::optional<CommandNote> read_command_note(std::string_view text);

}  // namespace cupel::engineer
