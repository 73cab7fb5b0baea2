// SPDX-License-Identifier: Apache-2.0
// What an author is told of a verdict: what a good engineer would want to know, and nothing that
// would help to pass where the kernel is wrong. Of what the referee keeps secret (other sizes,
// keys) only that it failed. Made of the referee's own words, never of a kernel's comments.
#pragma once

#include <string>
#include <string_view>

#include "verdict/verdict.hpp"

namespace cupel::engineer {

// A few lines. `source`: the kernel's text.
[[nodiscard]] std::string feedback_of(const verdict::Verdict& verdict, std::string_view source);

// Where a right kernel stands, in one line: how fast it is, or where nothing is timed what it
// cannot beat; how much is left to what no kernel beats. `score` and `half_width` are a Standing's.
[[nodiscard]] std::string standing_of(const verdict::Verdict& verdict, double score,
                                      double half_width);

// What stands out of a right kernel, with its evidence, for whoever makes it faster: what the
// verdict found, then what its code shows. At most kMostFindings lines, and none where nothing
// does. The ceiling and what is left to it are said elsewhere.
[[nodiscard]] std::string findings_of(const verdict::Verdict& verdict, std::string_view source,
                                      int threads);

// The compiler's errors of a kernel, in a compiler's words and the kernel's names, at most `most`
// of them, each with the line it is about, and with the file where the kernel has several; warnings
// and notes are left out. Empty where it names no line of the kernel.
[[nodiscard]] std::string condense_errors(const std::string& diagnostics, std::string_view source,
                                          std::size_t most = 4);

// Whether the author can mend it without having run: plain errors of the compiler, at lines of the
// kernel. Not what was refused (a file that is not its own, a limit that was met).
[[nodiscard]] bool is_mendable(const verdict::Verdict& verdict);

}  // namespace cupel::engineer
