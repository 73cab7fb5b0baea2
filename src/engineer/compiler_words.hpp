// SPDX-License-Identifier: Apache-2.0
// What a compiler says of a stranger's kernel, in its own words only. A kernel can put words into a
// compiler's mouth (messages of #error, of attributes and pragmas, names of files, literals), and
// the author of the next prompt would read them.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace cupel::engineer {

// An error at a line of the kernel itself: "kernel.cpp:7:12: error: ..." of g++ and clang,
// "kernel.cu(7): error: ..." of nvcc. None for what names another file, whatever calls itself so.
struct Diagnosis {
    std::size_t line = 0;  // from 1
    std::string message;
};
[[nodiscard]] std::optional<Diagnosis> read_error(std::string_view line);

// The message with "..." for each word that is neither a compiler's nor one of `names`, which are
// the words of the kernel as it is shown.
[[nodiscard]] std::string compiler_words(std::string_view message,
                                         const std::set<std::string, std::less<>>& names);

}  // namespace cupel::engineer
