// SPDX-License-Identifier: Apache-2.0
#include "schedule/tile_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cupel::schedule::tile {
namespace {

using task::AxisId;
using task::ExprId;
using task::kNone;
using task::TensorId;

template <class T>
bool has(const std::vector<T>& all, const T& one) {
    return std::ranges::find(all, one) != all.end();
}

void visit(const task::Task& task, ExprId id, const std::function<void(const task::Expr&)>& see) {
    const task::Expr& expr = task.expr(id);
    see(expr);
    if (expr.op == task::Op::Load) {
        const task::Access& access = task.access(expr.reference);
        if (access.outside != kNone) visit(task, access.outside, see);
        for (const task::Index& index : access.at) {
            if (index.gather != kNone) visit(task, index.gather, see);
        }
    }
    for (int i = 0; i < task::operands(expr.op); i++)
        visit(task, expr.kid[i], see);
}

void add_terms(const task::Index& index, std::vector<AxisId>& out) {
    for (const auto& term : index.terms) {
        if (!has(out, term.axis)) out.push_back(term.axis);
    }
}

// A size called W would be taken for the lanes of a vector: its number is printed instead. A tensor
// or an axis called like a function or a variable of the kernel gets another name.
task::Task without_clashes(const task::Task& task) {
    static constexpr auto kOwn = std::to_array<std::string_view>(
        {"MR",     "NV",     "NR",       "KC",       "MC",    "NC",     "MP",       "THREADS",
         "pack_a", "pack_b", "packed_a", "packed_b", "depth", "rows",   "cols",     "tall",
         "wide",   "from",   "until",    "thread",   "tile",  "finish", "finished", "last"});
    const auto rename = [](auto& named) {
        if (std::ranges::find(kOwn, std::string_view(named.name)) != kOwn.end()) named.name += "_";
    };
    task::Task copy = task;
    std::erase_if(copy.sizes, [](const task::Size& size) { return size.name == "W"; });
    std::ranges::for_each(copy.tensors, rename);
    std::ranges::for_each(copy.axes, rename);
    return copy;
}

}  // namespace

std::string fill(std::string_view text, const Blanks& blanks) {
    std::string out;
    while (!text.empty()) {
        const std::size_t open = text.find('{');
        out += text.substr(0, open);
        if (open == std::string_view::npos) break;
        text.remove_prefix(open);
        const std::size_t close = text.find('}');
        const auto blank =
            close == std::string_view::npos ? blanks.end() : blanks.find(text.substr(1, close - 1));
        out += blank == blanks.end() ? "{" : blank->second;
        text.remove_prefix(blank == blanks.end() ? 1 : close + 1);
    }
    return out;
}

void tensors_of(const task::Task& task, ExprId id, std::vector<TensorId>& out) {
    visit(task, id, [&](const task::Expr& expr) {
        if (expr.op != task::Op::Load) return;
        const TensorId tensor = task.access(expr.reference).tensor;
        if (!has(out, tensor)) out.push_back(tensor);
    });
}

void axes_of(const task::Task& task, ExprId id, std::vector<AxisId>& out) {
    visit(task, id, [&](const task::Expr& expr) {
        if (expr.op == task::Op::Axis && !has(out, expr.reference)) out.push_back(expr.reference);
        if (expr.op != task::Op::Load) return;
        for (const task::Index& index : task.access(expr.reference).at)
            add_terms(index, out);
    });
}

std::vector<AxisId> axes_of(const task::Task& task, const Factor& factor) {
    std::vector<AxisId> axes;
    for (const ExprId id : factor.product)
        axes_of(task, id, axes);
    for (const ExprId id : factor.masks)
        axes_of(task, id, axes);
    for (const task::Bound& bound : factor.where) {
        if (bound.low) add_terms(*bound.low, axes);
        if (bound.high) add_terms(*bound.high, axes);
    }
    return axes;
}

Words::Words(const Problem& the_problem, const Plan& the_plan)
    : problem(the_problem),
      task(without_clashes(the_problem.task)),
      contraction(the_problem.contraction),
      plan(the_plan),
      names(task),
      m(group(contraction.m)),
      n(group(contraction.n)),
      k(group(contraction.k)),
      real(real_name(task)),
      a(operand(true)),
      b(operand(false)) {}

Group Words::group(const std::vector<AxisId>& axes) {
    Group group;
    group.axes = axes;
    std::vector<std::string> sizes;
    for (const AxisId axis : axes) {
        group.name += names.axis(axis);
        sizes.push_back(extent(task, axis));
    }
    if (axes.size() > 1) group.name = names.fresh(group.name);
    group.start = names.fresh(group.name + "0");
    group.size = fmt::format("{}", fmt::join(sizes, " * "));
    const auto& ends = problem.limits.ends;
    // Maps in the same tile fill the output as far as the sum goes: it must not be wanted beyond.
    const bool whole =
        axes == contraction.n && !ends.contains(task.producer(contraction.out)->keep.back());
    const auto known = axes.size() == 1 && !whole ? ends.find(axes.front()) : ends.end();
    group.end = known == ends.end() ? group.size : known->second;
    return group;
}

Operand Words::operand(bool is_a) {
    const Factor& factor = is_a ? contraction.a : contraction.b;
    Operand operand{.factor = factor,
                    .group = is_a ? m : n,
                    .pack = is_a ? "pack_a" : "pack_b",
                    .panels = is_a ? "packed_a" : "packed_b",
                    .panel = is_a ? "MR" : "NR",
                    .block = is_a ? "MC" : "NC",
                    .some = is_a ? "rows" : "cols",
                    .packed = is_a ? plan.pack_a : plan.pack_b,
                    .shared = shares_inner_loop(plan) && is_a != plan.n_outside,
                    .once = is_a && plan.once_a,
                    .tensors = {},
                    .batch = {}};
    for (const ExprId id : factor.product)
        tensors_of(task, id, operand.tensors);
    for (const ExprId id : factor.masks)
        tensors_of(task, id, operand.tensors);
    if (operand.once) operand.shared = plan.shared != Shared::None;
    const std::vector<AxisId> axes = axes_of(task, factor);
    for (const AxisId axis : contraction.batch) {
        if (has(axes, axis)) operand.batch.push_back(axis);
    }
    return operand;
}

std::string Words::stride(const task::Access& access, AxisId axis) const {
    const auto& shape = task.tensor(access.tensor).shape;
    const std::int64_t value = stride_along(task, access, axis);
    std::vector<std::string> below;
    std::int64_t product = 1;
    for (std::size_t d = access.at.size(); d-- > 0;) {
        if (access.at[d].plain_axis() == axis && product == value) break;
        below.insert(below.begin(), extent(task, access.tensor, d));
        product *= shape[d];
    }
    return product == value ? fmt::format("{}", fmt::join(below, " * ")) : fmt::format("{}", value);
}

std::string Words::stride(const task::Access& access, const Group& group) const {
    for (auto axis = group.axes.rbegin(); axis != group.axes.rend(); axis++) {
        if (task.axis(*axis).extent > 1 || axis + 1 == group.axes.rend())
            return stride(access, *axis);
    }
    return "1";
}

std::string Words::out_stride(AxisId axis) const {
    std::vector<std::string> below;
    const auto& keep = contraction.anchor->keep;
    for (auto at = std::ranges::find(keep, axis) + 1; at != keep.end(); at++) {
        below.push_back(extent(task, *at));
    }
    return fmt::format("{}", fmt::join(below, " * "));
}

std::string indented(const std::string& text, int depth) {
    Writer out;
    for (int i = 0; i < depth; i++)
        out.open("");
    const std::size_t skip = out.text().size();
    out.lines(text);
    return out.text().substr(skip);
}

std::string times(const std::string& variable, const std::string& stride) {
    if (stride.empty() || stride == "1") return variable;
    if (stride == "0") return "0";
    return variable + " * " + stride;
}

std::string Words::base(const Operand& operand) const {
    const task::Access& access = task.access(operand.factor.access);
    std::string text = names.tensor(access.tensor);
    std::int64_t offset = 0;
    std::int64_t below = 1;
    for (std::size_t d = access.at.size(); d-- > 0;) {
        offset += access.at[d].offset * below;
        below *= task.tensor(access.tensor).shape[d];
    }
    for (const AxisId axis : operand.batch) {
        text += " + " + times(names.axis(axis), stride(access, axis));
    }
    if (offset != 0) text += fmt::format(" {} {}", offset < 0 ? '-' : '+', std::abs(offset));
    return text;
}

void Words::split(const Group& group, const std::vector<AxisId>& wanted, Writer& out,
                  bool varying) const {
    if (group.axes.size() < 2) return;
    for (std::size_t i = 0; i < group.axes.size(); i++) {
        if (!has(wanted, group.axes[i])) continue;
        std::string text = group.name;
        std::int64_t inner = 1;
        for (std::size_t j = i + 1; j < group.axes.size(); j++)
            inner *= task.axis(group.axes[j]).extent;
        if (inner > 1) {
            text += " / " + (i + 2 == group.axes.size() ? extent(task, group.axes[i + 1])
                                                        : fmt::format("{}", inner));
        }
        if (i > 0) text += " % " + extent(task, group.axes[i]);
        out.line(fmt::format("{}long {} = {};", varying ? "" : "const ", names.axis(group.axes[i]),
                             text));
    }
}

std::string Words::axes_from(const Group& group, const std::vector<AxisId>& wanted, int depth,
                             bool varying) const {
    Writer out;
    split(group, wanted, out, varying);
    return indented(out.take(), depth);
}

Leaves Words::leaves() const {
    Leaves leaves;
    leaves.axis = [this](AxisId axis) { return names.axis(axis); };
    leaves.load = [this](int access) {
        const task::Access& at = task.access(access);
        return element(task, at, names.tensor(at.tensor), this->leaves());
    };
    return leaves;
}

}  // namespace cupel::schedule::tile
