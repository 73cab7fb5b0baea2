// SPDX-License-Identifier: Apache-2.0
// What a shell may offer for the word under the cursor. The shells' scripts only ask and pass on,
// so that all three complete the same, from the table that parses the line.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cupel::cli {

// Hidden: cupel __complete WORDS... prints the candidates for the last word.
inline constexpr std::string_view kCompleteCommand = "__complete";

struct Candidate {
    std::string word;
    std::string summary;  // may be empty
};
struct Candidates {
    std::vector<Candidate> words;
    enum class Paths { None, Files, Folders } paths = Paths::None;  // the shell's own, beside them
};

// Of a line without the program's name; the last word is what is being typed, and may be empty.
// Candidates that do not begin with it are left for the shell to drop.
[[nodiscard]] Candidates complete(std::span<const std::string> words);

// One candidate a line, "word<TAB>summary"; ":files" or ":folders" asks for paths.
[[nodiscard]] std::string candidates_text(const Candidates& candidates);

}  // namespace cupel::cli
