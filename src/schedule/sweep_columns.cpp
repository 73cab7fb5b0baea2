// SPDX-License-Identifier: Apache-2.0
// Columns, where each lane is an element of its own, and the places of best values.
#include <fmt/format.h>

#include "schedule/sweep_print.hpp"

namespace cupel::schedule::sweep {

using task::AxisId;
using task::Reducer;

void SweepPrinter::print_column(std::size_t s, bool alone) {
    declare(stage(s));
    const Steps walk = steps(s);
    lane_ = plan_.stages[s].lane;
    std::vector<AxisId> loops = plan_.stages[s].loops;
    loops.pop_back();
    open(stage(s), loops);
    const std::string inside = inside_test(s);
    if (!inside.empty()) out_.open(fmt::format("if ({})", inside));
    print_rest(s, walk, 0, walk.begin);
    if (alone && loops.empty() && inside.empty()) out_.line("#pragma omp parallel for");
    print_columns(s, walk, false);
    if (walk.bulk < walk.whole) print_columns(s, walk, true);
    print_rest(s, walk, walk.whole, walk.extent);
    if (!inside.empty()) {
        out_.close();
        out_.open("else");
        print_rest(s, walk, 0, walk.extent);
        out_.close();
    }
    close(loops);
}

// One element after the other, each asking whether what it reads is inside.
void SweepPrinter::print_rest(std::size_t s, const Steps& walk, std::int64_t from,
                              std::int64_t to) {
    if (from >= to) return;
    out_.open(loop_to(walk, from, to, 0));
    print_stage(stage(s), {}, false);
    out_.close();
}

// Whether the axes other than the lanes' are where no read is outside; empty: always.
std::string SweepPrinter::inside_test(std::size_t s) const {
    const std::vector<Span>& spans = plan_.stages[s].inside;
    std::string test;
    for (std::size_t d = 0; d + 1 < spans.size(); ++d) {
        const AxisId kept = stage(s).keep[d];
        const auto need = [&](const std::string& condition) {
            test += (test.empty() ? "" : " && ") + condition;
        };
        if (spans[d].low > 0) need(fmt::format("{} >= {}", axis(kept), spans[d].low));
        if (spans[d].high < task_.axis(kept).extent)
            need(fmt::format("{} < {}", axis(kept), spans[d].high));
    }
    return test;
}

void SweepPrinter::print_columns(std::size_t s, const Steps& walk, bool single) {
    const std::int64_t unroll = single ? 1 : walk.unroll;
    out_.open(single ? loop_to(walk, walk.bulk, walk.whole, 1)
                     : loop_to(walk, walk.begin, walk.bulk, unroll));
    open_lanes(s, unroll);
    const std::vector<AxisId> order = reduce_order(stage(s));
    open(stage(s), order);
    const auto each = [&](auto&& print) {
        if (unroll > 1) {
            out_.line(fmt::format("#pragma GCC unroll {}", unroll));
            out_.open(fmt::format("for (long u = 0; u < {}; ++u)", unroll));
            at_lane(s, walk.lane + " + u * W");
        }
        print(unroll > 1 ? "[u]" : "");
        at_lane(s, walk.lane);
        if (unroll > 1) out_.close();
    };
    each([&](const std::string& index) { fold_lanes(s, index); });
    close(order);
    each([&](const std::string& index) {
        out_.line(fmt::format("{}({}, {});", moved("store", stage(s).out), vector_place(s),
                              lanes_[s] + index));
    });
    out_.close();
}

void SweepPrinter::print_find(std::size_t s) {
    const Steps walk = steps(s);
    lane_ = plan_.stages[s].lane;
    const Sum sum{names_.fresh("best"), names_.fresh("where"), false};
    const bool largest = stage(s).how == Reducer::ArgMax;
    open_lanes(s, walk.unroll);
    out_.line(fmt::format("{} {} = {};", real_name(task_), sum.name,
                          identity(stage(s).how, real_type(task_))));
    print_vectors({s}, walk, false);
    if (walk.bulk < walk.whole) print_vectors({s}, walk, true);
    if (walk.whole < walk.extent) {
        out_.open(loop_to(walk, walk.whole, walk.extent, 0));
        out_.line(fmt::format("{0} = std::{1}({0}, {2});", sum.name, largest ? "max" : "min",
                              scalar(task_, stage(s).body, leaves())));
        out_.close();
    }
    close_lanes(s, walk.unroll, sum, true);
    out_.line(fmt::format("long {} = 0;", sum.position));
    at_lane(s, sum.position);
    out_.line(fmt::format("while ({0} < {1} - 1 && {2} != {3}) ++{0};", sum.position,
                          extent(task_, plan_.stages[s].lane),
                          scalar(task_, stage(s).body, leaves()), sum.name));
    at_lane(s, walk.lane);
    if (is_variable(stage(s).out)) {
        out_.line(fmt::format("const long {} = {};", names_.tensor(stage(s).out), sum.position));
    } else {
        out_.line(target(stage(s)) + " = " + sum.position + ";");
    }
}

}  // namespace cupel::schedule::sweep
