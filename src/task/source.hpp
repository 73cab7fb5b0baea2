// SPDX-License-Identifier: Apache-2.0
// The text of a task file, and messages that point into it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cupel::task {

struct Place {
    int line = 1;    // from 1
    int column = 1;  // from 1, in bytes
};

class Source {
public:
    Source(std::string_view text, std::string_view file) : text_(text), file_(file) {}

    [[nodiscard]] std::string_view text() const { return text_; }
    [[nodiscard]] std::string_view file() const { return file_; }

    // "file:line:column: error: message", the line, and a caret below the column.
    [[nodiscard]] std::unexpected<Error> error(Place place, std::string_view message,
                                               Errc code = Errc::Invalid) const;

private:
    std::string_view text_;
    std::string_view file_;
};

}  // namespace cupel::task
