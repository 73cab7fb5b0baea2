// SPDX-License-Identifier: Apache-2.0
// What is taken from the text that a model, or a program of the user's, hands in: one fenced block
// of code, or edits of a text that is known. Everything else in it is passed over. Nothing here
// runs anything; what comes out goes to the referee like any kernel.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cupel::engineer {

// No kernel is longer.
constexpr std::size_t kLongestKernel = 256 << 10;

// What stands behind the last end of a model's thoughts (`</think>` and its like), which servers
// without a parser for them leave in the reply, often without their beginning, as the template of
// the chat has written it. All of it where there are none; nothing where they do not end, as then
// all that is there are drafts.
[[nodiscard]] std::optional<std::string_view> behind_thoughts(std::string_view reply);

// The only fenced block; of several the only one that could be a kernel: it is not labelled as
// another language, and defines `void kernel` or a `__global__` function. Thoughts are passed over.
// Blocks with the name of a file behind the fence, or in a comment on their first line, are taken
// into it where it includes them; nothing that is not in the reply is. Invalid where there is none,
// where one does not end or is too long; the words are for the author.
[[nodiscard]] Result<std::string> read_block(std::string_view reply);

struct Replacement {
    std::string search;
    std::string replace;
    bool operator==(const Replacement&) const = default;
};
// Blocks of this form, at least one:
//   <<<<<<< SEARCH
//   lines that stand in the text exactly once
//   =======
//   lines that stand there instead
//   >>>>>>> REPLACE
[[nodiscard]] Result<std::vector<Replacement>> read_edits(std::string_view reply);
// In order, each in what the one before it left. Spaces at the ends of lines are of no concern.
[[nodiscard]] Result<std::string> apply_edits(std::string_view source,
                                              const std::vector<Replacement>& edits);

// The idea behind it, in one line: what stands behind "IDEA:", printable and short; empty where
// nothing does.
[[nodiscard]] std::string read_idea(std::string_view reply);

}  // namespace cupel::engineer
