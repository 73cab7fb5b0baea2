// SPDX-License-Identifier: Apache-2.0
#include "task/affine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/text.hpp"

namespace cupel::task {
namespace {

std::optional<std::int64_t> bounded(Wide value) {
    if (value > kMaxInteger || value < -kMaxInteger) return std::nullopt;
    return static_cast<std::int64_t>(value);
}

std::optional<std::int64_t> compute(Op op, std::int64_t a, std::int64_t b) {
    if (op == Op::Add) return bounded(static_cast<Wide>(a) + b);
    if (op == Op::Sub) return bounded(static_cast<Wide>(a) - b);
    if (op == Op::Mul) return bounded(static_cast<Wide>(a) * b);
    if (op == Op::Min) return std::min(a, b);
    if (op == Op::Max) return std::max(a, b);
    return a / b;
}

bool is_integer_op(Op op) {
    return op == Op::Add || op == Op::Sub || op == Op::Mul || op == Op::Div || op == Op::Min ||
           op == Op::Max;
}

// 2 * (p + 1) / 2 is p + 1: a division that is exact everywhere is none.
void simplify(Index& index) {
    const bool exact = index.offset % index.divisor == 0 &&
                       std::ranges::all_of(index.terms, [&](const Index::Term& term) {
                           return term.coefficient % index.divisor == 0;
                       });
    if (!exact) return;
    index.offset /= index.divisor;
    for (Index::Term& term : index.terms)
        term.coefficient /= index.divisor;
    index.divisor = 1;
}

std::optional<Index> scale(const Index& index, std::int64_t factor) {
    const Index zero;
    return combine(zero, index, factor);
}

class Affine {
public:
    Affine(const Integers& integers, const FindVariable& variable)
        : integers_(integers), variable_(variable) {}

    [[nodiscard]] Result<std::optional<Index>> of(NodeId id) const {
        if (const int found = variable_(id); found != kNone) {
            Index index;
            index.terms = {{.axis = found, .coefficient = 1}};
            return index;
        }
        CUPEL_TRY(const std::optional<std::int64_t> value, integers_.constant(id));
        if (value) {
            Index index;
            index.offset = *value;
            return index;
        }
        const Node& node = integers_.file.node(id);
        if (node.kind != NodeKind::Apply) return std::nullopt;
        if (node.op == Op::Neg) {
            CUPEL_TRY(const std::optional<Index> inner, of(node.kids[0]));
            if (!inner || inner->divisor != 1) return std::nullopt;
            return scale(*inner, -1);
        }
        if (node.kids.size() != 2) return std::nullopt;
        CUPEL_TRY(const std::optional<Index> a, of(node.kids[0]));
        if (!a) return std::nullopt;
        CUPEL_TRY(const std::optional<Index> b, of(node.kids[1]));
        if (!b) return std::nullopt;
        return apply(node, *a, *b);
    }

private:
    [[nodiscard]] Result<std::optional<Index>> apply(const Node& node, const Index& a,
                                                     const Index& b) const {
        if (node.op == Op::Add) return sum(a, b, 1);
        if (node.op == Op::Sub) return sum(a, b, -1);
        if (node.op == Op::Mul) {
            if (a.divisor != 1 || b.divisor != 1) return std::nullopt;
            if (a.terms.empty()) return scale(b, a.offset);
            if (b.terms.empty()) return scale(a, b.offset);
            return std::nullopt;
        }
        if (node.op != Op::Div || !b.terms.empty() || b.divisor != 1) return std::nullopt;
        if (b.offset <= 0) {
            return integers_.source.error(node.place,
                                          "expected a positive constant to divide an index by");
        }
        const auto divisor = bounded(static_cast<Wide>(a.divisor) * b.offset);
        if (!divisor) return integers_.source.error(node.place, "the divisor is too large");
        Index index = a;
        index.divisor = *divisor;
        simplify(index);
        return index;
    }

    // (a / d) + b is (a + d * b) / d, exact for the same values; two divisions have no such form.
    [[nodiscard]] static std::optional<Index> sum(const Index& a, const Index& b,
                                                  std::int64_t sign) {
        if (a.divisor != 1 && b.divisor != 1) return std::nullopt;
        if (b.divisor == 1) {
            const auto scaled = bounded(static_cast<Wide>(sign) * a.divisor);
            if (!scaled) return std::nullopt;
            auto index = combine(a, b, *scaled);
            if (index) index->divisor = a.divisor;
            return index;
        }
        if (sign < 0) return std::nullopt;
        return sum(b, a, 1);
    }

    const Integers& integers_;
    const FindVariable& variable_;
};

}  // namespace

std::optional<Index> combine(const Index& a, const Index& b, std::int64_t factor) {
    std::map<AxisId, Wide> terms;
    for (const Index::Term& term : a.terms)
        terms[term.axis] += term.coefficient;
    for (const Index::Term& term : b.terms) {
        terms[term.axis] += static_cast<Wide>(term.coefficient) * factor;
    }
    const auto offset = bounded(a.offset + static_cast<Wide>(b.offset) * factor);
    if (!offset) return std::nullopt;
    Index index;
    index.offset = *offset;
    for (const auto& [axis, coefficient] : terms) {
        const auto checked = bounded(coefficient);
        if (!checked) return std::nullopt;
        if (*checked != 0) index.terms.push_back({.axis = axis, .coefficient = *checked});
    }
    return index;
}

Result<std::optional<std::int64_t>> Integers::constant(NodeId id) const {
    const Node& node = file.node(id);
    if (node.kind == NodeKind::Number) {
        if (node.integer && *node.integer > kMaxInteger) {
            return source.error(node.place, "the number is beyond 2^40");
        }
        return node.integer;
    }
    if (node.kind == NodeKind::Name) {
        const auto found = sizes.find(node.name);
        if (found == sizes.end()) return std::nullopt;
        return found->second;
    }
    if (node.kind != NodeKind::Apply) return std::nullopt;
    if (node.op == Op::Neg) {
        CUPEL_TRY(const std::optional<std::int64_t> value, constant(node.kids[0]));
        if (!value) return std::nullopt;
        return -*value;
    }
    if (!is_integer_op(node.op)) return std::nullopt;
    CUPEL_TRY(const std::optional<std::int64_t> a, constant(node.kids[0]));
    if (!a) return std::nullopt;
    CUPEL_TRY(const std::optional<std::int64_t> b, constant(node.kids[1]));
    if (!b) return std::nullopt;
    if (node.op == Op::Div && *b == 0) return source.error(node.place, "division by zero");
    const auto value = compute(node.op, *a, *b);
    if (!value) return source.error(node.place, "the result is beyond 2^40");
    return value;
}

Result<std::int64_t> Integers::required(NodeId id, std::string_view what) const {
    CUPEL_TRY(const std::optional<std::int64_t> value, constant(id));
    if (value) return *value;
    const Node& node = file.node(id);
    if (node.kind == NodeKind::Name) {
        std::vector<std::string> names;
        for (const auto& [name, size] : sizes)
            names.push_back(name);
        const auto near = nearest_name(node.name, names);
        return source.error(node.place,
                            fmt::format("unknown size '{}'{}", node.name,
                                        near ? fmt::format("; did you mean '{}'?", *near)
                                             : "; expected one defined before this place"));
    }
    return source.error(node.place,
                        fmt::format("expected {}: a whole number over the sizes", what));
}

Result<std::optional<Index>> affine(const Integers& integers, const FindVariable& variable,
                                    NodeId id) {
    return Affine(integers, variable).of(id);
}

Range range_of(const Index& index, const std::function<std::int64_t(AxisId)>& extent) {
    Wide low = index.offset;
    Wide high = index.offset;
    for (const Index::Term& term : index.terms) {
        const Wide span = static_cast<Wide>(term.coefficient) * (extent(term.axis) - 1);
        (term.coefficient > 0 ? high : low) += span;
    }
    constexpr Wide kLimit = std::int64_t{1} << 62;
    return {static_cast<std::int64_t>(std::max(low, -kLimit)),
            static_cast<std::int64_t>(std::min(high, kLimit))};
}

}  // namespace cupel::task
