// SPDX-License-Identifier: Apache-2.0
// Expressions as C++ text. Each sub-expression carries how tightly it binds, so that brackets
// appear only where C++ needs them, and what it is: one element, a whole number, a truth, a vec or
// a mask of lanes.
#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "schedule/text.hpp"

namespace cupel::schedule {

using task::Expr;
using task::ExprId;
using task::kNone;
using task::Op;
using task::Task;

namespace {

enum Binding {
    Ternary,
    OrElse,
    AndAlso,
    BitOr,
    BitAnd,
    Equality,
    Relation,
    Sum,
    Product,
    Unary,
    Primary
};
enum class Kind { Real, Integer, Truth, Vec, Mask };

struct Text {
    std::string text;
    Binding binding = Primary;
    Kind kind = Kind::Real;
};

std::string bracket(const Text& text, Binding at_least) {
    return text.binding < at_least ? "(" + text.text + ")" : text.text;
}

struct Infix {
    const char* sign;
    Binding binding;
};
Infix infix(Op op) {
    switch (op) {
        case Op::Add:
            return {"+", Sum};
        case Op::Sub:
            return {"-", Sum};
        case Op::Mul:
            return {"*", Product};
        case Op::Div:
            return {"/", Product};
        case Op::Less:
            return {"<", Relation};
        case Op::LessEqual:
            return {"<=", Relation};
        case Op::Equal:
            return {"==", Equality};
        case Op::NotEqual:
            return {"!=", Equality};
        case Op::And:
            return {"&&", AndAlso};
        case Op::Or:
            return {"||", OrElse};
        case Op::Const:
        case Op::Axis:
        case Op::Load:
        case Op::Neg:
        case Op::Not:
        case Op::Abs:
        case Op::Exp:
        case Op::Log:
        case Op::Sqrt:
        case Op::Tanh:
        case Op::Erf:
        case Op::Sin:
        case Op::Cos:
        case Op::Floor:
        case Op::Min:
        case Op::Max:
        case Op::Pow:
        case Op::Select:
            break;
    }
    return {"", Primary};
}

bool is_whole(double value) {
    return std::floor(value) == value && std::abs(value) < 1e15;
}

class Printer {
public:
    Printer(const Task& task, const Leaves& leaves, VectorMaths* maths)
        : task_(task), leaves_(leaves), maths_(maths), real_(real_type(task)) {}

    [[nodiscard]] Text print(ExprId id) const {
        const Expr& expr = task_.expr(id);
        switch (expr.op) {
            case Op::Const:
                return constant(expr.number, false);
            case Op::Axis:
                return axis(expr.reference);
            case Op::Load:
                return load(expr.reference);
            case Op::Neg:
                return negate(print(expr.kid[0]));
            case Op::Not:
                return invert(print(expr.kid[0]));
            case Op::Select:
                return select(expr);
            case Op::Abs:
            case Op::Exp:
            case Op::Log:
            case Op::Sqrt:
            case Op::Tanh:
            case Op::Erf:
            case Op::Sin:
            case Op::Cos:
            case Op::Floor:
                return call1(expr.op, print(expr.kid[0]));
            case Op::Min:
            case Op::Max:
            case Op::Pow:
                return call2(expr);
            case Op::And:
            case Op::Or:
                return logic(expr);
            case Op::Add:
            case Op::Sub:
            case Op::Mul:
            case Op::Div:
                return arithmetic(expr);
            case Op::Less:
            case Op::LessEqual:
            case Op::Equal:
            case Op::NotEqual:
                return compare(expr);
        }
        return {};
    }

    // Brings a text to the wanted kind.
    [[nodiscard]] Text as(Text from, Kind want) const {
        if (from.kind == want) return from;
        const bool uniform = from.kind != Kind::Vec && from.kind != Kind::Mask;
        switch (want) {
            case Kind::Real:
                return real(from);
            case Kind::Integer:
                return {integer_cast(from.text), Primary, want};
            case Kind::Truth:
                return {bracket(from, Relation) + " != 0", Equality, want};
            case Kind::Vec:
                if (uniform) return {splat(real(from).text), Primary, want};
                return {bracket(from, OrElse) + " ? " + splat(number(1, real_)) + " : " +
                            splat(number(0, real_)),
                        Ternary, want};
            case Kind::Mask:
                if (!uniform) return {bracket(from, Relation) + " != 0", Equality, want};
                return {splat(real(from).text) + " != 0", Equality, want};
        }
        return from;
    }

private:
    [[nodiscard]] std::string splat(const std::string& text) const {
        return maths_->use("splat") + "(" + text + ")";
    }

    [[nodiscard]] std::string integer_cast(const std::string& text) const {
        return fmt::format("static_cast<{}>({})", leaves_.device ? "long long" : "long", text);
    }

    [[nodiscard]] Text constant(double value, bool whole) const {
        const bool negative = value < 0;
        if (const std::string name = leaves_.constant ? leaves_.constant(value) : "";
            !name.empty()) {
            if (whole) return {"(" + name + ")", Primary, Kind::Integer};
            return {fmt::format("{}({})", element_name(real_), name), Primary, Kind::Real};
        }
        if (whole) return {fmt::format("{:.0f}", value), negative ? Unary : Primary, Kind::Integer};
        return {number(value, real_), negative ? Unary : Primary, Kind::Real};
    }

    [[nodiscard]] Text real(const Text& from) const {
        if (from.kind == Kind::Real) return from;
        if (from.kind == Kind::Truth) {
            return {bracket(from, OrElse) + " ? " + number(1, real_) + " : " + number(0, real_),
                    Ternary, Kind::Real};
        }
        return {fmt::format("{}({})", element_name(real_), from.text), Primary, Kind::Real};
    }

    [[nodiscard]] Text axis(task::AxisId id) const {
        const std::string name = leaves_.axis(id);
        if (maths_ != nullptr && id == leaves_.lane_axis) {
            return {maths_->use("iota") + "(" + name + ")", Primary, Kind::Vec};
        }
        return {name, name.find(' ') == std::string::npos ? Primary : Ternary, Kind::Integer};
    }

    [[nodiscard]] Text load(int access) const {
        const bool uniform = maths_ == nullptr || (leaves_.uniform && leaves_.uniform(access));
        const task::Type type = task_.tensor(task_.access(access).tensor).type;
        const bool inside = task_.access(access).outside == kNone;
        std::string text = leaves_.load(access);
        if (!uniform) return {std::move(text), Primary, Kind::Vec};
        if (!task::is_float(type) && inside) return {std::move(text), Primary, Kind::Integer};
        // What may be outside is a choice between floats already.
        if (type == real_ || (is_short(type) && !inside))
            return {std::move(text), Primary, Kind::Real};
        return {fmt::format("{}({})", element_name(real_), text), Primary, Kind::Real};
    }

    static Text negate(Text kid) {
        if (kid.kind == Kind::Truth)
            kid = {bracket(kid, OrElse) + " ? 1 : 0", Ternary, Kind::Integer};
        return {"-" + bracket(kid, Primary), Unary, kid.kind};
    }

    [[nodiscard]] Text invert(const Text& kid) const {
        if (kid.kind == Kind::Vec) return {bracket(kid, Relation) + " == 0", Equality, Kind::Mask};
        if (kid.kind == Kind::Mask) return {"~" + bracket(kid, Primary), Unary, Kind::Mask};
        return {"!" + bracket(as(kid, Kind::Truth), Primary), Unary, Kind::Truth};
    }

    static bool lanes(const Text& text) {
        return text.kind == Kind::Vec || text.kind == Kind::Mask;
    }
    // Whole constants join integers: i + 1, not float(i) + 1.0f.
    void join(ExprId id, Text& text, const Text& other) const {
        const Expr& expr = task_.expr(id);
        if (other.kind == Kind::Integer && expr.op == Op::Const && is_whole(expr.number)) {
            text = constant(expr.number, true);
        }
    }

    // Both operands in one kind: integers stay integers, a scalar beside a vec stays a scalar
    // (the compiler broadcasts it).
    [[nodiscard]] std::pair<Text, Text> both(const Expr& expr, bool integers) const {
        Text a = print(expr.kid[0]);
        Text b = print(expr.kid[1]);
        if (integers) join(expr.kid[0], a, b);
        if (integers) join(expr.kid[1], b, a);
        if (integers && a.kind == Kind::Integer && b.kind == Kind::Integer) return {a, b};
        if (a.kind == Kind::Mask) a = as(a, Kind::Vec);
        if (b.kind == Kind::Mask) b = as(b, Kind::Vec);
        if (a.kind != Kind::Vec) a = real(a);
        if (b.kind != Kind::Vec) b = real(b);
        return {a, b};
    }

    // 1 + erf(x) as one function: cheaper, and without the cancellation where erf is close to -1.
    [[nodiscard]] std::optional<Text> one_plus_erf(const Expr& expr) const {
        if (maths_ == nullptr || real_ != task::Type::F32 || expr.op != Op::Add) return {};
        for (const int one : {0, 1}) {
            const Expr& constant = task_.expr(expr.kid[one]);
            const Expr& erf = task_.expr(expr.kid[1 - one]);
            if (constant.op != Op::Const || constant.number != 1 || erf.op != Op::Erf) continue;
            const Text argument = print(erf.kid[0]);
            if (argument.kind != Kind::Vec) continue;
            return Text{maths_->use("verf1") + "(" + argument.text + ")", Primary, Kind::Vec};
        }
        return {};
    }

    [[nodiscard]] Text arithmetic(const Expr& expr) const {
        if (auto whole = one_plus_erf(expr)) return *std::move(whole);
        const auto [a, b] = both(expr, expr.op != Op::Div);
        if (expr.op == Op::Div && a.kind == Kind::Vec && b.kind == Kind::Real) {
            // One divisor for all lanes: its reciprocal leaves the loop, and costs a rounding.
            return {bracket(a, Product) + " * (" + number(1, real_) + " / " +
                        bracket(b, static_cast<Binding>(Product + 1)) + ")",
                    Product, Kind::Vec};
        }
        const Infix sign = infix(expr.op);
        const Kind kind = lanes(a) || lanes(b) ? Kind::Vec : a.kind;
        // a - (b - c) and a / (b * c) need their brackets; a + (b + c) keeps them too, since
        // floating sums do not associate.
        const auto tighter = static_cast<Binding>(sign.binding + 1);
        return {bracket(a, sign.binding) + " " + sign.sign + " " + bracket(b, tighter),
                sign.binding, kind};
    }

    [[nodiscard]] Text compare(const Expr& expr) const {
        const auto [a, b] = both(expr, true);
        const Infix sign = infix(expr.op);
        const Kind kind = lanes(a) || lanes(b) ? Kind::Mask : Kind::Truth;
        return {bracket(a, Sum) + " " + sign.sign + " " + bracket(b, Sum), sign.binding, kind};
    }

    [[nodiscard]] Text logic(const Expr& expr) const {
        const Text a = print(expr.kid[0]);
        const Text b = print(expr.kid[1]);
        const Infix sign = infix(expr.op);
        if (lanes(a) || lanes(b)) {
            return {"(" + as(a, Kind::Mask).text + ") " + (expr.op == Op::And ? "&" : "|") + " (" +
                        as(b, Kind::Mask).text + ")",
                    expr.op == Op::And ? BitAnd : BitOr, Kind::Mask};
        }
        const auto tighter = static_cast<Binding>(AndAlso + 1);
        return {bracket(as(a, Kind::Truth), tighter) + " " + sign.sign + " " +
                    bracket(as(b, Kind::Truth), tighter),
                sign.binding, Kind::Truth};
    }

    [[nodiscard]] Text select(const Expr& expr) const {
        const Text test = print(expr.kid[0]);
        Text a = print(expr.kid[1]);
        Text b = print(expr.kid[2]);
        if (lanes(test) || lanes(a) || lanes(b)) {
            const Text mask = lanes(test) ? as(test, Kind::Mask) : as(test, Kind::Truth);
            a = as(a, Kind::Vec);
            b = as(b, Kind::Vec);
            return {bracket(mask, OrElse) + " ? " + bracket(a, OrElse) + " : " + bracket(b, OrElse),
                    Ternary, Kind::Vec};
        }
        join(expr.kid[1], a, b);
        join(expr.kid[2], b, a);
        if (a.kind != Kind::Integer || b.kind != Kind::Integer) {
            a = real(a);
            b = real(b);
        }
        return {bracket(as(test, Kind::Truth), OrElse) + " ? " + bracket(a, OrElse) + " : " +
                    bracket(b, OrElse),
                Ternary, a.kind};
    }

    [[nodiscard]] Text call1(Op op, const Text& kid) const {
        if (lanes(kid)) {
            const Text argument = as(kid, Kind::Vec);
            return {maths_->use("v" + function(op)) + "(" + argument.text + ")", Primary,
                    Kind::Vec};
        }
        if (kid.kind == Kind::Integer && op == Op::Floor) return kid;
        if (kid.kind == Kind::Integer && op == Op::Abs)
            return {(leaves_.device ? "llabs(" : "std::abs(") + kid.text + ")", Primary, kid.kind};
        return {real_function(op) + "(" + real(kid).text + ")", Primary, Kind::Real};
    }

    [[nodiscard]] Text call2(const Expr& expr) const {
        const auto [a, b] = both(expr, expr.op != Op::Pow);
        if (lanes(a) || lanes(b)) {
            return {maths_->use("v" + function(expr.op)) + "(" + as(a, Kind::Vec).text + ", " +
                        as(b, Kind::Vec).text + ")",
                    Primary, Kind::Vec};
        }
        const std::string kids = "(" + a.text + ", " + b.text + ")";
        if (expr.op == Op::Pow) return {real_function(Op::Pow) + kids, Primary, Kind::Real};
        if (leaves_.device) {
            // CUDA's min() and max() are overloaded for two operands of one type.
            const bool whole = a.kind == Kind::Integer;
            const std::string name = whole ? function(expr.op) : real_function(expr.op);
            return {fmt::format("{}({}, {})", name, whole ? integer_cast(a.text) : a.text,
                                whole ? integer_cast(b.text) : b.text),
                    Primary, a.kind};
        }
        const std::string type = a.kind == Kind::Integer ? "<long>" : "";
        return {"std::" + function(expr.op) + type + kids, Primary, a.kind};
    }

    // std::exp, or expf.
    [[nodiscard]] std::string real_function(Op op) const {
        if (!leaves_.device) return "std::" + function(op);
        const bool spelled = op == Op::Abs || op == Op::Min || op == Op::Max;
        return (spelled ? "f" : "") + function(op) + (real_ == task::Type::F32 ? "f" : "");
    }

    static std::string function(Op op) {
        switch (op) {
            case Op::Abs:
                return "abs";
            case Op::Exp:
                return "exp";
            case Op::Log:
                return "log";
            case Op::Sqrt:
                return "sqrt";
            case Op::Tanh:
                return "tanh";
            case Op::Erf:
                return "erf";
            case Op::Sin:
                return "sin";
            case Op::Cos:
                return "cos";
            case Op::Floor:
                return "floor";
            case Op::Min:
                return "min";
            case Op::Max:
                return "max";
            case Op::Pow:
                return "pow";
            case Op::Const:
            case Op::Axis:
            case Op::Load:
            case Op::Neg:
            case Op::Not:
            case Op::Add:
            case Op::Sub:
            case Op::Mul:
            case Op::Div:
            case Op::Less:
            case Op::LessEqual:
            case Op::Equal:
            case Op::NotEqual:
            case Op::And:
            case Op::Or:
            case Op::Select:
                break;
        }
        return "";
    }

    const Task& task_;
    const Leaves& leaves_;
    VectorMaths* maths_;
    task::Type real_;
};

}  // namespace

bool is_integer(const Task& task, ExprId id) {
    const Expr& expr = task.expr(id);
    switch (expr.op) {
        case Op::Const:
            return is_whole(expr.number);
        case Op::Axis:
            return true;
        case Op::Load: {
            const auto& access = task.access(expr.reference);
            return !task::is_float(task.tensor(access.tensor).type) && access.outside == kNone;
        }
        case Op::Neg:
        case Op::Abs:
        case Op::Floor:
            return is_integer(task, expr.kid[0]);
        case Op::Add:
        case Op::Sub:
        case Op::Mul:
        case Op::Min:
        case Op::Max:
            return is_integer(task, expr.kid[0]) && is_integer(task, expr.kid[1]);
        case Op::Select:
            return is_integer(task, expr.kid[1]) && is_integer(task, expr.kid[2]);
        case Op::Not:
        case Op::Exp:
        case Op::Log:
        case Op::Sqrt:
        case Op::Tanh:
        case Op::Erf:
        case Op::Sin:
        case Op::Cos:
        case Op::Div:
        case Op::Pow:
        case Op::Less:
        case Op::LessEqual:
        case Op::Equal:
        case Op::NotEqual:
        case Op::And:
        case Op::Or:
            return false;
    }
    return false;
}

std::string scalar(const Task& task, ExprId id, const Leaves& leaves) {
    const Printer printer(task, leaves, nullptr);
    return printer.as(printer.print(id), Kind::Real).text;
}

std::string integer(const Task& task, ExprId id, const Leaves& leaves) {
    const Printer printer(task, leaves, nullptr);
    return printer.as(printer.print(id), Kind::Integer).text;
}

std::string condition(const Task& task, ExprId id, const Leaves& leaves) {
    const Printer printer(task, leaves, nullptr);
    return printer.as(printer.print(id), Kind::Truth).text;
}

std::string vector(const Task& task, ExprId id, const Leaves& leaves, VectorMaths& maths) {
    const Printer printer(task, leaves, &maths);
    return printer.as(printer.print(id), Kind::Vec).text;
}

}  // namespace cupel::schedule
