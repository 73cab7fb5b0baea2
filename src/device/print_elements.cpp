// SPDX-License-Identifier: Apache-2.0
#include "device/print_elements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "device/walk.hpp"

namespace cupel::device {

using schedule::Writer;
using task::AxisId;
using task::Role;
using task::Stage;

namespace {

// Enough blocks for any GPU; threads go on where these end.
constexpr int kMostBlocks = 8192;

class ElementPrinter {
public:
    ElementPrinter(const Launch& launch, schedule::Names& names, FileText& file)
        : launch_(launch),
          task_(launch.generic.task),
          scope_(launch.generic, names),
          file_(file),
          walker_(launch, scope_, file, out_) {}

    void print(const std::string& kernel) {
        u_ = scope_.names.fresh("u");
        const std::vector<AxisId>& axes = task_.stages.front().keep;
        const bool four = launch_.vector == 4 && !axes.empty();
        std::string count = scope_.size_of(axes);
        const std::string fours =
            four ? fmt::format("(({} + 3) / 4)", scope_.extent(axes.back())) : "";
        if (four) count = rows_of(axes) + fours;
        std::vector<std::size_t> all(task_.stages.size());
        std::iota(all.begin(), all.end(), 0);
        open_kernel(scope_,
                    {.name = kernel,
                     .grid = fmt::format("min(ceil({} / {}), {})", bracketed(count), launch_.block,
                                         kMostBlocks),
                     .block = std::to_string(launch_.block)},
                    parameters_of(task_, all), file_, out_);
        const std::string at =
            axes.size() == 1 && !four ? scope_.names.axis(axes[0]) : scope_.names.fresh("at");
        out_.line(fmt::format("const long long {0} = {1}LL * gridDim.x;",
                              step_ = scope_.names.fresh("threads"), launch_.block));
        out_.open(fmt::format(
            "for (long long {0} = blockIdx.x * {1}LL + threadIdx.x; {0} < {2}; {0} += {3})", at,
            launch_.block, count, step_));
        four ? print_four(axes, at, fours) : print_one(axes, at);
        out_.close();
        out_.close();
        file_.kernels += out_.take() + "\n";
    }

private:
    [[nodiscard]] std::string rows_of(std::vector<AxisId> axes) const {
        axes.pop_back();
        return axes.empty() ? "" : scope_.size_of(axes) + " * ";
    }

    // All stages of the launch fill the same axes, under names of their own.
    void share_names(const std::vector<AxisId>& axes) {
        for (const Stage& stage : task_.stages) {
            for (std::size_t d = 0; d < axes.size(); d++)
                scope_.axes[stage.keep[d]] = scope_.axes.at(axes[d]);
        }
    }

    void print_one(const std::vector<AxisId>& axes, const std::string& at) {
        scope_.name_positions(axes, at, "long long", out_);
        share_names(axes);
        for (const Stage& stage : task_.stages)
            print_stage(stage, "");
    }

    void print_stage(const Stage& stage, const std::string& array) {
        const bool output = task_.tensor(stage.out).role == Role::Output;
        const std::string& tensor = scope_.names.tensor(stage.out);
        const std::string name = output ? scope_.names.fresh(tensor + "_here") : tensor;
        if (stage.reduce.empty()) {
            out_.line(fmt::format("const {} {} = {};", device_type(task_.tensor(stage.out).type),
                                  name, scope_.value_of(stage)));
        } else {
            print_serial_fold(scope_, stage, name, out_);
        }
        if (output) {
            out_.line(fmt::format("{} = {};",
                                  array.empty() ? scope_.element_of(stage) : array + "[" + u_ + "]",
                                  name));
        }
        scope_.values[stage.out] = name;
    }

    // Four neighbours in the last axis; rows that are no whole fours have a shorter last one.
    void print_four(const std::vector<AxisId>& axes, const std::string& at,
                    const std::string& fours) {
        const AxisId last = axes.back();
        const std::string extent = scope_.extent(last);
        const std::string first = scope_.names.fresh(scope_.names.axis(last) + "0");
        const bool rows = axes.size() > 1;
        out_.line(
            fmt::format("const long long {} = 4 * ({}{});", first, at, rows ? " % " + fours : ""));
        if (rows) {
            const std::vector<AxisId> outer(axes.begin(), axes.end() - 1);
            const std::string row =
                outer.size() == 1 ? scope_.names.axis(outer[0]) : scope_.names.fresh("row");
            out_.line(fmt::format("const long long {} = {} / {};", row, at, fours));
            scope_.name_positions(outer, row, "long long", out_);
        }
        scope_.axes[last] = first;
        share_names(axes);
        std::vector<Four> taken;
        std::map<task::TensorId, std::string> arrays;
        for (const Stage& stage : task_.stages) {
            for (Four& one : walker_.take(stage, stage.keep.back(), first))
                taken.push_back(std::move(one));
            if (!walker_.fills_side_by_side(stage, stage.keep.back())) continue;
            arrays[stage.out] = scope_.names.fresh(scope_.names.tensor(stage.out) + "4");
            out_.line(fmt::format("float {}[4];", arrays[stage.out]));
        }
        out_.open(fmt::format("for (int {0} = 0; {0} < 4; {0}++)", u_));
        out_.open(fmt::format("if ({0} % 4 == 0 || {1} + {2} < {0})", extent, first, u_));
        scope_.axes[last] = fmt::format("({} + {})", first, u_);
        share_names(axes);
        for (const Four& one : taken)
            scope_.taken[one.access] = one.array + "[" + u_ + "]";
        for (const Stage& stage : task_.stages)
            print_stage(stage, arrays[stage.out]);
        out_.close();
        out_.close();
        for (const Stage& stage : task_.stages) {
            if (!arrays[stage.out].empty())
                walker_.put(stage, stage.keep.back(), arrays[stage.out], first);
        }
    }

    const Launch& launch_;
    const task::Task& task_;
    Scope scope_;
    FileText& file_;
    Writer out_;
    Walker walker_;
    std::string step_;
    std::string u_;  // which of four neighbours
};

}  // namespace

void print_elements(const Launch& launch, const std::string& kernel, schedule::Names names,
                    FileText& file) {
    ElementPrinter(launch, names, file).print(kernel);
}

}  // namespace cupel::device
