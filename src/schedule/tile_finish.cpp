// SPDX-License-Identifier: Apache-2.0
#include "schedule/tile_finish.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "task/rewrite.hpp"

namespace cupel::schedule::tile {

using task::AxisId;
using task::kNone;

Finish::Finish(const Words& words) : words_(words) {
    for (const task::Stage* stage : words.contraction.finish) {
        tensors_of(words.task, stage->body, tensors_);
    }
    std::erase_if(tensors_, [&](task::TensorId id) {
        return words.task.tensor(id).role != task::Role::Input;
    });
}

std::string Finish::arguments() const {
    std::string text;
    for (const task::TensorId id : tensors_)
        text += words_.names.tensor(id) + ", ";
    for (const AxisId axis : words_.contraction.batch)
        text += words_.names.axis(axis) + ", ";
    return text;
}

std::string Finish::parameters() const {
    std::string text;
    for (const task::TensorId id : tensors_) {
        text += fmt::format("const {}* {}, ", element_name(words_.task.tensor(id).type),
                            words_.names.tensor(id));
    }
    for (const AxisId axis : words_.contraction.batch)
        text += fmt::format("long {}, ", words_.names.axis(axis));
    return text;
}

std::string Finish::call(const std::string& y) const {
    return fmt::format("finish({}{}", arguments(), y);
}

AxisId Finish::anchor_axis(AxisId axis) const {
    const auto& mine = words_.contraction.anchor->keep;
    for (const task::Stage* stage : words_.contraction.finish) {
        const auto at = std::ranges::find(stage->keep, axis);
        if (at != stage->keep.end())
            return mine[static_cast<std::size_t>(at - stage->keep.begin())];
    }
    return axis;
}

bool Finish::in_n(AxisId axis) const {
    return std::ranges::find(words_.n.axes, anchor_axis(axis)) != words_.n.axes.end();
}

bool Finish::computed(const task::Access& access) const {
    return words_.task.tensor(access.tensor).role != task::Role::Input;
}

std::vector<AxisId> Finish::named_in_n() const {
    std::vector<AxisId> named;
    const auto add = [&](AxisId axis) {
        if (in_n(axis)) named.push_back(anchor_axis(axis));
    };
    for (const task::Stage* stage : words_.contraction.finish) {
        for (const task::ExprId id : task::below(words_.task, stage->body)) {
            const task::Expr& expr = words_.task.expr(id);
            if (expr.op == task::Op::Axis) add(expr.reference);
            if (expr.op != task::Op::Load || computed(words_.task.access(expr.reference))) continue;
            for (const task::Index& index : words_.task.access(expr.reference).at) {
                for (const auto& term : index.terms)
                    add(term.axis);
            }
        }
    }
    return named;
}

Leaves Finish::scalar_leaves() const {
    Leaves leaves;
    leaves.axis = [this](AxisId axis) { return words_.names.axis(anchor_axis(axis)); };
    leaves.load = [this](int id) {
        const task::Access& access = words_.task.access(id);
        const std::string& name = words_.names.tensor(access.tensor);
        return computed(access) ? name : element(words_.task, access, name, scalar_leaves());
    };
    return leaves;
}

bool Finish::depends_on_n(const task::Access& access) const {
    for (const task::Index& index : access.at) {
        std::vector<AxisId> axes;
        axes.reserve(index.terms.size());
        for (const auto& term : index.terms)
            axes.push_back(term.axis);
        if (index.gather != kNone) axes_of(words_.task, index.gather, axes);
        if (std::ranges::any_of(axes, [&](AxisId axis) { return in_n(axis); })) return true;
    }
    return false;
}

// Neighbours in n are neighbours in memory, for the whole fused group.
bool Finish::lanes_are_neighbours(const task::Access& access) const {
    if (access.outside != kNone || words_.task.tensor(access.tensor).type != real_type(words_.task))
        return false;
    for (const task::Index& index : access.at) {
        if (index.divisor != 1 || index.gather != kNone) return false;
    }
    std::int64_t inner = 1;
    for (auto axis = words_.n.axes.rbegin(); axis != words_.n.axes.rend(); axis++) {
        std::int64_t stride = 0;
        for (const task::Index& index : access.at) {
            for (const auto& term : index.terms) {
                if (anchor_axis(term.axis) == *axis)
                    stride = stride_along(words_.task, access, term.axis);
            }
        }
        if (stride != inner) return false;
        inner *= words_.task.axis(*axis).extent;
    }
    return true;
}

bool Finish::vectors(task::ExprId id) const {
    const task::Expr& expr = words_.task.expr(id);
    if (expr.op == task::Op::Axis && in_n(expr.reference) && words_.n.axes.size() > 1) return false;
    if (expr.op == task::Op::Load) {
        const task::Access& access = words_.task.access(expr.reference);
        if (!computed(access) && depends_on_n(access) && !lanes_are_neighbours(access))
            return false;
    }
    for (int i = 0; i < task::operands(expr.op); i++) {
        if (!vectors(expr.kid[i])) return false;
    }
    return true;
}

bool Finish::has_vectors() const {
    return std::ranges::all_of(words_.contraction.finish,
                               [&](const task::Stage* stage) { return vectors(stage->body); });
}

Leaves Finish::vector_leaves(VectorMaths& maths) const {
    Leaves leaves = scalar_leaves();
    for (const task::Stage* stage : words_.contraction.finish) {
        if (words_.n.axes.size() == 1) leaves.lane_axis = stage->keep.back();
    }
    leaves.load = [this, &maths, one = scalar_leaves()](int id) {
        const task::Access& access = words_.task.access(id);
        const std::string& name = words_.names.tensor(access.tensor);
        if (computed(access)) return name;
        if (!depends_on_n(access)) {
            return fmt::format("{}({})", maths.use("splat"),
                               element(words_.task, access, name, one));
        }
        return fmt::format("{}({} + {})", maths.use("load"), name,
                           position(words_.task, access, one));
    };
    return leaves;
}

bool Finish::in_registers() const {
    const auto calls = [&](task::ExprId id) { return is_function(words_.task.expr(id).op); };
    return !words_.contraction.finish.empty() && has_vectors() &&
           std::ranges::none_of(words_.contraction.finish, [&](const task::Stage* stage) {
               return std::ranges::any_of(task::below(words_.task, stage->body), calls);
           });
}

std::string Finish::function() const {
    Names names = words_.names;
    const std::string sum = names.fresh("sum");
    const std::string row = names.fresh("row");
    const std::string col = names.fresh("col");
    const Group& m = words_.m;
    const Group& n = words_.n;
    return fmt::format(
        "[&](vec {0}, long {1}, long {2}) {{ return finished({0}, {3}{4} + {5} + {1}, {6} + {7} + "
        "{2}); }}",
        sum, row, col, arguments(), m.start, m.name, n.start, n.name);
}

template <class Print>
std::string Finish::body(const std::string& type, Print expression, Writer& out) const {
    const auto& stages = words_.contraction.finish;
    for (const task::Stage* stage : stages) {
        const std::string text = expression(*stage);
        if (stage == stages.back()) return text;
        out.line(fmt::format("const {} {} = {};", type, words_.names.tensor(stage->out), text));
    }
    return {};
}

std::string Finish::vector_body(VectorMaths& maths, Writer& out) const {
    const Leaves leaves = vector_leaves(maths);
    return body(
        "vec",
        [&](const task::Stage& stage) { return vector(words_.task, stage.body, leaves, maths); },
        out);
}

void Finish::print_vector(VectorMaths& maths, Writer& out) const {
    const Group& m = words_.m;
    const Group& n = words_.n;
    out.line("// What follows the sum, for one vector of it.");
    out.open(fmt::format("inline vec finished(vec {}, {}long {}, long {})",
                         words_.names.tensor(words_.contraction.anchor->out), parameters(), m.name,
                         n.name));
    words_.split(m, m.axes, out);
    words_.split(n, named_in_n(), out);
    out.line(fmt::format("return {};", vector_body(maths, out)));
    out.close();
    out.line();
}

void Finish::print(VectorMaths& maths, Writer& out) const {
    if (in_registers()) print_vector(maths, out);
    const std::string& y = words_.names.tensor(words_.contraction.out);
    const std::string& sum = words_.names.tensor(words_.contraction.anchor->out);
    Names names = words_.names;
    const std::string at = names.fresh("at");
    const std::string rows = names.fresh("rows");
    const std::string cols = names.fresh("cols");
    const Group& m = words_.m;
    const Group& n = words_.n;
    const std::vector<AxisId> named = named_in_n();
    out.line("// What follows the sum, for one tile.");
    out.open(fmt::format("void finish({}{}* {}, long {}, long {}, long {}, long {})", parameters(),
                         words_.real, y, m.start, rows, n.start, cols));
    out.open(fmt::format("for (long {0} = {1}; {0} < {1} + {2}; {0}++)", m.name, m.start, rows));
    words_.split(m, m.axes, out);
    out.line(fmt::format("long {} = {};", n.name, n.start));
    const std::string here =
        fmt::format("{} + {} + {}", y, times(m.name, words_.out_stride(m.axes.back())), n.name);
    if (has_vectors()) {
        out.open(fmt::format("for (; {0} + W <= {1} + {2}; {0} += W)", n.name, n.start, cols));
        out.line(fmt::format("{}* {} = {};", words_.real, at, here));
        std::string last = fmt::format("{}({})", maths.use("load"), at);
        if (in_registers()) {
            last = fmt::format("finished({}, {}{}, {})", last, arguments(), m.name, n.name);
        } else {
            words_.split(n, named, out);
            out.line(fmt::format("const vec {} = {};", sum, last));
            last = vector_body(maths, out);
        }
        out.line(fmt::format("{}({}, {});", maths.use("store"), at, last));
        out.close();
    }
    out.open(fmt::format("for (; {0} < {1} + {2}; {0}++)", n.name, n.start, cols));
    words_.split(n, named, out);
    out.line(fmt::format("{}* {} = {};", words_.real, at, here));
    out.line(fmt::format("const {} {} = *{};", words_.real, sum, at));
    const Leaves leaves = scalar_leaves();
    const std::string last = body(
        words_.real,
        [&](const task::Stage& stage) { return scalar(words_.task, stage.body, leaves); }, out);
    out.line(fmt::format("*{} = {};", at, last));
    out.close();
    out.close();
    out.close();
    out.line();
}

}  // namespace cupel::schedule::tile
