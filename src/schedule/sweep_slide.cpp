// SPDX-License-Identifier: Apache-2.0
#include "schedule/sweep_slide.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/result.hpp"
#include "schedule/ids.hpp"
#include "schedule/nest.hpp"
#include "schedule/sweep_print.hpp"
#include "schedule/text.hpp"

namespace cupel::schedule::sweep {

using task::Access;
using task::AxisId;
using task::Index;
using task::kNone;
using task::Stage;
using task::Task;

namespace {

// A row of columns whose vectors may begin anywhere: no lane is outside of what they read.
bool fills_row(const Task& task, const Plan& plan, std::size_t s) {
    const Stage& stage = task.stages[s];
    const StagePlan& columns = plan.stages[s];
    if (columns.shape != Shape::Column || columns.loops.size() != 1 || columns.under) return false;
    if (plan.nest.homes[at(stage.out)] != Home::Row || plan.inlined.contains(stage.out))
        return false;
    if (task.tensor(stage.out).type != real_type(task)) return false;
    const Span whole{0, task.axis(columns.lane).extent};
    if (!columns.inside.empty() && columns.inside.back() != whole) return false;
    return std::ranges::all_of(loads(task, stage.body), [&](int load) {
        const Access& access = task.access(load);
        const std::vector<AxisId> used = axes_of_access(task, access);
        if (std::ranges::find(used, columns.lane) == used.end()) return true;
        return std::ranges::any_of(access.at.back().terms, [&](const Index::Term& term) {
            return term.axis == columns.lane && term.coefficient == 1;
        });
    });
}

// The load by which the stage reads the tensor; nothing if there are none or several.
std::optional<int> only_load(const Task& task, const Stage& stage, task::TensorId tensor) {
    std::optional<int> found;
    for (const int load : loads(task, stage.body)) {
        if (task.access(load).tensor != tensor) continue;
        if (found) return std::nullopt;
        found = load;
    }
    return found;
}

// Twice the lane and once the step, at any offset; the rest of the access is the loops' own place.
bool slides(const Access& access, AxisId lane, AxisId step) {
    const Index& last = access.at.back();
    if (last.divisor != 1 || last.gather != kNone || last.terms.size() != 2) return false;
    const auto has = [&](AxisId axis, std::int64_t coefficient) {
        return std::ranges::any_of(last.terms, [&](const Index::Term& term) {
            return term.axis == axis && term.coefficient == coefficient;
        });
    };
    return has(lane, 2) && has(step, 1);
}

// The steps between which no read of the window is outside are whole rows but for its lanes.
bool padded_in_lanes_only(const Task& task, const Stage& stage, const StagePlan& window) {
    for (std::size_t d = 0; d + 1 < window.inside.size(); ++d) {
        if (window.inside[d] != Span{0, task.axis(stage.keep[d]).extent}) return false;
    }
    return true;
}

}  // namespace

std::optional<std::size_t> window_over(const Task& task, const Plan& plan, std::size_t columns) {
    if (!fills_row(task, plan, columns)) return std::nullopt;
    const task::TensorId row = task.stages[columns].out;
    std::optional<std::size_t> found;
    for (std::size_t s = 0; s < task.stages.size(); ++s) {
        const Stage& stage = task.stages[s];
        if (!reads(task, plan, stage.body, row)) continue;
        const auto load = only_load(task, stage, row);
        const StagePlan& window = plan.stages[s];
        if (found || !load || window.shape != Shape::Column || window.loops.size() != 1 ||
            stage.reduce.size() != 1 || !stage.where.empty() || window.under)
            return std::nullopt;
        const AxisId step = stage.reduce.front();
        const Access& access = task.access(*load);
        if (!slides(access, window.lane, step) || varies(task, step) ||
            task.axis(step).extent >= std::int64_t{2} * plan.lanes ||
            mentions(task, access.outside, step) || !padded_in_lanes_only(task, stage, window))
            return std::nullopt;
        found = s;
    }
    return found;
}

Slide slide_of(const Task& task, std::size_t window, task::TensorId columns) {
    const Stage& stage = task.stages[window];
    const auto load = only_load(task, stage, columns);
    CUPEL_CHECK(load.has_value());
    Slide slide{
        .window = window, .steps = stage.reduce.front(), .load = *load, .offset = 0, .taps = {}};
    const std::int64_t steps = task.axis(slide.steps).extent;
    const std::int64_t first = task.access(slide.load).at.back().offset;
    const std::int64_t last = first + steps - 1;
    slide.offset = last - (last & 1);
    for (std::int64_t step = 0; step < steps; ++step) {
        const std::int64_t from = first + step - slide.offset;  // 1 at most
        slide.taps.push_back({.odd = (from & 1) != 0, .before = -(from >> 1)});
    }
    return slide;
}

bool Slide::carries(bool odd) const {
    return std::ranges::any_of(taps,
                               [&](const Tap& tap) { return tap.odd == odd && tap.before > 0; });
}

std::size_t innermost(const Plan& plan, std::size_t stage) {
    const std::size_t column = plan.stages[stage].column.value_or(stage);
    return plan.stages[column].under.value_or(column);
}

// ---- As text

void SweepPrinter::enter_slide(std::size_t s) {
    const std::size_t column = column_of(s);
    const std::size_t under = innermost(plan_, s);
    slides_ = under != column;
    if (!slides_) return;
    slide_ = Sliding{.slide = slide_of(task_, column, stage(under).out),
                     .columns = under,
                     .at = {names_.fresh("columns"), names_.fresh("columns_inside")},
                     .from = names_.fresh("from"),
                     .low = names_.fresh("low"),
                     .high = names_.fresh("high"),
                     .places = {names_.fresh("even"), names_.fresh("odd")},
                     .before = {names_.fresh("even_before"), names_.fresh("odd_before")}};
}

// A function object: the vector of columns from a place on; checked: where some of it is outside.
void SweepPrinter::print_columns_at(bool checked) {
    const Sliding& sliding = slide_;
    const Access& access = task_.access(sliding.slide.load);
    out_.open(fmt::format("const auto {} = [&](long {})", sliding.at[checked], sliding.from));
    open_lanes(sliding.columns, 1);
    open_reductions(sliding.columns);
    at_lane(sliding.columns, sliding.from);
    edge_ = checked;
    fold_lanes(sliding.columns, "");
    edge_ = false;
    close(reduce_order(stage(sliding.columns)));
    std::string result = lanes_[sliding.columns];
    if (checked && access.outside != kNone) {
        result = fmt::format("{}({}, {}, {}, {})", maths_.use("kept_inside"), result, sliding.from,
                             extent(task_, access.tensor, access.at.size() - 1),
                             scalar(task_, access.outside, leaves()));
    }
    out_.line(fmt::format("return {};", result));
    out_.close(";");
}

// The columns from a place on, sorted: as constants, or as what a later vector needs of them.
void SweepPrinter::print_places(const std::string& from, bool checked, bool before) {
    const Sliding& sliding = slide_;
    const std::string& at = sliding.at[checked];
    out_.line(fmt::format("const vec {0} = {1}({2}), {3} = {1}({2} + W);", sliding.low, at, from,
                          sliding.high));
    for (const bool odd : {false, true}) {
        const auto takes = [&](const Slide::Tap& tap) { return tap.odd == odd; };
        if (before ? !sliding.slide.carries(odd) : std::ranges::none_of(sliding.slide.taps, takes))
            continue;
        out_.line(fmt::format("{} = {}({}, {}, {});",
                              before ? sliding.before[odd] : "const vec " + sliding.places[odd],
                              maths_.use("every_second"), sliding.low, sliding.high, odd ? 1 : 0));
    }
}

// The window's vectors of one loop.
void SweepPrinter::print_slide_steps(std::size_t s, const Steps& walk, const std::string& loop,
                                     bool checked) {
    const Sliding& sliding = slide_;
    const Slide& slide = sliding.slide;
    out_.open(loop);
    at_lane(slide.window, walk.lane);
    print_places(fmt::format("2 * {}{}", walk.lane,
                             slide.offset == 0 ? "" : fmt::format(" + {}", slide.offset)),
                 checked, false);
    open_lanes(slide.window, 1);
    for (std::size_t step = 0; step < slide.taps.size(); ++step) {
        const Slide::Tap& tap = slide.taps[step];
        loop_names_[slide.steps] = fmt::format("{}", step);
        const std::string& places = sliding.places[tap.odd];
        at_hand_[stage(sliding.columns).out] =
            tap.before == 0 ? places
                            : fmt::format("{}({}, {}, {})", maths_.use("following"),
                                          sliding.before[tap.odd], places, tap.before);
        fold_lanes(slide.window, "");
    }
    at_hand_.clear();
    for (const bool odd : {false, true}) {
        if (slide.carries(odd))
            out_.line(fmt::format("{} = {};", sliding.before[odd], sliding.places[odd]));
    }
    at_lane(s, walk.lane);
    finish_columns(s, lanes_[slide.window]);
    out_.close();
}

// True if no place is outside that the window's vector at `lane` takes of the columns.
bool SweepPrinter::is_inside(std::int64_t lane) const {
    const std::int64_t from = 2 * lane + slide_.slide.offset;
    const std::int64_t extent = task_.axis(plan_.stages[slide_.columns].lane).extent;
    return from >= 0 && from + std::int64_t{2} * plan_.lanes <= extent;
}

// The lanes at which two vectors of columns are taken: those of the window's vectors, and before
// the first and the last of them if that needs places before its own.
std::vector<std::int64_t> SweepPrinter::taken_at(const Steps& walk) const {
    const Slide& slide = slide_.slide;
    std::vector<std::int64_t> lanes;
    if (slide.carries() && !begins_outside()) lanes.push_back(-plan_.lanes);
    for (std::int64_t lane = 0; lane + plan_.lanes <= walk.extent; lane += plan_.lanes)
        lanes.push_back(lane);
    if (walk.extent % plan_.lanes == 0) return lanes;
    if (slide.carries()) lanes.push_back(walk.extent - std::int64_t{2} * plan_.lanes);
    lanes.push_back(walk.extent - plan_.lanes);
    return lanes;
}

// True if all that the first vector needs of places before its own is outside.
bool SweepPrinter::begins_outside() const {
    return slide_.slide.offset <= 0 && task_.access(slide_.slide.load).outside != kNone;
}

void SweepPrinter::print_first_places() {
    const Sliding& sliding = slide_;
    const Slide& slide = sliding.slide;
    std::string start;
    if (begins_outside()) {
        start = fmt::format(" = {}({})", maths_.use("splat"),
                            scalar(task_, task_.access(slide.load).outside, leaves()));
    }
    for (const bool odd : {false, true}) {
        if (slide.carries(odd)) out_.line(fmt::format("vec {}{};", sliding.before[odd], start));
    }
    if (slide.carries() && !begins_outside()) print_places_before(-plan_.lanes);
}

void SweepPrinter::print_places_before(std::int64_t lane) {
    out_.open("");
    print_places(fmt::format("{}", 2 * lane + slide_.slide.offset), !is_inside(lane), true);
    out_.close();
}

void SweepPrinter::print_slide_row(std::size_t s, const Steps& walk) {
    const Slide& slide = slide_.slide;
    const std::vector<Span>& spans = plan_.stages[slide.window].inside;
    const Span span = spans.empty() ? Span{0, walk.extent} : spans.back();
    const std::vector<std::int64_t> taken = taken_at(walk);
    for (const bool checked : {false, true}) {
        const auto is_so = [&](std::int64_t lane) { return is_inside(lane) != checked; };
        if (std::ranges::any_of(taken, is_so)) print_columns_at(checked);
    }
    print_first_places();
    at_lane(s, walk.lane);
    const auto print = [&](const std::string& loop, std::int64_t from, std::int64_t to) {
        edge_ = from < span.low || to > span.high;
        print_slide_steps(s, walk, loop, !is_inside(from));
        edge_ = false;
    };
    const std::int64_t whole = walk.extent / plan_.lanes * plan_.lanes;
    for (std::int64_t from = 0; from < whole;) {
        std::int64_t to = from + plan_.lanes;
        while (to < whole && is_inside(to) == is_inside(from))
            to += plan_.lanes;
        if (walk.unroll > 1 && to - from > plan_.lanes)
            out_.line(fmt::format("#pragma GCC unroll {}", walk.unroll));
        print(loop_to(walk, from, to, 1), from, to);
        from = to;
    }
    if (whole == walk.extent) return;
    if (slide.carries()) print_places_before(walk.extent - std::int64_t{2} * plan_.lanes);
    print(last_vector(walk), walk.extent - plan_.lanes, walk.extent);
}

}  // namespace cupel::schedule::sweep
