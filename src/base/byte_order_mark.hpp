// SPDX-License-Identifier: Apache-2.0
// The mark U+FEFF that some editors put before UTF-8: compilers pass it over, and so do we, before
// lines and columns are counted.
#pragma once

#include <string_view>

namespace cupel {

[[nodiscard]] constexpr std::string_view without_mark(std::string_view text) {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";
    if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
    return text;
}

}  // namespace cupel
