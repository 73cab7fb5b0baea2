// SPDX-License-Identifier: Apache-2.0
// Columns, where each lane is an element of its own, and the places of best values.
#include <fmt/format.h>

#include <algorithm>

#include "schedule/sweep_print.hpp"

namespace cupel::schedule::sweep {

using task::AxisId;

void SweepPrinter::print_column(std::size_t s, bool alone) {
    declare(stage(s));
    const Steps walk = steps(s);
    lane_ = plan_.stages[s].lane;
    std::vector<AxisId> loops = plan_.stages[s].loops;
    loops.pop_back();
    if (plan_.fetching.contains(stage(s).out)) fetch_next_window(s);
    open(stage(s), loops);
    const std::string inside = inside_test(s);
    print_rest(s, walk, 0, walk.low);
    if (!inside.empty()) out_.open(fmt::format("if ({})", inside));
    if (alone && loops.empty() && inside.empty()) out_.line("#pragma omp parallel for");
    print_inside(s, walk);
    if (!inside.empty()) {
        out_.close();
        out_.open("else");
        asks_ = true;
        print_inside(s, walk);
        asks_ = false;
        out_.close();
    }
    print_rest(s, walk, walk.end, walk.extent);
    close(loops);
}

// Past the last row this fetches what the next plane begins with, or what nobody reads.
void SweepPrinter::fetch_next_window(std::size_t s) {
    constexpr std::int64_t kLine = 64;  // bytes
    const std::optional<NextWindow> next = next_window(task_, plan_, s);
    if (!next) return;
    const task::Access& window = task_.access(next->load);
    const task::Tensor& tensor = task_.tensor(window.tensor);
    task::Access row{.tensor = window.tensor, .at = window.at, .outside = task::kNone};
    for (task::Index& index : row.at) {  // the window's first place: no loop inside has begun
        std::erase_if(index.terms, [&](const task::Index::Term& term) {
            const auto& inner = plan_.stages[s].loops;
            return std::ranges::find(stage(s).reduce, term.axis) != stage(s).reduce.end() ||
                   std::ranges::find(inner, term.axis) != inner.end();
        });
    }
    row.at[row.at.size() - 2] = {.terms = {{.axis = next->outer, .coefficient = next->rows}},
                                 .offset = next->rows * next->steps};
    row.at.back() = {.terms = {{.axis = lane_, .coefficient = 1}}};
    out_.open(fmt::format("for (long {0} = 0; {0} < {1}; {0} += {2})", axis(lane_),
                          next->rows * tensor.shape.back(),
                          kLine / static_cast<std::int64_t>(task::type_size(tensor.type))));
    out_.line(fmt::format("__builtin_prefetch({}, 0, 2);", place_of(row)));
    out_.close();
}

// All whole vectors. What is left at either end is a vector too: it computes some elements a second
// time.
void SweepPrinter::print_inside(std::size_t s, const Steps& walk) {
    if (walk.low < walk.begin)
        print_columns(s, walk, loop_to(walk, walk.low, walk.low + plan_.lanes, 1), 1);
    print_columns(s, walk, loop_to(walk, walk.begin, walk.bulk, walk.unroll), walk.unroll);
    if (walk.bulk < walk.whole) print_columns(s, walk, loop_to(walk, walk.bulk, walk.whole, 1), 1);
    if (walk.whole < walk.end) print_columns(s, walk, last_vector(walk), 1);
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

void SweepPrinter::print_columns(std::size_t s, const Steps& walk, const std::string& loop,
                                 std::int64_t unroll) {
    out_.open(loop);
    open_lanes(s, unroll);
    const std::vector<AxisId> order = reduce_order(stage(s));
    open(stage(s), order);
    const auto each = [&](auto&& print) {
        if (unroll > 1) {
            out_.line(fmt::format("#pragma GCC unroll {}", unroll));
            out_.open(fmt::format("for (long {0} = 0; {0} < {1}; ++{0})", u_, unroll));
            at_lane(s, walk.lane + " + " + u_ + " * W");
        }
        print(unroll > 1 ? "[" + u_ + "]" : "");
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

}  // namespace cupel::schedule::sweep
