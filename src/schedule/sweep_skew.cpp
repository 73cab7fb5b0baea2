// SPDX-License-Identifier: Apache-2.0
// The passes over a row in one loop, each a row behind the one before: while the first pass reads a
// row out of memory, the next one computes with the row before it, and the last writes the one
// before that. One after the other they leave memory idle while they compute, and the arithmetic
// while they wait: of softmax, 4096 x 4096, 1.2 to 1.35x as fast.
#include <fmt/format.h>

#include <algorithm>

#include "schedule/ids.hpp"
#include "schedule/sweep_print.hpp"

namespace cupel::schedule::sweep {

using task::AxisId;
using task::TensorId;

void SweepPrinter::print_skewed(const Group& group, std::int64_t rows) {
    const std::vector<Leg> legs = legs_of(task_, plan_, group);
    const AxisId outer = outer_axes(task_, group, group.stages.front()).back();
    const std::string row = axis(outer);
    declare_skewed(legs, rows);
    const std::size_t behind = legs.size() - 1;
    next_row_ = fmt::format("{} + {} + 1", row, r_);
    const std::string all = names_.fresh("rows");
    out_.line(fmt::format("const long {} = std::min<long>({}, {} - {});", all, rows,
                          extent(task_, outer), row));
    out_.line("// Each pass a row behind the one before.");
    out_.open(fmt::format("for (long {0} = 0; {0} < {1} + {2}; ++{0})", r_, all, behind));
    std::vector<Lag> lags;
    for (std::size_t k = 0; k <= behind; ++k) {
        const std::string& name = names_.tensor(stage(legs[k].pass.front()).out);
        Lag& lag = lags.emplace_back();
        lag.runs = names_.fresh(name + "_runs");
        lag.row = k > 0 ? fmt::format("{} - {}", r_, k) : r_;
        lag.place = row + " + " + lag.row;
        const std::string begun = k > 0 ? fmt::format("{} >= {}", r_, k) : "";
        const std::string left =
            k == behind ? ""
                        : fmt::format("{} < {}{}", r_, all, k > 0 ? fmt::format(" + {}", k) : "");
        out_.line(fmt::format("const bool {} = {}{}{};", lag.runs, begun,
                              begun.empty() || left.empty() ? "" : " && ", left));
    }
    take_carried(legs, lags);
    print_skewed_step(group, legs, lags);
    for (std::size_t k = 0; k < legs.size(); ++k) {
        at_row(group, lags[k].place);
        print_results(legs, k, lags[k]);
    }
    out_.close();
    at_row(group, row);
    carried_.clear();
    next_row_.clear();
}

// One row of each buffer: what a pass leaves there the next one reads before it is written again.
void SweepPrinter::declare_skewed(const std::vector<Leg>& legs, std::int64_t rows) {
    for (std::size_t k = 0; k < legs.size(); ++k) {
        for (const std::size_t s : legs[k].pass) {
            const TensorId out = stage(s).out;
            const bool buffer = plan_.stages[s].shape == Shape::Map &&
                                plan_.nest.homes[at(out)] == Home::Row &&
                                read_outside(task_, plan_, legs[k].pass, out);
            if (!buffer) continue;
            // At the same place in a page as the inputs' rows: a read waits for a write to the same
            // place in another page, and so finds none under way.
            out_.line(fmt::format("alignas(4096) {} {}[{}];", element_name(task_.tensor(out).type),
                                  names_.tensor(out), shape(out, plan_.nest.depths[at(out)])));
        }
        for (const std::size_t s : legs[k].stages()) {
            if (!carries(legs, k, s)) continue;
            out_.line(fmt::format("{} {}[{}];", element_name(task_.tensor(stage(s).out).type),
                                  names_.tensor(stage(s).out), rows));
        }
    }
}

// What each pass needs of its row's results so far, as variables.
void SweepPrinter::take_carried(const std::vector<Leg>& legs, std::vector<Lag>& lags) {
    for (std::size_t k = 1; k < legs.size(); ++k) {
        for (std::size_t before = 0; before < k; ++before) {
            for (const std::size_t s : legs[before].stages()) {
                const TensorId out = stage(s).out;
                const auto read = [&](std::size_t by) {
                    return reads(task_, plan_, stage(by).body, out);
                };
                if (!is_variable(out) || !std::ranges::any_of(legs[k].pass, read)) continue;
                const std::string name = names_.fresh(names_.tensor(out) + "_here");
                out_.line(fmt::format("const {} {} = {} ? {}[{}] : 0;",
                                      element_name(task_.tensor(out).type), name, lags[k].runs,
                                      names_.tensor(out), lags[k].row));
                lags[k].results[out] = name;
            }
        }
    }
}

// One step of rows, in two texts: without a question where every pass has a row.
void SweepPrinter::print_skewed_step(const Group& group, const std::vector<Leg>& legs,
                                     const std::vector<Lag>& lags) {
    const Steps walk = steps(legs.front().pass.front());
    for (const Leg& leg : legs) {
        for (const std::size_t s : leg.pass) {
            if (plan_.stages[s].shape == Shape::Fold) open_lanes(s, walk.unroll);
        }
    }
    out_.open(fmt::format("if ({} && {})", lags.front().runs, lags.back().runs));
    print_skewed_vectors(group, legs, lags, false);
    out_.otherwise();
    print_skewed_vectors(group, legs, lags, true);
    out_.close();
}

void SweepPrinter::print_skewed_vectors(const Group& group, const std::vector<Leg>& legs,
                                        const std::vector<Lag>& lags, bool asks) {
    const Steps walk = steps(legs.front().pass.front());
    lane_ = plan_.stages[legs.front().pass.front()].lane;
    out_.open(loop_to(walk, 0, walk.bulk, walk.unroll));
    for (const Leg& leg : legs)
        hold(leg.pass, walk.unroll, u_);
    const auto print = [&](std::size_t k, auto&& vectors) {
        at_row(group, lags[k].place);
        carried_ = lags[k].results;
        if (asks) out_.open(fmt::format("if ({})", lags[k].runs));
        out_.line(fmt::format("#pragma GCC unroll {}", walk.unroll));
        out_.open(fmt::format("for (long {0} = 0; {0} < {1}; ++{0})", u_, walk.unroll));
        for (const std::size_t s : legs[k].pass) {
            loop_names_[plan_.stages[s].lane] = walk.lane;
            at_lane(s, walk.lane + " + " + u_ + " * W");
            vectors(s);
        }
        at_hand_.clear();
        for (const std::size_t s : legs[k].pass)
            at_lane(s, walk.lane);
        out_.close();
        if (asks) out_.close();
    };
    for (const std::size_t k : order_of(legs)) {
        print(k, [&](std::size_t s) {
            if (plan_.fetching.contains(stage(s).out)) fetch_next_rows(s);
            if (plan_.stages[s].shape == Shape::Map) {
                map_vector(legs[k].pass, s);
            } else {
                fold_lanes(s, "[" + u_ + "]");
            }
        });
    }
    for (std::size_t k = 0; k < legs.size(); ++k) {
        const auto waits = [&](std::size_t s) { return held_.contains(s); };
        if (std::ranges::any_of(legs[k].pass, waits))
            print(k, [&](std::size_t s) { write_held({s}); });
    }
    out_.close();
}

// What a pass leaves in a row buffer the next one takes before it is written again, so the last
// pass stands first; and the first one, if it leaves nothing, second: its row comes from furthest
// away, and would wait for the arithmetic between them. In this order log_softmax is 1.3x as fast.
std::vector<std::size_t> SweepPrinter::order_of(const std::vector<Leg>& legs) const {
    const auto leaves = [&](std::size_t s) {
        return plan_.nest.homes[at(stage(s).out)] == Home::Row && !is_variable(stage(s).out);
    };
    std::vector<std::size_t> order;
    for (std::size_t k = legs.size(); k-- > 0;)
        order.push_back(k);
    if (std::ranges::none_of(legs.front().pass, leaves))
        std::rotate(order.begin() + 1, order.end() - 1, order.end());
    return order;
}

// The folds of the pass brought together, and what is computed from them.
void SweepPrinter::print_results(const std::vector<Leg>& legs, std::size_t k, const Lag& lag) {
    carried_.clear();
    for (std::size_t before = 0; before <= k; ++before) {
        for (const std::size_t s : legs[before].stages()) {
            if (carries(legs, before, s))
                carried_[stage(s).out] =
                    fmt::format("{}[{}]", names_.tensor(stage(s).out), lag.row);
        }
    }
    const auto folds = [&](std::size_t s) { return plan_.stages[s].shape == Shape::Fold; };
    if (legs[k].scalars.empty() && std::ranges::none_of(legs[k].pass, folds)) return;
    out_.open(fmt::format("if ({})", lag.runs));
    for (const std::size_t s : legs[k].pass) {
        if (folds(s)) close_lanes(s, steps(s).unroll, {}, false);
    }
    for (const std::size_t s : legs[k].scalars)
        print_scalar(s);
    out_.close();
}

}  // namespace cupel::schedule::sweep
