// SPDX-License-Identifier: Apache-2.0
// The text of a PTX module, and messages that point into it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cupel::emulator {

// Where in the text: an offset in bytes. Lines and columns are counted only when a message needs
// them.
using Offset = std::uint32_t;

class Source {
public:
    Source(std::string_view text, std::string_view file) : text_(text), file_(file) {}

    [[nodiscard]] std::string_view text() const { return text_; }
    [[nodiscard]] int line(Offset at) const;

    // "file:line:column: error: message", the line, and a caret below the column.
    [[nodiscard]] std::unexpected<Error> error(Offset at, std::string_view message) const;

private:
    std::string_view text_;
    std::string_view file_;
};

}  // namespace cupel::emulator
