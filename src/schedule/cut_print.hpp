// SPDX-License-Identifier: Apache-2.0
// A cut as text: the parts in namespaces of their own, and the kernel that calls them in turn.
#pragma once

#include <string>

#include "base/result.hpp"
#include "schedule/cut_plan.hpp"

namespace cupel::schedule::cut {

// Invalid: a line of a part that its tile or sweep refuses; parts that hand on more than 1 GiB.
[[nodiscard]] Result<std::string> print_plan(const task::Task& task, const Plan& plan,
                                             const Width& width, const Trace& trace);

}  // namespace cupel::schedule::cut
