// SPDX-License-Identifier: Apache-2.0
// Where a bound of the sum leaves whole steps of a register tile at zero (a triangle does so for
// half of them): the steps that are left.
#pragma once

#include <string>

#include "schedule/tile_words.hpp"

namespace cupel::schedule::tile {

struct Reach {
    std::string from;   // first step of the block that counts for a row or column of the tile
    std::string until;  // one past the last
    [[nodiscard]] bool whole() const { return from.empty() && until.empty(); }
};
// Expressions over the names at a tile: `tall`, `wide`, `depth` and the loop variables.
[[nodiscard]] Reach reach_of(const Words& words);

// The column from which on nobody reads any row of the tile; empty: no such column is known.
[[nodiscard]] std::string unread_from(const Words& words);

}  // namespace cupel::schedule::tile
