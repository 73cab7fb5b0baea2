// SPDX-License-Identifier: Apache-2.0
#include "task/polynomial.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace cupel::task {
namespace {

constexpr std::size_t kMostMonomials = 16;

struct Group {
    double terms = 1;
    bool exact = true;
    int low = 0;
    int high = 0;
};

// The parts by their inputs. A form without inputs may have a known number.
struct Form {
    std::map<std::vector<TensorId>, Group> parts;
    std::optional<double> number;  // the whole form is this constant

    [[nodiscard]] bool has_data() const {
        return std::ranges::any_of(parts, [](const auto& part) { return !part.first.empty(); });
    }
};
using Maybe = std::optional<Form>;

Form constant(double value) {
    Form form;
    form.number = value;
    int exponent = 0;
    const bool power = std::abs(std::frexp(value, &exponent)) == 0.5;
    if (value != 0) {
        form.parts[{}] = {.terms = 1, .exact = power, .low = exponent - 1, .high = exponent - 1};
    }
    return form;
}

// Something that depends on no input but is not one number: an axis, a condition on axes.
Form data_free() {
    Form form;
    form.parts[{}] = {.terms = 1, .exact = false};
    return form;
}

void add(Form& to, const Form& from, bool together) {
    to.number.reset();
    for (const auto& [inputs, part] : from.parts) {
        const auto [at, fresh] = to.parts.emplace(inputs, part);
        if (fresh) continue;
        Group& both = at->second;
        both.terms = together ? both.terms + part.terms : std::max(both.terms, part.terms);
        both.exact = both.exact && part.exact;
        both.low = std::min(both.low, part.low);
        both.high = std::max(both.high, part.high);
    }
}

Maybe multiply(const Form& a, const Form& b) {
    Form product;
    for (const auto& [left, x] : a.parts) {
        for (const auto& [right, y] : b.parts) {
            std::vector<TensorId> inputs;
            std::ranges::merge(left, right, std::back_inserter(inputs));
            Form one;
            one.parts[std::move(inputs)] = {.terms = x.terms * y.terms,
                                            .exact = x.exact && y.exact,
                                            .low = x.low + y.low,
                                            .high = x.high + y.high};
            add(product, one, true);
        }
    }
    if (product.parts.size() > kMostMonomials) return std::nullopt;
    if (a.number && b.number) return constant(*a.number * *b.number);
    return product;
}

class Reader {
public:
    explicit Reader(const Task& task) : task_(task) {}

    Maybe tensor(TensorId id) {
        if (const auto known = tensors_.find(id); known != tensors_.end()) return known->second;
        Maybe form = read_tensor(id);
        tensors_.emplace(id, form);
        return form;
    }

private:
    Maybe read_tensor(TensorId id) {
        const Stage* stage = task_.producer(id);
        if (stage == nullptr) {
            if (!is_float(task_.tensor(id).type)) return std::nullopt;
            Form form;
            form.parts[{id}] = {};
            return form;
        }
        Maybe form = expr(stage->body);
        if (!form || stage->how == Reducer::None) return form;
        if (!form->has_data() && stage->how != Reducer::Sum) return data_free();
        if (stage->how != Reducer::Sum) return std::nullopt;
        double terms = 1;
        for (const AxisId axis : stage->reduce)
            terms *= static_cast<double>(task_.axis(axis).extent);
        form->number.reset();
        for (auto& [inputs, part] : form->parts)
            part.terms *= terms;
        return form;
    }

    Maybe expr(ExprId id) {
        if (const auto known = exprs_.find(id); known != exprs_.end()) return known->second;
        Maybe form = read_expr(task_.expr(id));
        exprs_.emplace(id, form);
        return form;
    }

    Maybe load(const Access& access) {
        Maybe form = tensor(access.tensor);
        if (!form || access.outside == kNone) return form;
        const Maybe outside = expr(access.outside);
        if (!outside) return std::nullopt;
        add(*form, *outside, false);
        return form;
    }

    Maybe read_expr(const Expr& e) {
        if (e.op == Op::Const) return constant(e.number);
        if (e.op == Op::Axis) return data_free();
        if (e.op == Op::Load) return load(task_.access(e.reference));
        std::array<Form, 3> kid;
        bool has_data = false;
        for (std::size_t i = 0; i < static_cast<std::size_t>(operands(e.op)); ++i) {
            Maybe form = expr(e.kid[i]);
            if (!form) return std::nullopt;
            kid[i] = *std::move(form);
            has_data = has_data || kid[i].has_data();
        }
        return combine(e.op, kid, has_data);
    }

    static Maybe combine(Op op, std::array<Form, 3>& kid, bool has_data) {
        auto& [a, b, c] = kid;
        if (!has_data && op == Op::Sqrt && a.number) return constant(std::sqrt(*a.number));
        if (op == Op::Neg) {
            if (a.number) a.number = -*a.number;
            return a;
        }
        if (op == Op::Add || op == Op::Sub) {
            add(a, b, true);
            if (a.parts.size() > kMostMonomials) return std::nullopt;
            return a;
        }
        if (op == Op::Mul) return multiply(a, b);
        if (op == Op::Div && b.number && *b.number != 0)
            return multiply(a, constant(1 / *b.number));
        if (op == Op::Select && !a.has_data()) {
            add(b, c, false);
            return b;
        }
        if (!has_data) return data_free();
        return std::nullopt;
    }

    const Task& task_;
    std::map<TensorId, Maybe> tensors_;
    std::map<ExprId, Maybe> exprs_;
};

}  // namespace

std::optional<std::vector<Monomial>> polynomial(const Task& task, TensorId output) {
    const Maybe form = Reader(task).tensor(output);
    if (!form) return std::nullopt;
    std::vector<Monomial> monomials;
    for (const auto& [inputs, part] : form->parts) {
        monomials.push_back({.inputs = inputs,
                             .terms = part.terms,
                             .exact = part.exact,
                             .low = part.low,
                             .high = part.high});
    }
    return monomials;
}

bool is_multilinear(const std::vector<Monomial>& monomials) {
    return std::ranges::all_of(monomials, [](const Monomial& monomial) {
        const bool repeats = std::ranges::adjacent_find(monomial.inputs) != monomial.inputs.end();
        return !monomial.inputs.empty() && !repeats;
    });
}

}  // namespace cupel::task
