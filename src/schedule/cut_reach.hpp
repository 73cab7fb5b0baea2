// SPDX-License-Identifier: Apache-2.0
// How far the parts have to go for one block of the shared axis. Of a causal attention, 128 queries
// at a time, the scores that some query of a block reads end on average after 320 of 512 keys.
#pragma once

#include "schedule/cut_plan.hpp"
#include "schedule/demand.hpp"

namespace cupel::schedule::cut {

// Sets `plan.reach`, and in `plan.inner` which bounds leave out zeros, before there are parts.
// Returns the axes whose loops may end there; none where nothing is known, or all is needed.
[[nodiscard]] Limits shorten(Plan& plan);

}  // namespace cupel::schedule::cut
