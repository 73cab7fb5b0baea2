// SPDX-License-Identifier: Apache-2.0
// The blocks of one launch on several threads. Who comes first there is chance, and nothing that is
// said of a kernel may depend on it. So every word of global memory that a kernel may write belongs
// to the first block that touches it; others may read it as long as nobody writes. A kernel that
// keeps to this does the same in every order of its blocks. Where one does not, or has anything
// else found in it, all that the threads did is undone and the blocks run one after the other.
#pragma once

#include "emulator/access.hpp"

namespace cupel::emulator {

// Of a word of a region: so many that its trail belongs to none.
[[nodiscard]] bool is_read_by_several(Region& region, std::uint64_t word);

// Runs all blocks. False: it cannot be done in this way, and everything is as it was before.
[[nodiscard]] bool run_split(Grid& grid, const std::vector<std::uint32_t>& order);

}  // namespace cupel::emulator
