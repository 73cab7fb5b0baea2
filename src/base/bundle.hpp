// SPDX-License-Identifier: Apache-2.0
// A kernel of several files as one text: what it includes by `#include "name.hpp"` stands in the
// place of that line. So whoever reads, keeps, hashes or hands on a kernel has all of it.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cupel {

// The text of a file beside the kernel, by its path from there; none where there is none. An error
// is that of a file that is there and must not be taken in.
using ReadBeside = std::function<Result<std::optional<std::string>>(const std::string& path)>;

struct Bundling {
    std::string file;            // what its author calls the text: "kernel.cpp"
    std::size_t most_bytes = 0;  // of all together
    bool marks = true;           // `#line` where another file begins, for compilers to name it
};

constexpr std::size_t kMostIncludes = 256;  // lines that take a file in
constexpr std::size_t kDeepestInclude = 16;

// The text with the files that it includes, as a preprocessor would have it: repeated where they
// are included again, but for `#pragma once` and include guards; conditions stay as they are. A
// text that includes nothing of its own is returned byte for byte.
//
// `read` is asked for may_be_included() names only. Whatever else is included (by <>, by a macro, a
// file that is not there) stays as it is, and the compiler speaks of it. Invalid, with file and
// line: what would be too much, what includes itself without end, a file whose #if, comment or raw
// string does not end in it.
[[nodiscard]] Result<std::string> bundle(std::string_view text, const Bundling& how,
                                         const ReadBeside& read);

// A header's plain name, in this folder or below ("tile.hpp", "parts/exp.cuh"): of letters, digits
// and + - _ . only, with an ending that sources have, no part beginning with a dot; and not one
// that the contract, C, C++ or CUDA give to a header of theirs.
[[nodiscard]] bool may_be_included(std::string_view path);

// Letters, digits and + - _ . / only, at most 64: a name that can hold no more words than one that
// is declared.
[[nodiscard]] bool is_plain_name(std::string_view name);

// With blank lines for `#line` marks of plain names: the same kernel however its files were cut.
[[nodiscard]] std::string without_marks(std::string_view text);

struct LineMark {
    std::size_t after = 0;  // the line of the text that it numbers
    std::string file = {};  // empty: the line that follows is of no file that can be told
    std::size_t line = 0;
};

// Which file and line each line of a text is of, as its `#line` marks say.
class LineMarks {
public:
    explicit LineMarks(std::string_view text);

    struct Origin {
        std::string_view file;  // empty: no mark, or none of a plain file, stands before it
        std::size_t line = 0;
    };
    // Lines count from 1.
    [[nodiscard]] Origin origin_of(std::size_t line) const;
    // The first line of the text that is this one; none: no mark says so.
    [[nodiscard]] std::optional<std::size_t> line_of(std::string_view file, std::size_t line) const;
    // Plain ones, as those of bundle() are: others could hold words to whoever is told of them.
    [[nodiscard]] std::vector<std::string> files() const;
    // Whether the compiler's words name a place in one of the files.
    [[nodiscard]] bool are_named_in(std::string_view words) const;

private:
    std::vector<LineMark> marks_;
};

}  // namespace cupel
