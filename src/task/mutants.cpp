// SPDX-License-Identifier: Apache-2.0
#include "task/mutants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "task/rewrite.hpp"

namespace cupel::task {
namespace {

constexpr std::size_t kLongestQuote = 60;
constexpr std::int64_t kDropEvery = 100;

std::string quoted(std::string text) {
    if (text.size() > kLongestQuote) text = text.substr(0, kLongestQuote - 3) + "...";
    return "`" + text + "`";
}

struct Wording {
    Part part = Part::Stage;
    std::string name;
    bool leaves_out = false;
    bool guard = false;
};

// Collects the mutants of one stage. Every method starts from the unchanged task.
class StageMutants {
public:
    StageMutants(const Task& task, std::size_t stage, std::vector<Mutant>& all)
        : task_(task), number_(stage), all_(all) {}

    void run() {
        leave_out_stage();
        if (stage().how != Reducer::None) change_reduction();
        for (const Bound& bound : stage().where)
            change_bound(bound);
        for (const ExprId id : below(task_, stage().body))
            change(id);
    }

private:
    [[nodiscard]] const Stage& stage() const { return task_.stages[number_]; }
    [[nodiscard]] std::string words(ExprId id) const { return quoted(print(task_, stage(), id)); }
    [[nodiscard]] std::string out_name() const { return task_.tensor(stage().out).name; }

    void add(Wording wording, Task changed) {
        if (!tidy(changed)) return;
        changed.text = print(changed);
        changed.sizes.clear();  // print writes numbers
        changed.shapes.clear();
        const Result<Task> again = parse(changed.text, "mutant");
        if (!again) return;
        all_.push_back({.part = wording.part,
                        .name = fmt::format("{} (line {})", wording.name, stage().line),
                        .leaves_out = wording.leaves_out,
                        .guard = wording.guard,
                        .task = std::move(changed)});
    }
    void replace(Wording wording, ExprId from, const Expr& to) {
        Task changed = task_;
        const ExprId id = append(changed, to);
        replace_by(std::move(wording), std::move(changed), from, id);
    }
    void replace_by(Wording wording, Task changed, ExprId from, ExprId to) {
        const ExprId body = substitute(changed, stage().body, from, to);
        changed.stages[number_].body = body;
        add(std::move(wording), std::move(changed));
    }

    // ---- stages ----

    // Whoever reads the stage finds 0, or 1 where it divides or is a factor.
    void leave_out_stage() {
        if (task_.tensor(stage().out).role != Role::Intermediate) return;
        Task changed = task_;
        const ExprId zero = append_constant(changed, 0);
        const ExprId one = append_constant(changed, 1);
        for (Stage& reader : changed.stages) {
            for (const ExprId id : below(changed, reader.body)) {
                if (!loads(changed, id)) continue;
                const bool scales = is_scale(changed, reader.body, id);
                const ExprId body = substitute(changed, reader.body, id, scales ? one : zero);
                reader.body = body;
            }
        }
        add({.part = Part::Stage,
             .name = fmt::format("`{}` is left out", out_name()),
             .leaves_out = true},
            std::move(changed));
    }
    [[nodiscard]] bool loads(const Task& task, ExprId id) const {
        const Expr& expr = task.expr(id);
        return expr.op == Op::Load && task.access(expr.reference).tensor == stage().out;
    }
    static bool is_scale(const Task& task, ExprId root, ExprId load) {
        return std::ranges::any_of(below(task, root), [&](ExprId id) {
            const Expr& expr = task.expr(id);
            return (expr.op == Op::Div && expr.kid[1] == load) ||
                   (expr.op == Op::Mul && (expr.kid[0] == load || expr.kid[1] == load));
        });
    }

    // ---- reductions ----

    [[nodiscard]] double neutral() const {
        if (stage().how == Reducer::Max || stage().how == Reducer::ArgMax) return -HUGE_VAL;
        if (stage().how == Reducer::Min || stage().how == Reducer::ArgMin) return HUGE_VAL;
        return stage().how == Reducer::Prod ? 1 : 0;
    }

    void change_reduction() {
        const AxisId inner = stage().reduce.back();
        const std::int64_t extent = task_.axis(inner).extent;
        cut("only the first term of `{}` is taken", 1, stage().reduce);
        if (extent > 2) cut("half of the terms of `{}` are dropped", extent / 2, {inner});
        if (extent > 2) cut("the last term of `{}` is dropped", extent - 1, {inner});
        if (extent > kDropEvery) drop_every(inner);
        neighbour(Reducer::Sum, Reducer::Max);
        neighbour(Reducer::Prod, Reducer::Sum);
        neighbour(Reducer::Max, Reducer::Min);
        neighbour(Reducer::Min, Reducer::Max);
        neighbour(Reducer::ArgMax, Reducer::ArgMin);
        neighbour(Reducer::ArgMin, Reducer::ArgMax);
    }
    void cut(fmt::format_string<std::string> name, std::int64_t extent,
             const std::vector<AxisId>& axes) {
        Task changed = task_;
        for (const AxisId axis : axes)
            changed.axes[static_cast<std::size_t>(axis)].extent = extent;
        add({.part = Part::Reduction,
             .name = fmt::format(name, out_name()),
             .leaves_out = extent == 1},
            std::move(changed));
    }
    void drop_every(AxisId inner) {
        Task changed = task_;
        const ExprId axis = append(changed, {.op = Op::Axis, .reference = inner});
        const ExprId hundred = append_constant(changed, static_cast<double>(kDropEvery));
        const ExprId last = append_constant(changed, static_cast<double>(kDropEvery - 1));
        const ExprId share = append(changed, {.op = Op::Div, .kid = {axis, hundred, kNone}});
        const ExprId whole = append(changed, {.op = Op::Floor, .kid = {share, kNone, kNone}});
        const ExprId round = append(changed, {.op = Op::Mul, .kid = {whole, hundred, kNone}});
        const ExprId rest = append(changed, {.op = Op::Sub, .kid = {axis, round, kNone}});
        const ExprId hit = append(changed, {.op = Op::Equal, .kid = {rest, last, kNone}});
        const ExprId none = append_constant(changed, neutral());
        const ExprId body = append(changed, {.op = Op::Select, .kid = {hit, none, stage().body}});
        changed.stages[number_].body = body;
        add({.part = Part::Reduction,
             .name = fmt::format("every 100th term of `{}` is dropped", out_name())},
            std::move(changed));
    }
    void neighbour(Reducer from, Reducer to) {
        if (stage().how != from) return;
        Task changed = task_;
        changed.stages[number_].how = to;
        const auto name = [](Reducer how) {
            constexpr std::string_view kNames[] = {"",    "sum",    "prod",  "max",
                                                   "min", "argmax", "argmin"};
            return kNames[static_cast<std::size_t>(how)];
        };
        add({.part = Part::Reduction,
             .name = fmt::format("`{}` is the {}, not the {}", out_name(), name(to), name(from))},
            std::move(changed));
    }

    // ---- bounds ----

    void change_bound(const Bound& bound) {
        const std::string& axis = task_.axis(bound.axis).name;
        const auto with = [&](std::string name, std::int64_t shift, bool dropped) {
            Task changed = task_;
            std::vector<Bound>& where = changed.stages[number_].where;
            const auto it = std::ranges::find(where, bound.axis, &Bound::axis);
            if (dropped) {
                where.erase(it);
            } else if (it->high) {
                it->high->offset += shift * it->high->divisor;
            } else if (it->low) {
                it->low->offset += shift * it->low->divisor;
            }
            add({.part = Part::Bound, .name = std::move(name)}, std::move(changed));
        };
        with(fmt::format("the bound of {} is one lower", axis), -1, false);
        with(fmt::format("the bound of {} is one higher", axis), 1, false);
        with(fmt::format("the bound of {} is left out", axis), 0, true);
    }

    // ---- expressions ----

    [[nodiscard]] bool reads(ExprId id) const {
        return std::ranges::any_of(below(task_, id),
                                   [&](ExprId one) { return task_.expr(one).op == Op::Load; });
    }
    [[nodiscard]] bool is_constant(ExprId id) const { return task_.expr(id).op == Op::Const; }

    void change(ExprId id) {
        const Expr& expr = task_.expr(id);
        if (expr.op == Op::Const) return change_constant(id);
        if (expr.op == Op::Load) return change_load(id);
        if (expr.op == Op::Select) return change_select(id);
        if (operands(expr.op) == 1) {
            replace({.part = Part::Operator,
                     .name = fmt::format("{} is left out of {}", op_name(expr.op), words(id)),
                     .leaves_out = true},
                    id, task_.expr(expr.kid[0]));
        } else if (operands(expr.op) == 2 && !is_condition(expr.op)) {
            keep_one(id, 0);
            keep_one(id, 1);
        }
        change_operator(id);
    }
    static bool is_condition(Op op) { return op >= Op::Less && op <= Op::Or; }

    // a + b becomes a: what stood at its side is left out.
    void keep_one(ExprId id, int side) {
        const Expr& expr = task_.expr(id);
        const ExprId kept = expr.kid[side];
        const ExprId dropped = expr.kid[1 - side];
        if (is_constant(kept)) return;  // the constant alone: the input ignored says it better
        const bool guards = is_constant(dropped) && (expr.op == Op::Add || expr.op == Op::Sub ||
                                                     expr.op == Op::Min || expr.op == Op::Max);
        replace({.part = is_constant(dropped) ? Part::Constant : Part::Operator,
                 .name = fmt::format("{} is left out of {}", words(dropped), words(id)),
                 .leaves_out = true,
                 .guard = guards},
                id, task_.expr(kept));
    }

    void change_operator(ExprId id) {
        constexpr std::pair<Op, Op> kNeighbours[] = {
            {Op::Add, Op::Sub},        {Op::Sub, Op::Add},       {Op::Min, Op::Max},
            {Op::Max, Op::Min},        {Op::Div, Op::Mul},       {Op::Erf, Op::Tanh},
            {Op::Tanh, Op::Erf},       {Op::Sin, Op::Cos},       {Op::Cos, Op::Sin},
            {Op::Less, Op::LessEqual}, {Op::LessEqual, Op::Less}};
        for (const auto& [from, to] : kNeighbours) {
            Expr expr = task_.expr(id);
            if (expr.op != from) continue;
            expr.op = to;
            const bool strictness = from == Op::Less || from == Op::LessEqual;
            const bool guards =
                strictness || ((from == Op::Add || from == Op::Sub) &&
                               (is_constant(expr.kid[0]) || is_constant(expr.kid[1])));
            replace({.part = Part::Operator,
                     .name = fmt::format("{} stands for {} in {}", op_name(to), op_name(from),
                                         words(id)),
                     .guard = guards},
                    id, expr);
        }
    }

    void change_constant(ExprId id) {
        const double now = task_.expr(id).number;
        double other = now * 1.5;
        if (now == 0) other = 1;
        if (std::isinf(now)) other = 0;
        // A guard is a constant that something is added to or compared with, everywhere.
        const bool guard = std::ranges::all_of(below(task_, stage().body), [&](ExprId parent) {
            const Expr& expr = task_.expr(parent);
            const bool uses = std::ranges::find(expr.kid, id) != std::end(expr.kid);
            return !uses || expr.op == Op::Add || expr.op == Op::Sub || expr.op == Op::Min ||
                   expr.op == Op::Max;
        });
        replace({.part = Part::Constant,
                 .name = fmt::format("the constant {} is {:g}", now, other),
                 .guard = guard},
                id, {.op = Op::Const, .number = other});
    }

    void change_select(ExprId id) {
        const Expr& expr = task_.expr(id);
        // A mask over axes may repeat what the bounds of a reduction say: it is not an operator on
        // values, and may be superfluous.
        const bool on_values = reads(expr.kid[0]);
        for (const int side : {1, 2}) {
            replace({.part = Part::Operator,
                     .name = fmt::format("{} is always {}", words(id), words(expr.kid[side])),
                     .leaves_out = on_values},
                    id, task_.expr(expr.kid[side]));
        }
    }

    void change_load(ExprId id) {
        const Access& access = task_.access(task_.expr(id).reference);
        for (std::size_t d = 0; d < access.at.size(); ++d) {
            Task changed = task_;
            Access shifted = access;
            Index& at = shifted.at[d];
            if (at.gather == kNone) {
                at.offset += at.divisor;
            } else {
                const ExprId one = append_constant(changed, 1);
                at.gather = append(changed, {.op = Op::Add, .kid = {at.gather, one, kNone}});
            }
            if (shifted.outside == kNone) shifted.outside = append_constant(changed, 0);
            const ExprId load = append_load(changed, std::move(shifted));
            replace_by({.part = Part::Index,
                        .name = fmt::format("index {} of {} is off by one", d + 1, words(id))},
                       std::move(changed), id, load);
        }
    }

    const Task& task_;
    std::size_t number_;
    std::vector<Mutant>& all_;
};

}  // namespace

std::string_view part_name(Part part) {
    constexpr std::string_view kNames[] = {"stage",    "reduction", "operator",
                                           "constant", "bound",     "index"};
    return kNames[static_cast<std::size_t>(part)];
}

std::vector<Mutant> mutants(const Task& task) {
    std::vector<Mutant> all;
    for (std::size_t stage = 0; stage < task.stages.size(); ++stage)
        StageMutants(task, stage, all).run();
    return all;
}

}  // namespace cupel::task
