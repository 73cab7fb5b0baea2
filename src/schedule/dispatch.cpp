// SPDX-License-Identifier: Apache-2.0
// Which family a task belongs to, and the way there.
#include <algorithm>

#include "schedule/cut.hpp"
#include "schedule/phase.hpp"
#include "schedule/schedule.hpp"
#include "schedule/sweep.hpp"
#include "schedule/tile.hpp"

namespace cupel::schedule {

Family family(const task::Task& task) {
    if (tile::applies(task)) return Family::Tile;
    if (cut::applies(task)) return Family::Generic;
    return sweep::applies(task) ? Family::Sweep : Family::Generic;
}

Trace default_trace(const task::Task& task, const Width& width) {
    if (phase::applies(task)) return phase::default_trace(task, width);
    if (tile::applies(task)) return tile::default_trace(task, width);
    return cut::applies(task) ? cut::default_trace(task, width) : sweep::default_trace(task, width);
}

std::vector<Trace> candidates(const task::Task& task, const Width& width) {
    if (phase::applies(task)) return phase::seeds(task, width);
    if (tile::applies(task)) return tile::seeds(task, width);
    return cut::applies(task) ? cut::candidates(task, width) : sweep::candidates(task, width);
}

std::vector<Trace> neighbours(const task::Task& task, const Width& width, const Trace& trace) {
    if (phase::applies(task)) return phase::neighbours(task, width, trace);
    if (tile::applies(task)) return tile::neighbours(task, width, trace);
    std::vector<Trace> near = candidates(task, width);
    // One line changed, added or dropped.
    std::erase_if(near, [&](const Trace& other) {
        const auto missing = [](const Trace& from, const Trace& in) {
            return std::ranges::count_if(from, [&](const Action& action) {
                return std::ranges::find(in, action) == in.end();
            });
        };
        const auto gone = missing(trace, other);
        const auto come = missing(other, trace);
        return std::max(gone, come) != 1;
    });
    return near;
}

Result<std::string> print_kernel(const task::Task& task, const Width& width, const Trace& trace) {
    if (phase::applies(task)) return phase::print(task, width, trace);
    if (tile::applies(task)) return tile::print(task, width, trace);
    return cut::applies(task) ? cut::print(task, width, trace) : sweep::print(task, width, trace);
}

}  // namespace cupel::schedule
