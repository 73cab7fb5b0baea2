// SPDX-License-Identifier: Apache-2.0
#include "schedule/contraction.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <string_view>

#include "schedule/text.hpp"

namespace cupel::schedule {
namespace {

using task::AxisId;
using task::ExprId;
using task::kNone;
using Axes = std::vector<AxisId>;  // sorted

void add(Axes& axes, AxisId axis) {
    const auto at = std::lower_bound(axes.begin(), axes.end(), axis);
    if (at == axes.end() || *at != axis) axes.insert(at, axis);
}

bool has(std::span<const AxisId> axes, AxisId axis) {
    return std::find(axes.begin(), axes.end(), axis) != axes.end();
}

void add_axes(const task::Task& task, ExprId id, Axes& axes);

void add_axes(const task::Task& task, const task::Index& index, Axes& axes) {
    for (const auto& term : index.terms)
        add(axes, term.axis);
    if (index.gather != kNone) add_axes(task, index.gather, axes);
}

void add_axes(const task::Task& task, ExprId id, Axes& axes) {
    const task::Expr& expr = task.expr(id);
    if (expr.op == task::Op::Axis) add(axes, expr.reference);
    if (expr.op == task::Op::Load) {
        const task::Access& access = task.access(expr.reference);
        for (const auto& index : access.at)
            add_axes(task, index, axes);
        if (access.outside != kNone) add_axes(task, access.outside, axes);
    }
    for (int i = 0; i < task::operands(expr.op); i++)
        add_axes(task, expr.kid[i], axes);
}

bool loads_something(const task::Task& task, ExprId id) {
    const task::Expr& expr = task.expr(id);
    if (expr.op == task::Op::Load) return true;
    for (int i = 0; i < task::operands(expr.op); i++) {
        if (loads_something(task, expr.kid[i])) return true;
    }
    return false;
}

// A piece of the product with the axes it depends on.
struct Piece {
    enum class Kind { Value, Mask, Bound } kind = Kind::Value;
    ExprId value = kNone;
    task::Bound bound;
    Axes axes;
    bool loads = false;
};

bool is_zero(const task::Task& task, ExprId id) {
    const task::Expr& expr = task.expr(id);
    return expr.op == task::Op::Const && expr.number == 0;
}

// Takes the body apart at its multiplications, and at `condition ? product : 0`.
void take_apart(const task::Task& task, ExprId id, std::vector<Piece>& pieces) {
    const task::Expr& expr = task.expr(id);
    Piece piece;
    if (expr.op == task::Op::Mul) {
        take_apart(task, expr.kid[0], pieces);
        take_apart(task, expr.kid[1], pieces);
        return;
    }
    if (expr.op == task::Op::Select && is_zero(task, expr.kid[2])) {
        piece.kind = Piece::Kind::Mask;
        piece.value = expr.kid[0];
        take_apart(task, expr.kid[1], pieces);
    } else {
        piece.value = id;
    }
    add_axes(task, piece.value, piece.axes);
    piece.loads = loads_something(task, piece.value);
    pieces.push_back(std::move(piece));
}

std::vector<Piece> pieces_of(const task::Task& task, const task::Stage& anchor) {
    std::vector<Piece> pieces;
    take_apart(task, anchor.body, pieces);
    for (const task::Bound& bound : anchor.where) {
        Piece piece;
        piece.kind = Piece::Kind::Bound;
        piece.bound = bound;
        add(piece.axes, bound.axis);
        if (bound.low) add_axes(task, *bound.low, piece.axes);
        if (bound.high) add_axes(task, *bound.high, piece.axes);
        pieces.push_back(std::move(piece));
    }
    return pieces;
}

void attach(Factor& factor, const Piece& piece) {
    switch (piece.kind) {
        case Piece::Kind::Value:
            factor.product.push_back(piece.value);
            break;
        case Piece::Kind::Mask:
            factor.masks.push_back(piece.value);
            break;
        case Piece::Kind::Bound:
            factor.where.push_back(piece.bound);
            break;
    }
}

Axes kept_of(const task::Stage& stage, const Axes& axes) {
    Axes kept;
    for (const AxisId axis : axes) {
        if (has(stage.keep, axis)) add(kept, axis);
    }
    return kept;
}

bool within(const Axes& part, const Axes& whole) {
    return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

// Deals the pieces to the two factors. `b` is the one that depends on the last kept axis, because
// that axis is contiguous in the output and fills the lanes of a vector.
Result<void> deal(const task::Task& task, Contraction& c, Axes& a_axes, Axes& b_axes) {
    const task::Stage& anchor = *c.anchor;
    std::vector<Piece> pieces = pieces_of(task, anchor);
    const auto take = [&](Factor& factor, Axes& axes, bool with_last) {
        const auto at = std::find_if(pieces.begin(), pieces.end(), [&](const Piece& piece) {
            return piece.kind == Piece::Kind::Value && piece.loads &&
                   has(piece.axes, anchor.keep.back()) == with_last;
        });
        if (at == pieces.end()) return false;
        attach(factor, *at);
        axes = kept_of(anchor, at->axes);
        pieces.erase(at);
        return true;
    };
    if (!take(c.b, b_axes, true)) {
        return fail(Errc::Invalid, "no factor of the sum depends on the last axis of the output");
    }
    if (!take(c.a, a_axes, false)) {
        return fail(
            Errc::Invalid,
            "the sum is not a product of two factors, one without the last axis of the output");
    }
    for (const Piece& piece : pieces) {
        const Axes kept = kept_of(anchor, piece.axes);
        if (within(kept, a_axes)) {
            attach(c.a, piece);
        } else if (within(kept, b_axes)) {
            attach(c.b, piece);
        } else {
            return fail(Errc::Invalid, "a factor or a condition depends on axes of both sides");
        }
    }
    return {};
}

// n: the longest tail of the output's axes that only b knows. m: the last run of axes that only a
// knows. All others become batch loops.
Result<void> group_axes(const task::Task& task, Contraction& c, const Axes& a_axes,
                        const Axes& b_axes) {
    const auto& keep = c.anchor->keep;
    const auto only = [&](AxisId axis, const Axes& mine, const Axes& other) {
        return has(mine, axis) && !has(other, axis);
    };
    auto n_begin = keep.end();
    while (n_begin != keep.begin() && only(*(n_begin - 1), b_axes, a_axes))
        n_begin--;
    auto m_end = n_begin;
    while (m_end != keep.begin() && !only(*(m_end - 1), a_axes, b_axes))
        m_end--;
    auto m_begin = m_end;
    while (m_begin != keep.begin() && only(*(m_begin - 1), a_axes, b_axes))
        m_begin--;
    if (n_begin == keep.end() || m_begin == m_end) {
        return fail(Errc::Invalid,
                    "one factor has no axis of its own in the output: not a matrix product");
    }
    c.batch.assign(keep.begin(), m_begin);
    c.batch.insert(c.batch.end(), m_end, n_begin);
    c.m.assign(m_begin, m_end);
    c.n.assign(n_begin, keep.end());
    c.k = c.anchor->reduce;
    const auto size = [&](const std::vector<AxisId>& axes) {
        std::int64_t product = 1;
        for (const AxisId axis : axes)
            product *= task.axis(axis).extent;
        return product;
    };
    c.m_size = size(c.m);
    c.n_size = size(c.n);
    c.k_size = size(c.k);
    c.batch_size = size(c.batch);
    c.m_stride = size({m_end, keep.end()});
    if (std::min({c.m_size, c.n_size, c.k_size, c.batch_size}) < 1) {
        return fail(Errc::Invalid, "an axis has no elements");
    }
    return {};
}

// The stride of the group as one axis, if it has one.
std::optional<std::int64_t> group_stride(const task::Task& task, const task::Access& access,
                                         const std::vector<AxisId>& group) {
    std::optional<std::int64_t> stride;
    std::int64_t inner = 1;
    for (auto axis = group.rbegin(); axis != group.rend(); axis++) {
        const std::int64_t extent = task.axis(*axis).extent;
        if (extent == 1) continue;
        const std::int64_t here = stride_along(task, access, *axis);
        if (!stride) stride = here;
        if (here != *stride * inner) return std::nullopt;
        inner *= extent;
    }
    return stride.value_or(1);
}

void choose_reading(const task::Task& task, const Contraction& c, Factor& factor,
                    const std::vector<AxisId>& group) {
    const bool zero_outside = std::ranges::all_of(factor.where, &task::Bound::leaves_out_zeros);
    if (factor.product.size() != 1 || !factor.masks.empty() || !zero_outside) return;
    const task::Expr& expr = task.expr(factor.product[0]);
    if (expr.op != task::Op::Load) return;
    const task::Access& access = task.access(expr.reference);
    for (const task::Index& index : access.at) {
        if (index.divisor != 1 || index.gather != kNone) return;
    }
    if (access.outside != kNone && task.expr(access.outside).op != task::Op::Const) return;
    factor.access = expr.reference;
    factor.reading = Reading::Runs;
    const auto rows = group_stride(task, access, group);
    const auto steps = group_stride(task, access, c.k);
    if (access.outside != kNone || !rows || !steps) return;
    factor.reading = Reading::Linear;
    factor.group_stride = *rows;
    factor.k_stride = *steps;
}

bool is_same_element(const task::Access& access, const task::Stage& stage) {
    if (access.at.size() != stage.keep.size()) return false;
    for (std::size_t i = 0; i < access.at.size(); i++) {
        if (access.at[i].plain_axis() != stage.keep[i]) return false;
    }
    return true;
}

// Every tensor computed by an earlier stage is read at the element being computed.
bool reads_in_place(const task::Task& task, ExprId id, const task::Stage& stage) {
    const task::Expr& expr = task.expr(id);
    if (expr.op == task::Op::Load) {
        const task::Access& access = task.access(expr.reference);
        if (task.tensor(access.tensor).role != task::Role::Input &&
            !is_same_element(access, stage)) {
            return false;
        }
        if (access.outside != kNone && !reads_in_place(task, access.outside, stage)) return false;
        for (const task::Index& index : access.at) {
            if (index.gather != kNone && !reads_in_place(task, index.gather, stage)) return false;
        }
    }
    for (int i = 0; i < task::operands(expr.op); i++) {
        if (!reads_in_place(task, expr.kid[i], stage)) return false;
    }
    return true;
}

bool reads_only_inputs(const task::Task& task, ExprId id) {
    const task::Stage nothing;
    return reads_in_place(task, id, nothing);
}

Result<void> check_stages(const task::Task& task, Contraction& c, Stored stored) {
    if (task.stages.empty() || task.outputs.size() != 1) {
        return fail(Errc::Invalid, "not one output");
    }
    c.anchor = &task.stages.front();
    c.out = task.outputs[0];
    const task::Stage& anchor = *c.anchor;
    if (anchor.how != task::Reducer::Sum || anchor.reduce.empty() || anchor.keep.empty()) {
        return fail(Errc::Invalid, "the first stage is not a sum for every element of a tensor");
    }
    if (!reads_only_inputs(task, anchor.body)) {
        return fail(Errc::Invalid, "the sum reads more than the inputs");
    }
    const auto plain = [](const std::optional<task::Index>& end) {
        return !end || (end->divisor == 1 && end->gather == kNone);
    };
    for (const task::Bound& bound : anchor.where) {
        if (!plain(bound.low) || !plain(bound.high)) {
            return fail(Errc::Invalid, "a bound of the sum is not affine");
        }
    }
    for (std::size_t i = 1; i < task.stages.size(); i++) {
        const task::Stage& stage = task.stages[i];
        const bool same =
            std::ranges::equal(stage.keep, anchor.keep, [&](AxisId one, AxisId other) {
                return task.axis(one).extent == task.axis(other).extent;
            });
        if (stage.how != task::Reducer::None || !same || !reads_in_place(task, stage.body, stage)) {
            return fail(Errc::Invalid, "stage '" + task.tensor(stage.out).name +
                                           "' is not a map over the elements of the sum");
        }
        c.finish.push_back(&stage);
    }
    const task::Stage& last = task.stages.back();
    if (last.out != c.out) return fail(Errc::Invalid, "the last stage does not fill the output");
    const task::Type out = task.tensor(c.out).type;
    if (out != real_type(task) && !(stored == Stored::Rounded && is_short(out))) {
        return fail(Errc::Invalid, "the output is not of the type that sums are kept in");
    }
    return {};
}

}  // namespace

std::int64_t stride_along(const task::Task& task, const task::Access& access, AxisId axis) {
    std::int64_t stride = 0;
    std::int64_t below = 1;
    const auto& shape = task.tensor(access.tensor).shape;
    for (std::size_t i = access.at.size(); i-- > 0;) {
        for (const auto& term : access.at[i].terms) {
            if (term.axis == axis) stride += term.coefficient * below;
        }
        below *= shape[i];
    }
    return stride;
}

Result<Contraction> find_contraction(const task::Task& task, Stored stored) {
    static constexpr std::string_view kConstants[] = {"MR", "NV", "NR",     "KC",
                                                      "MC", "NC", "THREADS"};
    for (const task::Size& size : task.sizes) {
        if (std::ranges::find(kConstants, std::string_view(size.name)) != std::end(kConstants)) {
            return fail(Errc::Invalid,
                        "size " + size.name + " has the name of a constant of the kernel");
        }
    }
    Contraction c;
    CUPEL_DO(check_stages(task, c, stored));
    Axes a_axes;
    Axes b_axes;
    CUPEL_DO(deal(task, c, a_axes, b_axes));
    CUPEL_DO(group_axes(task, c, a_axes, b_axes));
    choose_reading(task, c, c.a, c.m);
    choose_reading(task, c, c.b, c.n);
    return c;
}

}  // namespace cupel::schedule
