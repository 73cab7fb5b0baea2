// SPDX-License-Identifier: Apache-2.0
// What a compiler says of a stranger's kernel, in its own words only. A kernel can put words into a
// compiler's mouth (messages of #error, of attributes and pragmas, names of files, literals), and
// the author of the next prompt would read them.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cupel::engineer {

// An error at a line of the kernel itself: "kernel.cpp:7:12: error: ..." of g++ and clang,
// "kernel.cu(7): error: ..." of nvcc; or at a line of one of `files`, which it is made of. None for
// what names another file, whatever calls itself so.
struct Diagnosis {
    std::string file = {};
    std::size_t line = 0;  // from 1
    std::string message = {};
};
[[nodiscard]] std::optional<Diagnosis> read_error(std::string_view line,
                                                  const std::vector<std::string>& files = {});

// Whether the kernel holds anything that a compiler could be made to repeat: a string, #error,
// #warning, _Pragma, or what makes strings of its text.
[[nodiscard]] bool can_speak(std::string_view source);

// The message with "..." for what is not the compiler's own. `names` are the words of the kernel as
// it is shown; they and names of types may stand between quotes. Of a kernel that `speaks` only
// messages that are known here are told, and of none what stands behind "#error" and its like.
[[nodiscard]] std::string compiler_words(std::string_view message,
                                         const std::set<std::string, std::less<>>& names,
                                         bool speaks);

// The reason of a rejection, which quotes what is a kernel's; what a compiler said is left out.
[[nodiscard]] std::string reason_words(std::string_view reason,
                                       const std::set<std::string, std::less<>>& names);

}  // namespace cupel::engineer
