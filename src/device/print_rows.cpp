// SPDX-License-Identifier: Apache-2.0
#include "device/print_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "device/online.hpp"
#include "device/print_scan.hpp"
#include "device/walk.hpp"
#include "schedule/nest.hpp"

namespace cupel::device {

using schedule::Writer;
using task::AxisId;
using task::Reducer;
using task::Role;
using task::Stage;
using task::TensorId;

namespace {

// What is done at each element of a walk, and around four of them.
struct Steps {
    std::function<void()> each;
    std::function<void()> before_four = {};
    std::function<void()> after_four = {};
    std::string otherwise = {};  // of the elements beyond the end of a row, where four are walked
};

class RowPrinter {
public:
    RowPrinter(const Launch& launch, schedule::Names& names, FileText& file)
        : launch_(launch),
          task_(launch.generic.task),
          scope_(launch.generic, names),
          file_(file),
          walker_(launch, scope_, file, out_) {}

    void print(const std::string& kernel) {
        lane_ = scope_.names.fresh("lane");
        u_ = scope_.names.fresh("u");
        lanes_ = std::to_string(launch_.lanes());
        const std::vector<TensorId> rows = kept_rows(launch_);
        open(kernel, rows);
        keep(rows);
        const std::set<TensorId> without = inlined(launch_);
        std::size_t done = task_.stages.size();  // the sum that an online pass has taken along
        for (std::size_t s = 0; s < task_.stages.size(); s++) {
            const Stage& stage = task_.stages[s];
            if (without.contains(stage.out) || s == done) continue;
            wait_for(stage);
            const std::size_t partner =
                launch_.online ? online_partner(launch_, s) : task_.stages.size();
            if (partner != task_.stages.size()) {
                print_online(stage, task_.stages[partner]);
                done = partner;
            } else {
                print_stage(stage);
            }
        }
        out_.close();
        file_.kernels += out_.take() + "\n";
    }

private:
    // ---- the frame

    [[nodiscard]] std::vector<AxisId> outer(const Stage& stage) const {
        return {stage.keep.begin(),
                stage.keep.begin() + static_cast<std::ptrdiff_t>(launch_.depth)};
    }

    [[nodiscard]] std::string bytes_of(const std::vector<TensorId>& rows) const {
        std::string elements;
        for (const TensorId id : rows)
            elements += (elements.empty() ? "" : " + ") + row_size(id);
        if (elements.empty()) return "";
        const int warps = launch_.worker == Worker::Warp ? launch_.block / 32 : 1;
        const bool real = schedule::real_type(task_) == task::Type::F64;
        return fmt::format("{} * ({})", warps * (real ? 8 : 4), elements);
    }

    [[nodiscard]] std::string row_size(TensorId id) const {
        std::vector<std::string> factors;
        for (std::size_t d = launch_.depth; d < task_.tensor(id).shape.size(); d++)
            factors.push_back(schedule::extent(task_, id, d));
        return product_text(factors);
    }

    void open(const std::string& kernel, const std::vector<TensorId>& rows) {
        const std::vector<AxisId> axes = outer(task_.stages.front());
        const std::string count = scope_.size_of(axes);
        const bool warp = launch_.worker == Worker::Warp;
        const int at_once = warp ? launch_.block / 32 : 1;
        std::vector<std::size_t> all(task_.stages.size());
        std::iota(all.begin(), all.end(), 0);
        open_kernel(
            scope_,
            {.name = kernel,
             .grid = at_once == 1 ? count : fmt::format("ceil({} / {})", bracketed(count), at_once),
             .block = std::to_string(launch_.block),
             .shared = bytes_of(rows)},
            parameters_of(task_, all), file_, out_);
        const std::string row =
            axes.size() == 1 ? scope_.names.axis(axes[0]) : scope_.names.fresh("row");
        if (warp && at_once > 1) {
            out_.line(fmt::format("const long long {} = blockIdx.x * {}LL + threadIdx.x / 32;", row,
                                  at_once));
        } else {
            out_.line(fmt::format("const long long {} = blockIdx.x;", row));
        }
        out_.line(fmt::format("const int {} = threadIdx.x{};", lane_, warp ? " % 32" : ""));
        if (warp && at_once > 1) out_.line(fmt::format("if ({} >= {}) return;", row, count));
        scope_.name_positions(axes, row, "long long", out_);
        for (const Stage& stage : task_.stages) {
            for (std::size_t d = 0; d < axes.size(); d++)
                scope_.axes[stage.keep[d]] = scope_.axes.at(axes[d]);
        }
    }

    // The rows that stay in shared memory.
    void keep(const std::vector<TensorId>& rows) {
        if (rows.empty()) return;
        const std::string_view type = device_type(schedule::real_type(task_));
        const std::string all = scope_.names.fresh("kept");
        out_.line(fmt::format("extern __shared__ {} {}[];", type, all));
        std::vector<std::string> before;
        std::string whole;
        for (const TensorId id : rows)
            whole += (whole.empty() ? "" : " + ") + row_size(id);
        if (launch_.worker == Worker::Warp)
            before.push_back(fmt::format("threadIdx.x / 32 * ({})", whole));
        for (const TensorId id : rows) {
            std::string place = all;
            for (const std::string& one : before)
                place += " + " + one;
            out_.line(fmt::format("{}* const {} = {};", type, scope_.names.tensor(id), place));
            before.push_back(row_size(id));
            scope_.rows[id] = launch_.depth;
        }
    }

    // What other lanes wrote is read only when all have come so far.
    void wait_for(const Stage& stage) {
        const AxisId none = task::kNone;
        const auto waits = [&](const auto& one) {
            return unread_.contains(task_.access(one.first).tensor);
        };
        if (std::ranges::none_of(walker_.accesses(stage, none), waits)) return;
        out_.line(launch_.worker == Worker::Warp ? "__syncwarp();" : "__syncthreads();");
        unread_.clear();
    }

    // ---- stages

    void print_stage(const Stage& stage) {
        const bool fills_row = stage.keep.size() > launch_.depth;
        if (fills_row) {
            if (const auto sum = running_sum(launch_, stage)) {
                print_scan(*sum, {lane_, lanes_}, scope_, file_, out_);
            } else {
                stage.reduce.empty() ? print_map(stage) : print_folds(stage);
            }
            unread_.insert(stage.out);
        } else if (stage.reduce.empty()) {
            declare(stage, scope_.value_of(stage));
        } else if (is_arg(stage.how)) {
            print_search(stage);
        } else {
            print_fold(stage);
        }
    }

    // The one value of a row, which each lane has.
    void declare(const Stage& stage, const std::string& value) {
        const std::string name = own_name(stage);
        out_.line(fmt::format("const {} {} = {};", device_type(task_.tensor(stage.out).type), name,
                              value));
        publish(stage, name);
    }

    std::string own_name(const Stage& stage) {
        const std::string& name = scope_.names.tensor(stage.out);
        return task_.tensor(stage.out).role == Role::Intermediate
                   ? name
                   : scope_.names.fresh(name + "_here");
    }

    void publish(const Stage& stage, const std::string& name) {
        if (task_.tensor(stage.out).role == Role::Output)
            out_.line(fmt::format("if ({} == 0) {} = {};", lane_, scope_.element_of(stage), name));
        scope_.values[stage.out] = name;
    }

    // The lanes fill a row.
    void print_map(const Stage& stage) {
        const std::vector<AxisId> loops = row_loops(launch_, stage);
        const bool four =
            loops.size() == 1 && launch_.vector == 4 && walker_.fills_side_by_side(stage, loops[0]);
        std::string array;
        Steps steps;
        steps.each = [&] {
            walker_.bind(stage);
            out_.line(fmt::format("{} = {};",
                                  array.empty() ? scope_.element_of(stage) : array + "[" + u_ + "]",
                                  scope_.value_of(stage)));
            walker_.forget();
        };
        if (four) {
            steps.before_four = [&] {
                array = scope_.local(scope_.names.tensor(stage.out) + "_4");
                out_.line(fmt::format("float {}[4];", array));
            };
            steps.after_four = [&] { walker_.put(stage, loops[0], array, four_); };
        }
        walk(stage, loops, steps);
    }

    // Each lane reduces for the elements of a row that are its own.
    void print_folds(const Stage& stage) {
        Steps steps;
        steps.each = [&] {
            const std::string sum = scope_.local(scope_.names.tensor(stage.out) + "_here");
            print_serial_fold(scope_, stage, sum, out_);
            out_.line(fmt::format("{} = {};", scope_.element_of(stage), sum));
        };
        walk(stage, row_loops(launch_, stage), steps, false);
    }

    // All lanes reduce the row to one value.
    void print_fold(const Stage& stage) {
        const std::string name = own_name(stage);
        const std::string_view type = sum_type(scope_, stage);
        out_.line(fmt::format("{} {} = {};", type, name, first_of(scope_, stage)));
        Steps steps;
        steps.each = [&] {
            walker_.bind(stage);
            const std::string body =
                type == "long long" ? scope_.whole(stage.body) : scope_.real(stage.body);
            const bool sums = stage.how == Reducer::Sum || stage.how == Reducer::Prod;
            out_.line(
                sums ? fmt::format("{} {}= {};", name, stage.how == Reducer::Sum ? "+" : "*", body)
                     : fmt::format("{} = {};", name, combined(scope_, stage, name, body)));
            walker_.forget();
        };
        walk(stage, stage.reduce, steps);
        out_.line(
            fmt::format("{0} = {1}<{2}>({0});", name, use_reduction(scope_, stage, file_), lanes_));
        publish(stage, name);
    }

    void print_search(const Stage& stage) {
        const std::string where = own_name(stage);
        const std::string best = scope_.names.fresh("best");
        const std::string value = scope_.local("value");
        const std::string_view type = sum_type(scope_, stage);
        out_.line(fmt::format("{} {} = {};", type, best, first_of(scope_, stage)));
        out_.line(fmt::format("long long {} = 0;", where));
        Steps steps;
        steps.each = [&] {
            walker_.bind(stage);
            const std::string body =
                type == "long long" ? scope_.whole(stage.body) : scope_.real(stage.body);
            std::string flat;
            for (const AxisId id : stage.reduce) {
                if (!flat.empty()) flat = fmt::format("({}) * {} + ", flat, scope_.extent(id));
                flat += scope_.axes.at(id);
            }
            out_.line(fmt::format("const {} {} = {};", type, value, body));
            out_.line(fmt::format("if ({0} {1} {2}) {2} = {0}, {3} = {4};", value,
                                  stage.how == Reducer::ArgMax ? ">" : "<", best, where, flat));
            walker_.forget();
        };
        walk(stage, stage.reduce, steps);
        out_.line(fmt::format("{}<{}>({}, {});", use_reduction(scope_, stage, file_), lanes_, best,
                              where));
        publish(stage, where);
    }

    // The maximum, and the sum of exponentials over it, rescaled when the maximum grows. While all
    // was minus infinity there is nothing to rescale.
    void print_online(const Stage& maximum, const Stage& sum) {
        const std::string m = own_name(maximum);
        const std::string z = own_name(sum);
        const std::string suffix = schedule::real_type(task_) == task::Type::F32 ? "f" : "";
        const std::string_view type = device_type(schedule::real_type(task_));
        const std::string value = scope_.local("value");
        const std::string larger = scope_.names.fresh("larger");
        out_.line(fmt::format("{} {} = -INFINITY, {} = 0;", type, m, z));
        bool by_four = false;
        const auto rescale = [&](const std::string& addend) {
            out_.open(fmt::format("if ({} > -INFINITY)", larger));
            out_.line(fmt::format("{0} *= exp{1}({2} - {3});", z, suffix, m, larger));
            out_.line(addend);
            out_.line(fmt::format("{} = {};", m, larger));
            out_.close();
        };
        Steps steps;
        steps.otherwise = fmt::format("{}[{}] = -INFINITY;", value, u_);
        steps.before_four = [&] {
            by_four = true;
            out_.line(fmt::format("float {}[4];", value));
        };
        steps.each = [&] {
            walker_.bind(maximum);
            const std::string body = scope_.real(maximum.body);
            out_.line(by_four ? fmt::format("{}[{}] = {};", value, u_, body)
                              : fmt::format("const {} {} = {};", type, value, body));
            walker_.forget();
            if (by_four) return;
            out_.line(
                fmt::format("const {0} {1} = fmax{2}({3}, {4});", type, larger, suffix, m, value));
            rescale(fmt::format("{} += exp{}({} - {});", z, suffix, value, larger));
        };
        steps.after_four = [&] {
            out_.line(
                fmt::format("const float {0} = fmaxf({1}, fmaxf(fmaxf({2}[0], {2}[1]), "
                            "fmaxf({2}[2], {2}[3])));",
                            larger, m, value));
            rescale(fmt::format("for (int {0} = 0; {0} < 4; {0}++) {1} += expf({2}[{0}] - {3});",
                                u_, z, value, larger));
        };
        walk(maximum, maximum.reduce, steps);
        const std::string all = scope_.names.fresh(m + "_all");
        out_.line(fmt::format("const {} {} = {}<{}>({});", type, all,
                              use_reduction(scope_, maximum, file_), lanes_, m));
        out_.line(fmt::format("{0} = {1}<{2}>({3} > -INFINITY ? {0} * exp{4}({3} - {5}) : 0);", z,
                              use_reduction(scope_, sum, file_), lanes_, m, suffix, all));
        out_.line(fmt::format("{} = {};", m, all));
        publish(maximum, m);
        publish(sum, z);
    }

    // ---- walking

    void walk(const Stage& stage, const std::vector<AxisId>& loops, const Steps& steps,
              bool may_take_four = true) {
        const bool plain = std::ranges::none_of(stage.where, [&](const task::Bound& bound) {
            return std::ranges::find(loops, bound.axis) != loops.end();
        });
        if (loops.size() == 1 && plain && may_take_four && launch_.vector == 4 &&
            walker_.has_fours(stage, loops[0])) {
            walk_by_four(stage, loops[0], steps);
        } else if (loops.size() == 1) {
            walk_axis(stage, loops[0], steps);
        } else {
            walk_flat(stage, loops, steps);
        }
    }

    void walk_axis(const Stage& stage, AxisId axis, const Steps& steps) {
        const std::string name = loop_name(axis);
        const std::string low = scope_.low_of(stage, axis);
        out_.open(fmt::format("for (long long {0} = {1}{2}; {0} < {3}; {0} += {4})", name,
                              low == "0" ? "" : low + " + ", lane_, scope_.high_of(stage, axis),
                              lanes_));
        scope_.axes[axis] = name;
        steps.each();
        out_.close();
    }

    void walk_flat(const Stage& stage, const std::vector<AxisId>& loops, const Steps& steps) {
        const std::string at = scope_.local("at");
        out_.open(fmt::format("for (long long {0} = {1}; {0} < {2}; {0} += {3})", at, lane_,
                              scope_.size_of(loops), lanes_));
        scope_.name_positions(loops, at, "long long", out_);
        std::string inside;
        for (const AxisId axis : loops) {
            const std::string low = scope_.low_of(stage, axis);
            const std::string high = scope_.high_of(stage, axis);
            const std::string& name = scope_.axes.at(axis);
            if (low != "0") inside += fmt::format("{}{} >= {}", conjunction(inside), name, low);
            if (high != scope_.extent(axis))
                inside += fmt::format("{}{} < {}", conjunction(inside), name, high);
        }
        if (!inside.empty()) out_.open("if (" + inside + ")");
        steps.each();
        if (!inside.empty()) out_.close();
        out_.close();
    }

    static std::string conjunction(const std::string& before) {
        return before.empty() ? "" : " && ";
    }

    void walk_by_four(const Stage& stage, AxisId axis, const Steps& steps) {
        four_ = scope_.local(scope_.names.axis(axis) + "0");
        const std::string extent = scope_.extent(axis);
        out_.open(fmt::format("for (long long {0} = 4LL * {1}; {0} < {2}; {0} += 4 * {3})", four_,
                              lane_, extent, lanes_));
        scope_.axes[axis] = four_;
        for (const TensorId id : inlined(launch_)) {
            for (std::size_t d = launch_.depth; d < task_.producer(id)->keep.size(); d++)
                scope_.axes[task_.producer(id)->keep[d]] = four_;
        }
        const std::vector<Four> fours = walker_.take(stage, axis, four_);
        if (steps.before_four) steps.before_four();
        out_.open(fmt::format("for (int {0} = 0; {0} < 4; {0}++)", u_));
        if (!steps.otherwise.empty()) out_.line(steps.otherwise);
        out_.open(fmt::format("if ({0} % 4 == 0 || {1} + {2} < {0})", extent, four_, u_));
        scope_.axes[axis] = fmt::format("({} + {})", four_, u_);
        for (const Four& one : fours)
            scope_.taken[one.access] = one.array + "[" + u_ + "]";
        steps.each();
        for (const Four& one : fours)
            scope_.taken.erase(one.access);
        out_.close();
        out_.close();
        if (steps.after_four) steps.after_four();
        out_.close();
    }

    // Two stages of a launch may call their axes alike, and a row is called by its axis.
    std::string loop_name(AxisId axis) {
        const std::string& name = scope_.names.axis(axis);
        for (const auto& [other, text] : scope_.axes)
            if (other != axis && text == name && is_outer(other)) return scope_.names.fresh(name);
        return name;
    }
    [[nodiscard]] bool is_outer(AxisId axis) const {
        return std::ranges::any_of(task_.stages, [&](const Stage& stage) {
            const std::vector<AxisId> rows = outer(stage);
            return std::ranges::find(rows, axis) != rows.end();
        });
    }

    const Launch& launch_;
    const task::Task& task_;
    Scope scope_;
    FileText& file_;
    Writer out_;
    Walker walker_;
    std::string lane_;
    std::string u_;  // which of four neighbours
    std::string lanes_;
    std::string four_;           // the first of four neighbours, where these are walked
    std::set<TensorId> unread_;  // written by lanes since the last time all waited
};

}  // namespace

void print_rows(const Launch& launch, const std::string& kernel, schedule::Names names,
                FileText& file) {
    RowPrinter(launch, names, file).print(kernel);
}

}  // namespace cupel::device
