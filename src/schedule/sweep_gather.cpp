// SPDX-License-Identifier: Apache-2.0
// Rows of tables by number. The number is read once for all vectors of the row: a compiler cannot
// know that what is written does not change it, and reads it again for each (of embedding, rows of
// 2 KiB, 1.15 times as slow on one thread, 1.25 on two).
#include <fmt/format.h>

#include <algorithm>

#include "schedule/sweep_print.hpp"

namespace cupel::schedule::sweep {

using task::Access;
using task::AxisId;
using task::kNone;

void SweepPrinter::take_numbers(const Pass& pass) {
    numbers_.clear();
    next_numbers_.clear();
    for (const std::size_t s : pass) {
        Numbers taken;
        for (const int load : loads(task_, stage(s).body)) {
            for (const task::Index& index : task_.access(load).at) {
                if (index.gather == kNone || task_.expr(index.gather).op != task::Op::Load)
                    continue;
                const Access& number = task_.access(task_.expr(index.gather).reference);
                take_number(number, names_.tensor(number.tensor) + "_here", taken);
            }
        }
        numbers_.insert(numbers_.end(), taken.begin(), taken.end());
        if (!plan_.fetching.contains(stage(s).out)) continue;
        const NextRows rows = next_rows(task_, plan_, s);
        if (rows.gathered.empty()) continue;
        const std::string here = axis(rows.outer);
        loop_names_[rows.outer] = row_ahead(rows);
        for (const int load : rows.gathered) {
            const Access& row = task_.access(load);
            const Access& number = task_.access(task_.expr(row.at.front().gather).reference);
            take_number(number, names_.tensor(number.tensor) + "_next", next_numbers_);
        }
        loop_names_[rows.outer] = here;
    }
}

// Of an input, at the same place for all lanes.
void SweepPrinter::take_number(const Access& access, const std::string& name, Numbers& into) {
    const std::vector<AxisId> used = axes_of_access(task_, access);
    const bool shared = std::ranges::find(used, lane_) == used.end();
    const bool plain = std::ranges::all_of(
        access.at, [](const task::Index& index) { return index.gather == kNone; });
    const auto is_known = [&](const auto& number) {
        return number.first.tensor == access.tensor && number.first.at == access.at;
    };
    if (task_.tensor(access.tensor).role != task::Role::Input || !shared || !plain ||
        access.outside != kNone || std::ranges::any_of(into, is_known))
        return;
    const std::string variable = names_.fresh(name);
    out_.line(fmt::format("const long {} = {};", variable, LoopPrinter::load(access)));
    into.emplace_back(access, variable);
}

// The last row's number is followed by none.
std::string SweepPrinter::row_ahead(const NextRows& rows) const {
    return fmt::format("std::min<long>({} + {}, {} - 1)", axis(rows.outer), rows.ahead,
                       extent(task_, rows.outer));
}

}  // namespace cupel::schedule::sweep
