// SPDX-License-Identifier: Apache-2.0
// How a compiled device kernel works, read from its PTX. Counts of the text, not of what runs;
// nothing is decided by them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cupel::target {

// A word each: where it runs, width of accesses, way through memory, depth of loops, precision,
// launches. "device vectors pipelined depth2 tensor once". Of text that is no PTX, the least of
// each.
[[nodiscard]] std::string axes_of_ptx(std::string_view ptx, std::size_t launches);

}  // namespace cupel::target
