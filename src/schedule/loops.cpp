// SPDX-License-Identifier: Apache-2.0
#include "schedule/loops.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "schedule/ids.hpp"

namespace cupel::schedule {

using task::Access;
using task::AxisId;
using task::kNone;
using task::Reducer;
using task::Stage;
using task::Task;
using task::TensorId;

namespace {

constexpr std::int64_t kScratchBytes = std::int64_t{1} << 30;
constexpr std::int64_t kEnoughBlocks = 64;        // iterations worth sharing among threads
constexpr std::int64_t kLongReduction = 1 << 14;  // worth sharing where nothing is kept

bool is_arg(Reducer how) {
    return how == Reducer::ArgMax || how == Reducer::ArgMin;
}

}  // namespace

LoopPrinter::LoopPrinter(const Task& task, Nest nest)
    : task_(task), names_(task), nest_(std::move(nest)) {}

Result<std::string> LoopPrinter::print(std::string_view title) {
    Writer head;
    head.lines(title);
    head.line("#include \"task.hpp\"");
    head.line();
    head.line("#include <algorithm>");
    head.line("#include <cmath>");
    head.line("#include <cstdint>");
    CUPEL_TRY(const std::string body, print_part(false));
    head.lines(prelude());
    head.line();
    return head.take() + body;
}

Result<std::string> LoopPrinter::print_part(bool serial) {
    serial_ = serial;
    CUPEL_DO(scratch());
    out_.open(signature(task_, names_));
    for (const Group& group : nest_.groups)
        print_group(group);
    out_.close();
    return out_.take();
}

Result<void> LoopPrinter::scratch() {
    std::int64_t bytes = 0;
    for (std::size_t t = 0; t < task_.tensors.size(); ++t) {
        if (nest_.homes[t] != Home::Scratch) continue;
        const task::Tensor& tensor = task_.tensors[t];
        bytes += tensor.bytes();
        if (bytes > kScratchBytes) {
            return fail(Errc::Invalid,
                        fmt::format("the intermediate {} takes the naive kernel's scratch memory "
                                    "beyond 1 GiB",
                                    tensor.name));
        }
        out_.line(fmt::format("static {}{} {}[{}];", serial_ ? "thread_local " : "",
                              element_name(tensor.type), names_.tensor(static_cast<int>(t)),
                              shape(static_cast<int>(t), 0)));
    }
    if (bytes > 0) out_.line();
    return {};
}

std::string LoopPrinter::shape(TensorId id, std::size_t first) const {
    std::string text;
    for (std::size_t d = first; d < task_.tensor(id).shape.size(); ++d) {
        if (!text.empty()) text += " * ";
        text += extent(task_, id, d);
    }
    return text.empty() ? "1" : text;
}

void LoopPrinter::enter(const Group& group) {
    loop_names_.clear();
    const std::vector<AxisId> head = outer_axes(task_, group, group.stages.front());
    std::vector<std::string> rows;
    rows.reserve(head.size());
    for (const AxisId axis : head)
        rows.push_back(names_.axis(axis));
    for (const std::size_t s : group.stages) {
        const std::vector<AxisId> outer = outer_axes(task_, group, s);
        for (std::size_t d = 0; d < outer.size(); ++d)
            loop_names_[outer[d]] = rows[d];
        const Stage& stage = task_.stages[s];
        std::vector<AxisId> inner = stage.keep;
        inner.insert(inner.end(), stage.reduce.begin(), stage.reduce.end());
        for (const AxisId axis : inner) {
            if (loop_names_.contains(axis)) continue;
            const std::string& name = names_.axis(axis);
            const bool clash = std::ranges::find(rows, name) != rows.end();
            loop_names_[axis] = clash ? names_.fresh(name) : name;
        }
    }
}

// An axis that no loop runs over is a variable around the kernel.
std::string LoopPrinter::axis(AxisId id) const {
    const auto loop = loop_names_.find(id);
    return loop != loop_names_.end() ? loop->second : names_.axis(id);
}

Leaves LoopPrinter::leaves() const {
    Leaves leaves;
    leaves.axis = [this](AxisId id) { return axis(id); };
    leaves.load = [this](int id) { return load(task_.access(id)); };
    return leaves;
}

std::string LoopPrinter::load(const Access& access) const {
    const std::size_t first = nest_.depths[at(access.tensor)];
    const std::string& name = names_.tensor(access.tensor);
    const Home home = nest_.homes[at(access.tensor)];
    if (home == Home::Local || (home == Home::Row && first == access.at.size())) return name;
    std::string text = fmt::format("{}[{}]", name, position(task_, access, leaves(), first));
    const std::string test = inside(task_, access, leaves());
    if (!test.empty() && is_short(task_.tensor(access.tensor).type)) text = "float(" + text + ")";
    return test.empty()
               ? text
               : fmt::format("({} ? {} : {})", test, text, scalar(task_, access.outside, leaves()));
}

std::string LoopPrinter::target(const Stage& stage) const {
    Access access{.tensor = stage.out, .at = {}, .outside = kNone};
    for (const AxisId axis : stage.keep)
        access.at.push_back({.terms = {{axis, 1}}});
    return load(access);
}

bool LoopPrinter::is_variable(TensorId id) const {
    const Home home = nest_.homes[at(id)];
    return home == Home::Local ||
           (home == Home::Row && nest_.depths[at(id)] == task_.tensor(id).shape.size());
}

void LoopPrinter::print_group(const Group& group) {
    enter(group);
    const std::size_t head = group.stages.front();
    const std::vector<AxisId> outer = outer_axes(task_, group, head);
    std::size_t shared = 0;
    std::int64_t blocks = 1;
    while (shared < outer.size() && blocks < kEnoughBlocks) {
        blocks *= task_.axis(outer[shared++]).extent;
    }
    before(group);
    const bool fenced = streams(group) && shared > 0 && !serial_;
    if (fenced) {
        out_.line("#pragma omp parallel");
        out_.open("");
    }
    const std::string pragma = fenced ? "#pragma omp for" : "#pragma omp parallel for";
    if (serial_) shared = 0;
    if (shared == 1) out_.line(pragma);
    if (shared > 1) out_.line(fmt::format("{} collapse({})", pragma, shared));
    open(task_.stages[head], outer);
    print_body(group, outer.empty() && !serial_);
    close(outer);
    if (streams(group)) out_.line("fence();");
    if (fenced) out_.close();
}

void LoopPrinter::print_body(const Group& group, bool alone) {
    for (std::size_t k = 0; k < group.stages.size(); ++k) {
        const Stage& stage = task_.stages[group.stages[k]];
        declare(stage);
        const bool last = k + 1 == group.stages.size();
        const Stage* const next = last ? nullptr : &task_.stages[group.stages[k + 1]];
        if (next != nullptr && summed_in_passing(group, stage, *next)) {
            print_pair(group, stage, *next);
            ++k;
        } else {
            print_stage(stage, inner(group, group.stages[k]), alone);
        }
    }
}

void LoopPrinter::open(const Stage& stage, const std::vector<AxisId>& axes) {
    const AxisName name = [this](AxisId id) { return axis(id); };
    for (const AxisId id : axes) {
        std::string text = loop(task_, stage, id, name);
        const std::string one = "++" + axis(id);
        if (stride(id) > 1) {
            text.replace(text.rfind(one), one.size(),
                         fmt::format("{} += {}", axis(id), stride(id)));
        }
        out_.open(text);
    }
}

void LoopPrinter::close(const std::vector<AxisId>& axes) {
    for (std::size_t k = 0; k < axes.size(); ++k)
        out_.close();
}

std::vector<AxisId> LoopPrinter::inner(const Group& group, std::size_t s) const {
    std::vector<AxisId> axes = task_.stages[s].keep;
    for (const AxisId outer : outer_axes(task_, group, s))
        std::erase(axes, outer);
    return axes;
}

void LoopPrinter::declare(const Stage& stage) {
    const task::Tensor& tensor = task_.tensor(stage.out);
    if (nest_.homes[at(stage.out)] != Home::Row || is_variable(stage.out)) return;
    out_.line(fmt::format("{} {}[{}];", element_name(tensor.type), names_.tensor(stage.out),
                          shape(stage.out, nest_.depths[at(stage.out)])));
}

bool LoopPrinter::summed_in_passing(const Group& group, const Stage& stage,
                                    const Stage& next) const {
    const std::size_t depth = group.depth;
    const std::size_t rest = stage.keep.size() - depth;
    if (!stage.reduce.empty() || rest == 0 || next.keep.size() != depth || !next.where.empty())
        return false;
    if (next.reduce.size() != rest) return false;
    for (std::size_t d = 0; d < rest; ++d) {
        if (task_.axis(stage.keep[depth + d]).extent != task_.axis(next.reduce[d]).extent)
            return false;
    }
    for (const int load : loads(task_, next.body)) {
        const Access& access = task_.access(load);
        if (access.tensor != stage.out) continue;
        for (std::size_t d = 0; d < rest; ++d) {
            if (access.at[depth + d].plain_axis() != next.reduce[d]) return false;
        }
    }
    return true;
}

void LoopPrinter::print_pair(const Group& group, const Stage& stage, const Stage& next) {
    const std::vector<AxisId> axes(stage.keep.begin() + static_cast<std::ptrdiff_t>(group.depth),
                                   stage.keep.end());
    for (std::size_t d = 0; d < axes.size(); ++d)
        loop_names_[next.reduce[d]] = axis(axes[d]);
    const Sum sum = begin(next);
    open(stage, axes);
    assign(stage, target(stage));
    step(next, sum);
    close(axes);
    end(next, sum);
}

void LoopPrinter::print_stage(const Stage& stage, std::vector<AxisId> kept, bool alone) {
    const auto scan = scan_of(task_, stage);
    if (scan) {
        std::erase(kept, scan->along);
        open(stage, kept);
        print_scan(stage, *scan);
        close(kept);
        return;
    }
    open(stage, kept);
    if (stage.reduce.empty()) {
        assign(stage, target(stage));
    } else {
        const Sum sum = begin(stage);
        const std::vector<AxisId> order = reduce_order(stage);
        if (alone && kept.empty()) share(stage, sum);
        open(stage, order);
        step(stage, sum);
        close(order);
        end(stage, sum);
    }
    close(kept);
}

void LoopPrinter::assign(const Stage& stage, const std::string& to) {
    const bool variable = is_variable(stage.out);
    const std::string type =
        variable ? std::string(element_name(task_.tensor(stage.out).type)) + " " : "";
    out_.line(type + to + " = " + value(stage) + ";");
}

// A mean divides by how many values it is over: where a `shapes` line lets that vary, by the sizes.
std::string LoopPrinter::count_of(const Stage& stage, double number) const {
    for (const int load : loads(task_, stage.body)) {
        const Stage* const sum = task_.producer(task_.access(load).tensor);
        if (sum == nullptr || sum->how != Reducer::Sum) continue;
        double count = 1;
        std::string text;
        for (const AxisId axis : sum->reduce) {
            count *= static_cast<double>(task_.axis(axis).extent);
            text += (text.empty() ? "" : " * ") + extent(task_, axis);
        }
        const bool vary =
            std::ranges::any_of(sum->reduce, [&](AxisId axis) { return varies(task_, axis); });
        if (vary && sum->where.empty() && count == number) return text;
    }
    return {};
}

std::string LoopPrinter::value(const Stage& stage) const {
    const task::Type type = task_.tensor(stage.out).type;
    if (task::is_float(type)) {
        Leaves inside = leaves();
        inside.constant = [&](double number) { return count_of(stage, number); };
        return scalar(task_, stage.body, inside);
    }
    if (type == task::Type::I64) return integer(task_, stage.body, leaves());
    return fmt::format("static_cast<{}>({})", element_name(type),
                       integer(task_, stage.body, leaves()));
}

void LoopPrinter::share(const Stage& stage, const Sum& sum) {
    std::int64_t steps = 1;
    for (const AxisId id : stage.reduce)
        steps *= task_.axis(id).extent;
    if (steps < kLongReduction || is_arg(stage.how)) return;
    const char* const sign = stage.how == Reducer::Sum    ? "+"
                             : stage.how == Reducer::Prod ? "*"
                             : stage.how == Reducer::Max  ? "max"
                                                          : "min";
    out_.line(fmt::format("#pragma omp parallel for reduction({} : {})", sign, sum.name));
}

LoopPrinter::Sum LoopPrinter::begin(const Stage& stage) {
    Sum sum;
    const task::Type type = task_.tensor(stage.out).type;
    const bool variable = is_variable(stage.out);
    sum.whole = is_integer(task_, stage.body) && (is_arg(stage.how) || !task::is_float(type));
    if (is_arg(stage.how)) {
        sum.name = names_.fresh("best");
        sum.position = variable ? names_.tensor(stage.out) : names_.fresh("where");
        out_.line(fmt::format("long {} = 0;", sum.position));
    } else {
        const bool extreme = stage.how == Reducer::Max || stage.how == Reducer::Min;
        sum.name = variable ? names_.tensor(stage.out) : names_.fresh(extreme ? "best" : "total");
    }
    out_.line(fmt::format("{} {} = {};", sum.whole ? "long" : real_name(task_), sum.name,
                          first(stage, sum.whole)));
    return sum;
}

std::string LoopPrinter::first(const Stage& stage, bool whole) const {
    if (!whole) return identity(stage.how, real_type(task_));
    if (stage.how == Reducer::Max || stage.how == Reducer::ArgMax) return "INT64_MIN";
    if (stage.how == Reducer::Min || stage.how == Reducer::ArgMin) return "INT64_MAX";
    return stage.how == Reducer::Prod ? "1" : "0";
}

void LoopPrinter::step(const Stage& stage, const Sum& sum) {
    const std::string body =
        sum.whole ? integer(task_, stage.body, leaves()) : scalar(task_, stage.body, leaves());
    if (is_arg(stage.how)) {
        const std::string value = names_.fresh("value");
        out_.line(
            fmt::format("const {} {} = {};", sum.whole ? "long" : real_name(task_), value, body));
        out_.open(fmt::format("if ({} {} {})", value, stage.how == Reducer::ArgMax ? ">" : "<",
                              sum.name));
        out_.line(fmt::format("{} = {};", sum.name, value));
        out_.line(fmt::format("{} = {};", sum.position, flat(stage)));
        out_.close();
        return;
    }
    const bool product = stage.how == Reducer::Prod;
    if (product || stage.how == Reducer::Sum) {
        out_.line(fmt::format("{} {}= {};", sum.name, product ? "*" : "+", body));
        return;
    }
    out_.line(fmt::format("{0} = std::{1}({0}, {2});", sum.name,
                          stage.how == Reducer::Max ? "max" : "min", body));
}

std::string LoopPrinter::flat(const Stage& stage) const {
    std::string text;
    for (const AxisId id : stage.reduce) {
        if (!text.empty()) text = fmt::format("({}) * {} + ", text, extent(task_, id));
        text += axis(id);
    }
    return text;
}

void LoopPrinter::end(const Stage& stage, const Sum& sum) {
    if (is_variable(stage.out)) return;
    const task::Type type = task_.tensor(stage.out).type;
    const std::string& from = is_arg(stage.how) ? sum.position : sum.name;
    const bool narrows = !task::is_float(type) && type != task::Type::I64;
    out_.line(
        narrows ? fmt::format("{} = static_cast<{}>({});", target(stage), element_name(type), from)
                : fmt::format("{} = {};", target(stage), from));
}

void LoopPrinter::print_scan(const Stage& stage, const Scan& scan) {
    loop_names_[scan.reduced] = axis(scan.along);
    const Sum sum = begin(stage);
    const std::string i = axis(scan.along);
    const std::string n = extent(task_, scan.along);
    out_.open(scan.reverse ? fmt::format("for (long {0} = {1} - 1; {0} >= 0; --{0})", i, n)
                           : fmt::format("for (long {0} = 0; {0} < {1}; ++{0})", i, n));
    if (!scan.inclusive) end(stage, sum);
    step(stage, sum);
    if (scan.inclusive) end(stage, sum);
    out_.close();
}

}  // namespace cupel::schedule
