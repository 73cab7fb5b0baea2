// SPDX-License-Identifier: Apache-2.0
// Columns, where each lane is an element of its own, and the places of best values.
#include <fmt/format.h>

#include <algorithm>

#include "schedule/sweep_print.hpp"

namespace cupel::schedule::sweep {

using task::AxisId;

void SweepPrinter::print_column(std::size_t s, bool alone) {
    declare(stage(s));
    const std::size_t column = column_of(s);
    const std::size_t under = innermost(plan_, s);
    enter_slide(s);
    enter_pass({s, column});
    lane_ = plan_.stages[s].lane;
    const Steps walk = steps(s);
    std::vector<AxisId> loops = plan_.stages[s].loops;
    loops.pop_back();
    if (plan_.fetching.contains(stage(s).out)) fetch_next_window(s);
    open(stage(s), loops);
    const std::string inside = inside_test(under);
    if (!inside.empty()) out_.open(fmt::format("if ({})", inside));
    if (alone && loops.empty() && inside.empty()) out_.line("#pragma omp parallel for");
    print_whole_row(s, walk);
    if (!inside.empty()) {
        out_.close();
        out_.open("else");
        asks_ = true;
        print_whole_row(s, walk);
        asks_ = false;
        out_.close();
    }
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
    const std::size_t under = innermost(plan_, s);
    const std::vector<AxisId>& reduced = stage(under).reduce;
    const std::vector<AxisId>& inner = plan_.stages[under].loops;
    for (task::Index& index : row.at) {  // the window's first place: no loop inside has begun
        std::erase_if(index.terms, [&](const task::Index::Term& term) {
            return std::ranges::find(reduced, term.axis) != reduced.end() ||
                   std::ranges::find(inner, term.axis) != inner.end();
        });
    }
    row.at[row.at.size() - 2] = {.terms = {{.axis = next->outer, .coefficient = next->rows}},
                                 .offset = next->rows * next->steps};
    row.at.back() = {.terms = {{.axis = lane_, .coefficient = 1}}};
    out_.open(fmt::format("for (long {0} = 0; {0} < {1}; {0} += {2})", axis(lane_),
                          next->rows * tensor.shape.back(),
                          kLine / static_cast<std::int64_t>(task::type_size(tensor.type))));
    out_.line(fmt::format("__builtin_prefetch({}, 0, 3);", place_of(row)));
    out_.close();
}

// What is left at the end of a row is a vector too: it computes some elements a second time.
void SweepPrinter::print_whole_row(std::size_t s, const Steps& walk) {
    if (slides_) return print_slide_row(s, walk);
    const std::int64_t vectors = walk.extent / plan_.lanes * plan_.lanes;
    const std::vector<Span>& inside = plan_.stages[column_of(s)].inside;
    const Span span = inside.empty() ? Span{0, walk.extent} : inside.back();
    const auto print = [&](const std::string& loop, std::int64_t from, std::int64_t to) {
        edge_ = from < span.low || to > span.high;
        print_columns(s, walk, loop, 1);
        edge_ = false;
    };
    const auto singly = [&](std::int64_t from, std::int64_t to) {
        if (from < to) print(loop_to(walk, from, to, 1), from, to);
    };
    singly(0, walk.begin);
    if (walk.begin < walk.bulk)
        print_columns(s, walk, loop_to(walk, walk.begin, walk.bulk, walk.unroll), walk.unroll);
    singly(walk.bulk, walk.whole);
    singly(walk.whole, vectors);
    if (vectors < walk.extent) print(last_vector(walk), walk.extent - plan_.lanes, walk.extent);
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

// Loops of a few steps are written out: their indices then are constants.
void SweepPrinter::open_reductions(std::size_t s) {
    constexpr std::int64_t kSteps = 16;
    const std::vector<AxisId> order = reduce_order(stage(s));
    std::vector<bool> few(order.size());
    std::int64_t steps = 1;
    for (std::size_t d = order.size(); d-- > 0;) {
        steps *= task_.axis(order[d]).extent;
        const bool bounded =
            std::ranges::find(stage(s).where, order[d], &task::Bound::axis) != stage(s).where.end();
        few[d] = steps <= kSteps && !varies(task_, order[d]) && !bounded;
    }
    for (std::size_t d = 0; d < order.size(); ++d) {
        if (few[d]) out_.line(fmt::format("#pragma GCC unroll {}", task_.axis(order[d]).extent));
        open(stage(s), {order[d]});
    }
}

void SweepPrinter::print_columns(std::size_t s, const Steps& walk, const std::string& loop,
                                 std::int64_t unroll) {
    const std::size_t column = column_of(s);
    const auto each = [&](std::size_t of, auto&& print) {
        const auto enter = [&](const std::string& lane) {
            at_lane(s, lane);
            at_lane(column, lane);
            lane_ = plan_.stages[of].lane;
        };
        enter(unroll > 1 ? walk.lane + " + " + u_ + " * W" : walk.lane);
        if (unroll > 1) {
            out_.line(fmt::format("#pragma GCC unroll {}", unroll));
            out_.open(fmt::format("for (long {0} = 0; {0} < {1}; ++{0})", u_, unroll));
        }
        print(unroll > 1 ? "[" + u_ + "]" : "");
        if (unroll > 1) out_.close();
        enter(walk.lane);
    };
    out_.open(loop);
    open_lanes(column, unroll);
    open_reductions(column);
    each(column, [&](const std::string& index) { fold_lanes(column, index); });
    close(reduce_order(stage(column)));
    each(s, [&](const std::string& index) { finish_columns(s, lanes_[column] + index); });
    out_.close();
}

void SweepPrinter::finish_columns(std::size_t s, const std::string& sums) {
    const std::size_t column = column_of(s);
    if (column == s) return write_vector(s, sums);
    at_hand_[stage(column).out] = sums;
    write_vector(s, vector_value(s));
    at_hand_.clear();
}

}  // namespace cupel::schedule::sweep
