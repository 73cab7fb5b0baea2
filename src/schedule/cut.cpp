// SPDX-License-Identifier: Apache-2.0
#include "schedule/cut.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "schedule/cut_plan.hpp"
#include "schedule/cut_print.hpp"
#include "schedule/sweep.hpp"
#include "schedule/tile.hpp"

namespace cupel::schedule::cut {

using task::Task;

namespace {

constexpr std::size_t kMost = 64;
constexpr std::size_t kOfPart = 4;  // other schedules tried for one part
// Longer ones pack what they share less often: of an attention over 512 keys of 64, 128 queries at
// a time were 1.15x as fast as 32, with what is handed on in twice the second cache.
constexpr std::array<std::int64_t, 4> kBlocks = {128, 256, 64, 32};

// What another part has just handed on of a block is at hand: rows of it need not be fetched ahead.
Trace default_of(const Plan& plan, const Part& part, const Width& width) {
    if (part.tiled) return tile::default_trace(part.task, width);
    Trace trace = sweep::default_trace(part.task, width);
    const std::vector<task::TensorId> handed = handed_on(plan);
    const auto is_handed_on = [&](task::TensorId id) {
        return std::ranges::find(handed, id) != handed.end();
    };
    if (plan.sharing.any() && std::ranges::all_of(part.task.inputs, is_handed_on)) {
        std::erase_if(trace, [](const Action& action) {
            return action.arguments == std::vector<std::string>{"prefetch"};
        });
    }
    return trace;
}

std::vector<Trace> others_of(const Part& part, const Width& width) {
    std::vector<Trace> all =
        part.tiled ? tile::seeds(part.task, width) : sweep::candidates(part.task, width);
    if (!all.empty()) all.erase(all.begin());
    all.resize(std::min(all.size(), kOfPart));
    return all;
}

// True if parts are tiled where they would be without sharing, and need no memory of all threads.
bool keeps_tiles(const Task& task, const Plan& plan) {
    const auto alone = plan_of(task, Sharing{}, plan.begin);
    if (!alone) return false;
    for (std::size_t p = 0; p < plan.parts.size(); ++p) {
        if (plan.parts[p].tiled != alone->parts[p].tiled) return false;
    }
    return true;
}

std::int64_t steps(const Task& task, const Sharing& sharing) {
    std::int64_t count = 1;
    for (std::size_t d = 0; d < sharing.whole; ++d)
        count *= task.axis(task.stages.front().keep[d]).extent;
    if (sharing.block > 0)
        count *= task.axis(task.stages.front().keep[sharing.whole]).extent / sharing.block;
    return count;
}

// What one thread hands from part to part.
std::int64_t bytes_handed_on(const Plan& plan) {
    std::int64_t bytes = 0;
    for (const task::TensorId id : handed_on(plan))
        bytes += plan.inner.tensor(id).bytes();
    return bytes;
}

bool keeps_threads_busy(const Task& task, const Width& width, const Sharing& sharing) {
    const std::int64_t count = steps(task, sharing);
    return count % width.threads == 0 || count >= std::int64_t{4} * width.threads;
}

// The ways to share that are legal, the best first: all leading axes that leave the products whole,
// and of the next one as much as keeps what is handed on near the second cache.
std::vector<Plan> plans(const Task& task, const Width& width) {
    const std::vector<std::size_t> begin = cuts(task);
    std::vector<Plan> found;
    const auto try_one = [&](const Sharing& sharing) {
        auto plan = plan_of(task, sharing, begin);
        if (!plan || !keeps_tiles(task, *plan)) return false;
        found.push_back(std::move(*plan));
        return true;
    };
    std::size_t whole = 0;
    while (whole < task.stages.front().keep.size() && try_one({.whole = whole + 1}))
        ++whole;
    found.clear();
    if (whole > 0) {
        for (const std::int64_t block : kBlocks)
            try_one({.whole = whole, .block = block});
        try_one({.whole = whole});
    }
    try_one({});
    const bool ends_early =
        std::ranges::any_of(found, [](const Plan& plan) { return !plan.reach.name.empty(); });
    const auto rank = [&](const Plan& plan) {
        if (!plan.sharing.any()) return found.size() > 1 && whole > 0 ? 2 : 0;
        if (!keeps_threads_busy(task, width, plan.sharing)) return 3;
        // Twice the second cache, and some room for what is handed on for each row.
        const bool near = 4 * bytes_handed_on(plan) <= 9 * width.l2_bytes;
        // All of it packs what it shares once: of an attention over 512 keys of 64, 512 queries at
        // a time were 1.02x (one thread) and 1.07x (two) as fast as 128. Where rows end early,
        // those of a short block end earlier.
        if (plan.sharing.block == 0) return near && !ends_early ? 0 : 1;
        return near ? 1 : 2;
    };
    std::ranges::stable_sort(found, {}, rank);
    return found;
}

Trace head_of(const Task& task, const Plan& plan) {
    Trace trace;
    const task::Stage& last = task.stages.back();
    const std::string& out = task.tensor(last.out).name;
    for (std::size_t d = 0; d < plan.sharing.whole; ++d)
        trace.push_back({"share", out, {task.axis(last.keep[d]).name}});
    if (plan.sharing.block > 0) {
        trace.push_back({"share",
                         out,
                         {task.axis(last.keep[plan.sharing.whole]).name,
                          fmt::format("{}", plan.sharing.block)}});
    }
    for (std::size_t p = 1; p < plan.begin.size(); ++p)
        trace.push_back({"cut", task.tensor(task.stages[plan.begin[p]].out).name, {}});
    return trace;
}

// All parts by default but one, which has a trace of its own.
Trace trace_of(const Task& task, const Plan& plan, const Width& width, std::size_t other,
               const Trace& instead) {
    Trace trace = head_of(task, plan);
    for (std::size_t p = 0; p < plan.parts.size(); ++p) {
        const Trace lines = p == other ? instead : default_of(plan, plan.parts[p], width);
        trace.insert(trace.end(), lines.begin(), lines.end());
    }
    return trace;
}

}  // namespace

bool applies(const Task& task) {
    return !cuts(task).empty();
}

Trace default_trace(const Task& task, const Width& width) {
    const std::vector<Plan> found = plans(task, width);
    if (found.empty()) return {};
    const Plan& best = found.front();
    return trace_of(task, best, inner_width(best, width), best.parts.size(), {});
}

std::vector<Trace> candidates(const Task& task, const Width& width) {
    std::vector<Trace> traces;
    const std::vector<Plan> found = plans(task, width);
    const auto add = [&](Trace trace) {
        if (traces.size() < kMost && std::ranges::find(traces, trace) == traces.end())
            traces.push_back(std::move(trace));
    };
    for (const Plan& plan : found)
        add(trace_of(task, plan, inner_width(plan, width), plan.parts.size(), {}));
    for (const Plan& plan : found) {
        const Width inner = inner_width(plan, width);
        for (std::size_t p = 0; p < plan.parts.size(); ++p) {
            for (const Trace& other : others_of(plan.parts[p], inner))
                add(trace_of(task, plan, inner, p, other));
        }
    }
    return traces;
}

Result<std::string> print(const Task& task, const Width& width, const Trace& trace) {
    CUPEL_TRY(const Plan plan, plan_of(task, trace));
    return print_plan(task, plan, width, trace);
}

}  // namespace cupel::schedule::cut
