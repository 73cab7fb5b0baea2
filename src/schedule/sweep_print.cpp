// SPDX-License-Identifier: Apache-2.0
#include "schedule/sweep_print.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "schedule/ids.hpp"

namespace cupel::schedule::sweep {

using task::Access;
using task::AxisId;
using task::kNone;
using task::Reducer;
using task::Stage;
using task::Task;
using task::TensorId;

SweepPrinter::SweepPrinter(const Task& task, Plan plan, int vector_bytes, bool wrapped)
    : LoopPrinter(task, plan.nest),
      plan_(std::move(plan)),
      maths_(vector_bytes, real_type(task)),
      wrapped_(wrapped),
      u_(names_.fresh("u")),
      r_(names_.fresh("r")) {}

std::string SweepPrinter::prelude() {
    std::string text = maths_.headers();
    text += '\n';
    if (wrapped_) text += "namespace sweep {\n";
    return text + maths_.prelude();
}

bool SweepPrinter::streams(const Group& group) const {
    return std::ranges::any_of(
        group.stages, [&](std::size_t s) { return plan_.streamed.contains(stage(s).out); });
}

// Rows are whole vectors, so where an output begins decides for all of it.
void SweepPrinter::before(const Group& group) {
    for (const std::size_t s : group.stages) {
        const TensorId out = stage(s).out;
        if (!plan_.streamed.contains(out)) continue;
        const std::string& name = names_.tensor(out);
        aligned_[out] = names_.fresh(name + "_aligned");
        out_.line(
            fmt::format("const bool {} = {}({});", aligned_[out], maths_.use("aligned"), name));
        maths_.use("fence");
    }
}

// ---- Passes

void SweepPrinter::print_body(const Group& group, bool alone) {
    const std::size_t head = group.stages.front();
    if (const auto rows = plan_.rows.find(head); rows != plan_.rows.end())
        return print_rows(group, rows->second);
    if (const auto rows = plan_.skewed.find(head); rows != plan_.skewed.end())
        return print_skewed(group, rows->second);
    std::vector<std::size_t> left;
    for (const std::size_t s : group.stages) {
        if (!inlined(stage(s).out)) left.push_back(s);
    }
    for (std::size_t k = 0; k < left.size(); ++k) {
        const std::size_t s = left[k];
        const Shape shape = plan_.stages[s].shape;
        if (shape == Shape::Plain) {
            declare(stage(s));
            print_stage(stage(s), inner(group, s), alone);
        } else if (shape == Shape::Column || shape == Shape::Close) {
            print_column(s, alone);
        } else if (shape == Shape::Find) {
            print_find(s);
        } else if (shape == Shape::Running) {
            declare(stage(s));
            print_running(s);
        } else if (shape == Shape::Bounded) {
            print_bounded(s);
        } else {
            Pass pass = {s};
            while (k + 1 < left.size() && joins(task_, plan_, group, pass, left[k + 1]))
                pass.push_back(left[++k]);
            print_pass(pass, alone);
        }
    }
}

SweepPrinter::Steps SweepPrinter::steps(std::size_t s) const {
    const std::int64_t extent = task_.axis(plan_.stages[s].lane).extent;
    const std::vector<Span>& inside = plan_.stages[column_of(s)].inside;
    const Span span = inside.empty() ? Span{0, extent} : inside.back();
    // Whoever reads the row in vectors begins at 0: what was just written is there at once only for
    // a read that lies within one write.
    const std::int64_t begin = std::min((span.low + plan_.lanes - 1) / plan_.lanes * plan_.lanes,
                                        extent / plan_.lanes * plan_.lanes);
    const std::int64_t vectors = std::max<std::int64_t>(0, span.high - begin) / plan_.lanes;
    const std::int64_t unroll = std::clamp<std::int64_t>(vectors, 1, plan_.unroll[s]);
    return {.lane = axis(plan_.stages[s].lane),
            .extent = extent,
            .begin = begin,
            .unroll = unroll,
            .bulk = begin + vectors / unroll * unroll * plan_.lanes,
            .whole = begin + vectors * plan_.lanes,
            .until = until(plan_, s)};
}

void SweepPrinter::enter_pass(const Pass& pass) {
    const StagePlan& first = plan_.stages[pass.front()];
    for (const std::size_t s : pass) {
        for (std::size_t d = 0; d < first.loops.size(); ++d) {
            loop_names_[plan_.stages[s].loops[d]] = axis(first.loops[d]);
        }
    }
}

void SweepPrinter::at_lane(std::size_t s, const std::string& name) {
    loop_names_[plan_.stages[s].lane] = name;
    lane_ = plan_.stages[s].lane;
}

std::string SweepPrinter::loop_to(const Steps& steps, std::int64_t from, std::int64_t to,
                                  std::int64_t unroll) const {
    const std::string end = to == steps.extent ? extent(task_, lane_) : fmt::format("{}", to);
    const std::string step = unroll == 0   ? "++" + steps.lane
                             : unroll == 1 ? steps.lane + " += W"
                                           : fmt::format("{} += {} * W", steps.lane, unroll);
    return fmt::format("for (long {0} = {1}; {0} < {2}; {3})", steps.lane, from, end, step);
}

// The loop of the vector that ends where vectors may: it is there once.
std::string SweepPrinter::last_vector(const Steps& steps) const {
    return loop_to(steps, steps.extent - plan_.lanes, steps.extent, 1);
}

void SweepPrinter::print_pass(const Pass& pass, bool alone) {
    enter_pass(pass);
    const std::size_t head = pass.front();
    const Steps walk = steps(head);
    std::vector<AxisId> loops = plan_.stages[head].loops;
    loops.pop_back();
    lane_ = plan_.stages[head].lane;
    const bool shared = alone && plan_.stages[head].shape == Shape::Fold && !loops.empty();
    Sums sums;
    for (const std::size_t s : pass) {
        if (plan_.stages[s].shape == Shape::Fold) {
            if (shared) sums[s] = begin(stage(s));
        } else if (read_outside(task_, plan_, pass, stage(s).out)) {
            declare(stage(s));
        }
    }
    if (shared) {
        share(stage(head), sums[head]);
        open(stage(head), {loops.front()});
        loops.erase(loops.begin());
    }
    for (const std::size_t s : pass) {
        if (plan_.stages[s].shape == Shape::Fold) open_lanes(s, walk.unroll);
    }
    open(stage(head), loops);
    take_numbers(pass);
    if (alone && !shared && loops.empty() && plan_.stages[head].shape == Shape::Map) {
        out_.line("#pragma omp parallel for");
    }
    print_vectors(pass, walk);
    print_last(pass, walk);
    numbers_.clear();
    close(loops);
    for (const std::size_t s : pass) {
        if (plan_.stages[s].shape != Shape::Fold) continue;
        close_lanes(s, walk.unroll, sums[s], shared);
    }
    if (shared) {
        out_.close();
        end(stage(head), sums[head]);
    }
    at_hand_.clear();
}

void SweepPrinter::print_vectors(const Pass& pass, const Steps& walk) {
    const bool folds = std::ranges::any_of(
        pass, [&](std::size_t s) { return plan_.stages[s].shape != Shape::Map; });
    const bool inner = folds && walk.unroll > 1;
    if (!folds && walk.unroll > 1) out_.line(fmt::format("#pragma GCC unroll {}", walk.unroll));
    if (!walk.until.empty()) return print_vectors_until(pass, walk, inner);
    print_vectors(pass, walk, loop_to(walk, 0, walk.bulk, inner ? walk.unroll : 1), inner);
    if (walk.bulk < walk.whole)
        print_vectors(pass, walk, loop_to(walk, walk.bulk, walk.whole, 1), false);
}

// The row ends before its axis does, at a whole vector.
void SweepPrinter::print_vectors_until(const Pass& pass, const Steps& walk, bool inner) {
    const std::string& j = walk.lane;
    const std::string step = inner ? fmt::format("{} * W", walk.unroll) : "W";
    if (!inner || plan_.limits.steps % (walk.unroll * plan_.lanes) == 0) {
        print_vectors(pass, walk,
                      fmt::format("for (long {0} = 0; {0} < {2}; {0} += {1})", j, step, walk.until),
                      inner);
        return;
    }
    print_vectors(
        pass, walk,
        fmt::format("for (long {0} = 0; {0} + {1} <= {2}; {0} += {1})", j, step, walk.until), true);
    print_vectors(pass, walk,
                  fmt::format("for (long {0} = {2} / ({1}) * ({1}); {0} < {2}; {0} += W)", j, step,
                              walk.until),
                  false);
}

void SweepPrinter::print_vectors(const Pass& pass, const Steps& walk, const std::string& loop,
                                 bool inner) {
    out_.open(loop);
    if (inner) {
        out_.line(fmt::format("#pragma GCC unroll {}", walk.unroll));
        out_.open(fmt::format("for (long {0} = 0; {0} < {1}; ++{0})", u_, walk.unroll));
    }
    const std::string index = walk.unroll == 1 ? "" : inner ? "[" + u_ + "]" : "[0]";
    for (const std::size_t s : pass) {
        at_lane(s, inner ? walk.lane + " + " + u_ + " * W" : walk.lane);
        if (plan_.fetching.contains(stage(s).out)) fetch_next_rows(s);
        if (plan_.stages[s].shape != Shape::Map) {
            fold_lanes(s, index);
        } else {
            map_vector(pass, s);
        }
    }
    for (const std::size_t s : pass)
        at_lane(s, walk.lane);
    at_hand_.clear();
    if (inner) out_.close();
    out_.close();
}

// Into the first cache, of a row that is read once (1.02x to 1.06x against the second), else into
// the second: the first has the row at work. Past the last row this fetches what nobody reads,
// which does no harm.
void SweepPrinter::fetch_next_rows(std::size_t s) {
    constexpr std::int64_t kLine = 64;  // bytes
    const auto size = static_cast<std::int64_t>(task::type_size(real_type(task_)));
    const NextRows rows = next_rows(task_, plan_, s);
    const AxisId outer = rows.outer;
    const std::string here = axis(outer);
    const bool every = plan_.lanes * size >= kLine;
    std::string lane = axis(lane_);
    if (lane.find(' ') != std::string::npos) lane = "(" + lane + ")";
    const std::string when = every ? "" : fmt::format("if ({} % {} == 0) ", lane, kLine / size);
    const int locality = rows.again ? 2 : 3;
    loop_names_[outer] = next_row_.empty() ? here + " + 1" : next_row_;
    for (const Access& input : rows.inputs)
        out_.line(fmt::format("{}__builtin_prefetch({}, 0, {});", when, place_of(input), locality));
    loop_names_[outer] = here;
    loop_names_[outer] = row_ahead(rows);
    numbers_.swap(next_numbers_);
    for (const int load : rows.gathered) {
        out_.line(fmt::format("{}__builtin_prefetch({}, 0, {});", when,
                              place_of(task_.access(load)), locality));
    }
    numbers_.swap(next_numbers_);
    loop_names_[outer] = here;
}

// What is left of a row when its vectors are done: one vector more, of which sums take the lanes
// that they have not counted yet. The others are computed a second time.
void SweepPrinter::print_last(const Pass& pass, const Steps& walk) {
    if (walk.whole == walk.extent || !walk.until.empty()) return;
    left_ = walk.extent - walk.whole;
    print_vectors(pass, walk, last_vector(walk), false);
    left_ = 0;
}

void SweepPrinter::map_vector(const Pass& pass, std::size_t s) {
    const TensorId out = stage(s).out;
    const bool kept =
        plan_.nest.homes[at(out)] != Home::Row || read_outside(task_, plan_, pass, out);
    const bool used = std::ranges::any_of(
        pass, [&](std::size_t other) { return reads(task_, plan_, stage(other).body, out); });
    std::string text = vector_value(s);
    if (used) {
        const std::string name = names_.tensor(out) + (kept ? "_here" : "");
        out_.line(fmt::format("const vec {} = {};", name, text));
        text = name;
    }
    if (kept) write_vector(s, text);
    if (used) at_hand_[out] = text;
}

void SweepPrinter::write_vector(std::size_t s, const std::string& value) {
    if (const auto held = held_.find(s); held != held_.end())
        return out_.line(fmt::format("{} = {};", held->second, value));
    const auto streamed = aligned_.find(stage(s).out);
    if (streamed == aligned_.end()) {
        out_.line(fmt::format("{}({}, {});", moved("store", stage(s).out), vector_place(s), value));
    } else {
        out_.line(fmt::format("{}({}, {}, {});", maths_.use("stream"), vector_place(s), value,
                              streamed->second));
    }
}

// ---- Folds

std::string SweepPrinter::combined(std::size_t s, const std::string& a, const std::string& b) {
    const Reducer how = stage(s).how;
    if (how == Reducer::Sum) return fmt::format("{} += {};", a, b);
    if (how == Reducer::Prod) return fmt::format("{} *= {};", a, b);
    const bool largest = how == Reducer::Max || how == Reducer::ArgMax;
    return fmt::format("{0} = {2}({0}, {1});", a, b, maths_.use(largest ? "vmax" : "vmin"));
}

void SweepPrinter::open_lanes(std::size_t s, std::int64_t unroll) {
    if (!lanes_.contains(s)) lanes_[s] = names_.fresh(names_.tensor(stage(s).out) + "_lanes");
    const std::string& name = lanes_[s];
    const std::string start = identity(stage(s).how, real_type(task_));
    const std::string value =
        stage(s).how == Reducer::Sum ? "{}" : maths_.use("splat") + "(" + start + ")";
    if (unroll == 1) {
        out_.line(fmt::format("vec {} = {};", name, value));
    } else if (stage(s).how == Reducer::Sum) {
        out_.line(fmt::format("vec {}[{}] = {{}};", name, unroll));
    } else {
        out_.line(fmt::format("vec {}[{}];", name, unroll));
        out_.line(fmt::format("for (vec& lane : {}) lane = {};", name, value));
    }
}

void SweepPrinter::fold_lanes(std::size_t s, const std::string& index) {
    if (plan_.stages[s].shape == Shape::Find) return find_lanes(s, index);
    const Reducer how = stage(s).how;
    std::string value = vector_value(s);
    if (left_ > 0 && (how == Reducer::Sum || how == Reducer::Prod)) {  // of others twice is once
        value = fmt::format("{}({}, {}, {})", maths_.use("last"), value, left_,
                            identity(how, real_type(task_)));
    }
    out_.line(combined(s, lanes_[s] + index, value));
}

void SweepPrinter::close_lanes(std::size_t s, std::int64_t unroll, const Sum& sum, bool declared) {
    const std::string& name = lanes_[s];
    const Reducer how = stage(s).how;
    std::string all = name;
    if (unroll > 1) {
        all = name + "[0]";
        out_.line(fmt::format("for (long {0} = 1; {0} < {1}; ++{0}) {2}", u_, unroll,
                              combined(s, all, name + "[" + u_ + "]")));
    }
    const bool largest = how == Reducer::Max || how == Reducer::ArgMax;
    const char* const function = how == Reducer::Sum    ? "reduce_add"
                                 : how == Reducer::Prod ? "reduce_mul"
                                 : largest              ? "reduce_max"
                                                        : "reduce_min";
    const std::string result = maths_.use(function) + "(" + all + ")";
    if (!declared) {
        if (is_variable(stage(s).out) && !carried_.contains(stage(s).out)) {
            out_.line(fmt::format("const {} {} = {};", real_name(task_),
                                  names_.tensor(stage(s).out), result));
        } else {
            out_.line(target(stage(s)) + " = " + result + ";");
        }
        return;
    }
    if (how == Reducer::Sum || how == Reducer::Prod) {
        out_.line(fmt::format("{} {}= {};", sum.name, how == Reducer::Sum ? "+" : "*", result));
    } else {
        out_.line(
            fmt::format("{0} = std::{1}({0}, {2});", sum.name, largest ? "max" : "min", result));
    }
}

// ---- Expressions over lanes

void SweepPrinter::follow(const Access& access) const {
    const std::vector<AxisId>& keep = task_.producer(access.tensor)->keep;
    const std::size_t first = plan_.nest.depths[at(access.tensor)];
    for (std::size_t d = first; d < keep.size(); ++d)
        loop_names_[keep[d]] = axis(access.at[d].plain_axis());
}

std::string SweepPrinter::load(const Access& access) const {
    const auto is_this = [&](const auto& number) {
        return number.first.tensor == access.tensor && number.first.at == access.at;
    };
    const auto number = std::ranges::find_if(numbers_, is_this);
    if (number != numbers_.end()) return number->second;
    if (const auto here = at_hand_.find(access.tensor); here != at_hand_.end()) return here->second;
    if (const auto row = carried_.find(access.tensor); row != carried_.end()) return row->second;
    if (!inlined(access.tensor)) return LoopPrinter::load(access);
    follow(access);
    return "(" + scalar(task_, task_.producer(access.tensor)->body, leaves()) + ")";
}

std::string SweepPrinter::place_of(const Access& access) const {
    const std::size_t depth = plan_.nest.depths[at(access.tensor)];
    const bool several = buffers_.contains(access.tensor);
    const std::string row =
        several ? fmt::format("{} * {} + ", r_, product(access.tensor, depth)) : "";
    return fmt::format("{} + {}{}", names_.tensor(access.tensor), row,
                       position(task_, access, leaves(), depth));
}

// Its extents from `depth` on, multiplied.
std::string SweepPrinter::product(TensorId tensor, std::size_t depth) const {
    const std::string text = shape(tensor, depth);
    return text.contains(' ') ? "(" + text + ")" : text;
}

std::string SweepPrinter::moved(const std::string& way, TensorId tensor) const {
    const task::Type type = task_.tensor(tensor).type;
    return maths_.use(is_short(type) ? fmt::format("{}_{}", way, task::type_name(type)) : way);
}

std::string SweepPrinter::vector_load(int id) const {
    const Access& access = task_.access(id);
    if (const auto here = at_hand_.find(access.tensor); here != at_hand_.end()) return here->second;
    if (inlined(access.tensor)) {
        follow(access);
        const AxisId reader = std::exchange(lane_, task_.producer(access.tensor)->keep.back());
        const Stage& producer = *task_.producer(access.tensor);
        const auto s = static_cast<std::size_t>(&producer - task_.stages.data());
        const std::string text = "(" + vector_value(s) + ")";
        lane_ = reader;
        return text;
    }
    const auto every_second = [&](const task::Index::Term& term) {
        return term.axis == lane_ && term.coefficient == 2;
    };
    const bool even =
        !access.at.empty() && std::ranges::any_of(access.at.back().terms, every_second);
    std::string load = even ? maths_.use("load_even") : moved("load", access.tensor);
    std::string place = place_of(access);
    const bool columns = slides_ && lane_ == plan_.stages[slide_.columns].lane;
    if (edge_ && (access.outside != kNone || columns)) {
        if (!even) place = load + ", " + place;
        load = maths_.use(even ? "load_even_inside" : "load_inside");
        place += fmt::format(", {}, {}, {}", affine(access.at.back(), leaves().axis),
                             extent(task_, access.tensor, access.at.size() - 1),
                             access.outside == kNone ? number(0, real_type(task_))
                                                     : scalar(task_, access.outside, leaves()));
    }
    std::string text = fmt::format("{}({})", load, place);
    const std::string test = asks_ ? inside(task_, access, leaves(), lane_) : "";
    if (test.empty()) return text;
    return fmt::format("({} ? {} : {}({}))", test, text, maths_.use("splat"),
                       scalar(task_, access.outside, leaves()));
}

std::string SweepPrinter::vector_value(std::size_t s) const {
    Leaves inside = leaves();
    inside.lane_axis = lane_;
    inside.load = [this, lane = lane_](int id) {
        const Access& access = task_.access(id);
        const bool hand = at_hand_.contains(access.tensor) || inlined(access.tensor);
        const std::vector<AxisId> used = axes_of_access(task_, access);
        const bool varies = std::ranges::find(used, lane) != used.end();
        return hand || varies ? vector_load(id) : load(access);
    };
    inside.uniform = [this, lane = lane_](int id) {
        const Access& access = task_.access(id);
        if (at_hand_.contains(access.tensor) || inlined(access.tensor)) return false;
        const std::vector<AxisId> used = axes_of_access(task_, access);
        return std::ranges::find(used, lane) == used.end();
    };
    return vector(task_, stage(s).body, inside, maths_);
}

std::string SweepPrinter::vector_place(std::size_t s) const {
    Access access{.tensor = stage(s).out, .at = {}, .outside = kNone};
    for (const AxisId axis : stage(s).keep)
        access.at.push_back({.terms = {{axis, 1}}});
    return place_of(access);
}

}  // namespace cupel::schedule::sweep
