// SPDX-License-Identifier: Apache-2.0
// A Task as index notation that parses back to the same stages.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "task/task.hpp"

namespace cupel::task {
namespace {

// How strongly an expression binds; an operand that binds less gets parentheses.
enum Strength { Choice, Disjunction, Conjunction, Comparison, Sum, Product, Sign, Whole };

struct Infix {
    std::string_view text;
    Strength strength;
};

std::optional<Infix> infix_of(Op op) {
    if (op == Op::Add) return Infix{" + ", Sum};
    if (op == Op::Sub) return Infix{" - ", Sum};
    if (op == Op::Mul) return Infix{" * ", Product};
    if (op == Op::Div) return Infix{" / ", Product};
    if (op == Op::Less) return Infix{" < ", Comparison};
    if (op == Op::LessEqual) return Infix{" <= ", Comparison};
    if (op == Op::Equal) return Infix{" == ", Comparison};
    if (op == Op::NotEqual) return Infix{" != ", Comparison};
    if (op == Op::And) return Infix{" and ", Conjunction};
    if (op == Op::Or) return Infix{" or ", Disjunction};
    return std::nullopt;
}

std::string number(double value) {
    if (value == 0 && std::signbit(value)) return "-0";
    return fmt::format("{}", value);
}

std::string_view reducer_name(Reducer how) {
    switch (how) {
        case Reducer::None:
            return "";
        case Reducer::Sum:
            return "sum";
        case Reducer::Prod:
            return "prod";
        case Reducer::Max:
            return "max";
        case Reducer::Min:
            return "min";
        case Reducer::ArgMax:
            return "argmax";
        case Reducer::ArgMin:
            return "argmin";
    }
    return "";
}

class StagePrinter {
public:
    StagePrinter(const Task& task, const Stage& stage) : task_(task), stage_(stage) {}

    std::string run() {
        std::string body = expression(stage_.body, Choice);
        if (stage_.how != Reducer::None) {
            std::vector<std::string> binders;
            for (const AxisId axis : stage_.reduce)
                bind(axis, binders);
            body =
                fmt::format("{}[{}]({})", reducer_name(stage_.how), fmt::join(binders, ", "), body);
        }
        const Tensor& out = task_.tensor(stage_.out);
        std::vector<std::string> axes;
        for (const AxisId axis : stage_.keep) {
            const bool known = out.role == Role::Output || inferred(axis);
            axes.push_back(known ? name(axis) : limited(axis));
        }
        if (axes.empty()) return fmt::format("{} = {}", out.name, body);
        return fmt::format("{}[{}] = {}", out.name, fmt::join(axes, ","), body);
    }
    std::string whole(ExprId id) { return expression(id, Choice); }

private:
    [[nodiscard]] const std::string& name(AxisId axis) const { return task_.axis(axis).name; }
    [[nodiscard]] std::string limited(AxisId axis) const {
        return fmt::format("{} < {}", name(axis), task_.axis(axis).extent);
    }

    void bind(AxisId axis, std::vector<std::string>& binders) const {
        binders.push_back(inferred(axis) ? name(axis) : limited(axis));
        const auto bound = std::ranges::find(stage_.where, axis, &Bound::axis);
        if (bound == stage_.where.end()) return;
        const std::optional<Index>& high = bound->high;
        const std::optional<Index>& low = bound->low;
        if (high) binders.push_back(fmt::format("{} < {}", name(axis), index(*high)));
        if (low) binders.push_back(fmt::format("{} >= {}", name(axis), index(*low)));
    }

    // Whether the extent follows from an access that the parser will look at first.
    [[nodiscard]] bool inferred(AxisId axis) const {
        bool found = false;
        for (const int id : accesses_) {
            const Access& access = task_.access(id);
            if (access.outside != kNone) continue;
            const Tensor& tensor = task_.tensor(access.tensor);
            for (std::size_t d = 0; d < access.at.size(); d++) {
                if (access.at[d].plain_axis() != axis) continue;
                if (tensor.shape[d] != task_.axis(axis).extent) return false;
                found = true;
            }
        }
        return found;
    }

    [[nodiscard]] std::string index(const Index& at) const {
        std::string text;
        for (const Index::Term& term : at.terms) {
            const std::int64_t size = std::abs(term.coefficient);
            const bool minus = term.coefficient < 0;
            if (text.empty()) {
                text = minus ? "-" : "";
            } else {
                text += minus ? " - " : " + ";
            }
            text += size == 1 ? name(term.axis) : fmt::format("{} * {}", size, name(term.axis));
        }
        if (text.empty()) {
            text = std::to_string(at.offset);
        } else if (at.offset != 0) {
            text += fmt::format(" {} {}", at.offset < 0 ? '-' : '+', std::abs(at.offset));
        }
        return at.divisor == 1 ? text : fmt::format("({}) / {}", text, at.divisor);
    }

    std::string load(int id) {
        accesses_.push_back(id);
        const Access& access = task_.access(id);
        const std::string& tensor = task_.tensor(access.tensor).name;
        if (access.at.empty()) return tensor;
        std::vector<std::string> at;
        at.reserve(access.at.size());
        for (const Index& position : access.at) {
            at.push_back(position.gather == kNone ? index(position)
                                                  : expression(position.gather, Choice));
        }
        std::string outside;
        if (access.outside != kNone) outside = " | " + expression(access.outside, Choice);
        return fmt::format("{}[{}{}]", tensor, fmt::join(at, ", "), outside);
    }

    std::string expression(ExprId id, Strength least) {
        const Expr& expr = task_.expr(id);
        Strength strength = Whole;
        std::string text;
        if (expr.op == Op::Const) {
            text = number(expr.number);
            if (text.starts_with('-')) strength = Sign;
        } else if (expr.op == Op::Axis) {
            text = name(expr.reference);
        } else if (expr.op == Op::Load) {
            text = load(expr.reference);
        } else if (expr.op == Op::Neg || expr.op == Op::Not) {
            strength = Sign;
            text = (expr.op == Op::Neg ? "-" : "!") + expression(expr.kid[0], Sign);
        } else if (expr.op == Op::Select) {
            strength = Choice;
            text =
                fmt::format("{} ? {} : {}", expression(expr.kid[0], Disjunction),
                            expression(expr.kid[1], Disjunction), expression(expr.kid[2], Choice));
        } else if (const std::optional<Infix> infix = infix_of(expr.op)) {
            strength = infix->strength;
            // Comparisons do not chain; everything else associates to the left.
            const auto left = static_cast<Strength>(strength == Comparison ? Sum : strength);
            const auto right = static_cast<Strength>(strength + 1);
            text = expression(expr.kid[0], left) + std::string(infix->text) +
                   expression(expr.kid[1], right);
        } else {
            text = call(expr);
        }
        return strength < least ? "(" + text + ")" : text;
    }

    std::string call(const Expr& expr) {
        std::vector<std::string> arguments;
        arguments.reserve(static_cast<std::size_t>(operands(expr.op)));
        for (int k = 0; k < operands(expr.op); k++) {
            arguments.push_back(expression(expr.kid[k], Choice));
        }
        return fmt::format("{}({})", op_name(expr.op), fmt::join(arguments, ", "));
    }

    const Task& task_;
    const Stage& stage_;
    std::vector<int> accesses_;
};

std::string declarations(const Task& task, std::span<const TensorId> ids) {
    std::vector<std::string> list;
    for (const TensorId id : ids) {
        const Tensor& tensor = task.tensor(id);
        std::string text = fmt::format("{}: {}", tensor.name, type_name(tensor.type));
        if (!tensor.shape.empty()) text += fmt::format("[{}]", fmt::join(tensor.shape, ","));
        list.push_back(std::move(text));
    }
    return fmt::format("{}", fmt::join(list, ", "));
}

std::string_view law_name(Law law) {
    if (law == Law::Normal) return "normal";
    return law == Law::Uniform ? "uniform" : "integers";
}

}  // namespace

std::string print(const Task& task, const Stage& stage, ExprId expr) {
    return StagePrinter(task, stage).whole(expr);
}

std::string print(const Task& task) {
    std::string out;
    if (!task.title.empty()) out += fmt::format("# {}\n", task.title);
    out += fmt::format("task {}({}) -> {}\n", task.name, declarations(task, task.inputs),
                       declarations(task, task.outputs));
    for (const Stage& stage : task.stages) {
        out += fmt::format("  {}\n", StagePrinter(task, stage).run());
    }
    out += fmt::format("\nprecision {}\n", task.precision);
    for (const Values& values : task.values) {
        out += fmt::format("values {} ~ {}({}, {})\n", task.tensor(values.tensor).name,
                           law_name(values.law), number(values.a), number(values.b));
    }
    for (const std::string& baseline : task.baselines) {
        out += fmt::format("baseline {}\n", baseline);
    }
    return out;
}

}  // namespace cupel::task
