// SPDX-License-Identifier: Apache-2.0
// Several rows side by side. One row is one stream out of memory, and where pages are small that
// stream stops at the end of each: four rows of a product with a vector are 1.5x as fast as one
// (4096 x 4096, 4 KiB pages). What all rows share is read once for them: of layernorm, whose gain
// and bias fill the first cache, four rows are 1.2x as fast.
#include <fmt/format.h>

#include <algorithm>

#include "schedule/ids.hpp"
#include "schedule/sweep_print.hpp"

namespace cupel::schedule::sweep {

using task::AxisId;
using task::Reducer;
using task::TensorId;

std::int64_t SweepPrinter::stride(AxisId axis) const {
    for (const Group& group : plan_.nest.groups) {
        const std::size_t head = group.stages.front();
        if (outer_axes(task_, group, head).empty()) continue;
        if (outer_axes(task_, group, head).back() != axis) continue;
        if (const auto rows = plan_.rows.find(head); rows != plan_.rows.end()) return rows->second;
        const auto skewed = plan_.skewed.find(head);
        if (skewed != plan_.skewed.end()) return skewed->second;
    }
    return 1;
}

// The axis of rows, under the name that each stage has for it.
void SweepPrinter::at_row(const Group& group, const std::string& row) {
    for (const std::size_t s : group.stages)
        loop_names_[outer_axes(task_, group, s).back()] = row;
}

bool SweepPrinter::carries(const std::vector<Leg>& legs, std::size_t leg, std::size_t s) const {
    const TensorId out = stage(s).out;
    const auto read = [&](std::size_t by) { return reads(task_, plan_, stage(by).body, out); };
    return is_variable(out) &&
           std::any_of(legs.begin() + static_cast<std::ptrdiff_t>(leg) + 1, legs.end(),
                       [&](const Leg& later) { return std::ranges::any_of(later.stages(), read); });
}

void SweepPrinter::print_scalar(std::size_t s) {
    const TensorId out = stage(s).out;
    if (carried_.contains(out)) {
        out_.line(carried_[out] + " = " + value(stage(s)) + ";");
    } else {
        assign(stage(s), target(stage(s)));
    }
}

void SweepPrinter::hold(const Pass& pass, std::int64_t count, const std::string& index) {
    for (const std::size_t s : pass) {
        const bool row = plan_.nest.homes[at(stage(s).out)] == Home::Row;
        if (plan_.stages[s].shape != Shape::Map || row) continue;
        if (!lanes_.contains(s)) lanes_[s] = names_.fresh(names_.tensor(stage(s).out) + "_lanes");
        out_.line(fmt::format("vec {}[{}];", lanes_[s], count));
        held_[s] = lanes_[s] + "[" + index + "]";
    }
}

void SweepPrinter::write_held(const Pass& pass) {
    for (const std::size_t s : pass) {
        const auto held = held_.find(s);
        if (held == held_.end()) continue;
        const std::string value = held->second;
        held_.erase(held);
        write_vector(s, value);
    }
}

void SweepPrinter::print_rows(const Group& group, std::int64_t rows) {
    const std::string row = axis(outer_axes(task_, group, group.stages.front()).back());
    at_row(group, row + " + " + r_);
    next_row_ = fmt::format("{} + {} + {}", row, r_, rows);
    const std::vector<Leg> legs = legs_of(task_, plan_, group);
    for (std::size_t k = 0; k < legs.size(); ++k) {
        print_row_pass(legs[k].pass, rows);
        std::vector<std::size_t> results;
        std::ranges::copy_if(legs[k].pass, std::back_inserter(results),
                             [&](std::size_t s) { return plan_.stages[s].shape == Shape::Fold; });
        const std::size_t folds = results.size();
        std::ranges::copy(legs[k].scalars, std::back_inserter(results));
        if (results.empty()) continue;
        for (const std::size_t s : results) {
            if (!carries(legs, k, s)) continue;
            const task::Tensor& tensor = task_.tensor(stage(s).out);
            const std::string& name = names_.tensor(stage(s).out);
            out_.line(fmt::format("{} {}[{}];", element_name(tensor.type), name, rows));
            carried_[stage(s).out] = name + "[" + r_ + "]";
        }
        out_.open(fmt::format("for (long {0} = 0; {0} < {1}; ++{0})", r_, rows));
        for (std::size_t i = 0; i < results.size(); ++i) {
            const std::size_t s = results[i];
            if (i >= folds) {
                print_scalar(s);
                continue;
            }
            const std::string all = lanes_[s];
            lanes_[s] += "[" + r_ + "]";
            close_lanes(s, steps(s).unroll, {}, false);
            lanes_[s] = all;
        }
        out_.close();
    }
    at_row(group, row);
    carried_.clear();
    buffers_.clear();
    next_row_.clear();
}

void SweepPrinter::print_row_pass(const Pass& pass, std::int64_t rows) {
    enter_pass(pass);
    const std::size_t head = pass.front();
    const Steps walk = steps(head);
    std::vector<AxisId> loops = plan_.stages[head].loops;
    loops.pop_back();
    lane_ = plan_.stages[head].lane;
    bool folds = false;
    for (const std::size_t s : pass) {
        const TensorId out = stage(s).out;
        if (plan_.stages[s].shape == Shape::Fold) {
            open_row_lanes(s, rows, walk.unroll);
            folds = true;
        } else if (plan_.nest.homes[at(out)] == Home::Row &&
                   read_outside(task_, plan_, pass, out)) {
            out_.line(fmt::format("{} {}[{} * {}];", element_name(task_.tensor(out).type),
                                  names_.tensor(out), rows,
                                  product(out, plan_.nest.depths[at(out)])));
            buffers_.insert(out);
        }
    }
    open(stage(head), loops);
    if (folds) {
        print_row_steps(pass, loop_to(walk, 0, walk.bulk, walk.unroll), rows,
                        walk.unroll > 1 ? walk.unroll : 0);
    }
    const std::int64_t left = folds ? walk.bulk : 0;
    if (!folds && walk.unroll > 1) out_.line(fmt::format("#pragma GCC unroll {}", walk.unroll));
    if (left < walk.whole) print_row_steps(pass, loop_to(walk, left, walk.whole, 1), rows, 0);
    close(loops);
}

void SweepPrinter::open_row_lanes(std::size_t s, std::int64_t rows, std::int64_t unroll) {
    lanes_[s] = names_.fresh(names_.tensor(stage(s).out) + "_lanes");
    const std::string size = unroll > 1 ? fmt::format("[{}]", unroll) : "";
    out_.line(fmt::format("vec {}[{}]{} = {{}};", lanes_[s], rows, size));
    if (stage(s).how == Reducer::Sum) return;
    const std::string start =
        maths_.use("splat") + "(" + identity(stage(s).how, real_type(task_)) + ")";
    const std::string all =
        size.empty() ? "" : fmt::format("for (vec& lane : {}[{}]) ", lanes_[s], r_);
    out_.line(fmt::format("for (long {0} = 0; {0} < {1}; ++{0}) {2}{3} = {4};", r_, rows, all,
                          size.empty() ? lanes_[s] + "[" + r_ + "]" : "lane", start));
}

// unroll: of the vectors of a step, 0 in a loop that takes one at a time.
void SweepPrinter::print_row_steps(const Pass& pass, const std::string& loop, std::int64_t rows,
                                   std::int64_t unroll) {
    const std::string each = fmt::format("for (long {0} = 0; {0} < {1}; ++{0})", r_, rows);
    const std::string lane = axis(lane_);
    const std::string here = unroll > 0 ? lane + " + " + u_ + " * W" : lane;
    const bool many = steps(pass.front()).unroll > 1;
    out_.open(loop);
    if (unroll > 0) {
        out_.line(fmt::format("#pragma GCC unroll {}", unroll));
        out_.open(fmt::format("for (long {0} = 0; {0} < {1}; ++{0})", u_, unroll));
    }
    hold(pass, rows, r_);
    out_.line(fmt::format("#pragma GCC unroll {}", rows));
    out_.open(each);
    for (const std::size_t s : pass) {
        at_lane(s, here);
        if (plan_.fetching.contains(stage(s).out)) fetch_next_rows(s);
        if (plan_.stages[s].shape == Shape::Map) {
            map_vector(pass, s);
        } else {
            fold_lanes(s, "[" + r_ + "]" + (unroll > 0 ? "[" + u_ + "]" : many ? "[0]" : ""));
        }
    }
    out_.close();
    at_hand_.clear();
    if (!held_.empty()) {
        out_.line(fmt::format("#pragma GCC unroll {}", rows));
        out_.open(each);
        write_held(pass);
        out_.close();
    }
    for (const std::size_t s : pass)
        at_lane(s, lane);
    if (unroll > 0) out_.close();
    out_.close();
}

}  // namespace cupel::schedule::sweep
