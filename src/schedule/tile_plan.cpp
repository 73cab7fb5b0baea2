// SPDX-License-Identifier: Apache-2.0
#include "schedule/tile_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <set>

#include "schedule/text.hpp"
#include "schedule/tile_words.hpp"

namespace cupel::schedule::tile {
namespace {

// Far beyond anything that pays; keeps scratch and compile times small whatever a trace says.
constexpr std::int64_t kMostRows = 32;
constexpr std::int64_t kMostVectors = 8;
constexpr std::int64_t kMostUnroll = 16;
constexpr std::int64_t kMostScratchBytes = std::int64_t{256} << 20;
constexpr std::int64_t kMostColumns = 8192;  // one line of a block lives on the stack

std::unexpected<Error> refuse(const Action& action, const std::string& why) {
    std::string text = action.verb + " " + action.stage;
    for (const std::string& argument : action.arguments)
        text += " " + argument;
    return fail(Errc::Invalid, text + ": " + why);
}

Result<std::int64_t> whole_number(const Action& action, std::size_t i, std::int64_t most) {
    const std::string& text = action.arguments[i];
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > most) {
        return refuse(action, fmt::format("'{}' is not a whole number from 1 to {}", text, most));
    }
    return value;
}

Result<void> read_tile(const Action& action, Plan& plan) {
    constexpr std::int64_t kMostBlock = std::int64_t{1} << 24;
    CUPEL_TRY(const std::int64_t mr, whole_number(action, 0, kMostRows));
    CUPEL_TRY(const std::int64_t nv, whole_number(action, 1, kMostVectors));
    CUPEL_TRY(plan.kc, whole_number(action, 2, kMostBlock));
    CUPEL_TRY(plan.mc, whole_number(action, 3, kMostBlock));
    CUPEL_TRY(plan.nc, whole_number(action, 4, kMostBlock));
    plan.mr = static_cast<int>(mr);
    plan.nv = static_cast<int>(nv);
    return {};
}

Result<void> read_pack(const Action& action, Plan& plan) {
    const std::string& operand = action.arguments[0];
    if (operand != "a" && operand != "b") return refuse(action, "an operand is a or b");
    (operand == "a" ? plan.pack_a : plan.pack_b) = true;
    return {};
}

Result<void> read_once(const Action& action, Plan& plan) {
    if (action.arguments[0] != "a")
        return refuse(action, "the operand that can be packed once is a");
    plan.once_a = true;
    return {};
}

Result<void> read_order(const Action& action, Plan& plan) {
    const std::vector<std::string> n_outside{"n", "k", "m"};
    const std::vector<std::string> m_outside{"m", "k", "n"};
    if (action.arguments != n_outside && action.arguments != m_outside) {
        return refuse(action, "the orders are 'n k m' and 'm k n'");
    }
    plan.n_outside = action.arguments == n_outside;
    return {};
}

Result<void> read_bind(const Action& action, Plan& plan) {
    if (action.arguments[1] != "par") return refuse(action, "a loop of a tile is bound to par");
    const std::string& loop = action.arguments[0];
    if (loop != "m" && loop != "n" && loop != "batch") {
        return refuse(action, "the loops that threads can share are m, n and batch");
    }
    plan.shared = loop == "m" ? Shared::M : loop == "n" ? Shared::N : Shared::Batch;
    return {};
}

Result<void> read_unroll(const Action& action, Plan& plan) {
    CUPEL_TRY(const std::int64_t unroll, whole_number(action, 0, kMostUnroll));
    plan.unroll = static_cast<int>(unroll);
    return {};
}

Result<void> read_hint(const Action& action, Plan& plan) {
    if (action.arguments[0] != "prefetch") return refuse(action, "the hint of a tile is prefetch");
    plan.prefetch = true;
    return {};
}

struct Verb {
    const char* name;
    std::size_t arguments;
    const char* usage;
    Result<void> (*read)(const Action&, Plan&);
};
constexpr Verb kVerbs[] = {
    {"tile", 5, "MR NV KC MC NC", read_tile},
    {"pack", 1, "a|b", read_pack},
    {"once", 1, "a", read_once},
    {"order", 3, "n k m", read_order},
    {"bind", 2, "m|n|batch par", read_bind},
    {"unroll", 1, "U", read_unroll},
    {"hint", 1, "prefetch", read_hint},
};

Result<void> read_action(const Problem& problem, const Action& action, Plan& plan) {
    const std::string& out = problem.task.tensor(problem.contraction.out).name;
    if (action.stage != out) {
        return refuse(action,
                      fmt::format("the stages are one kernel, scheduled under the name '{}'", out));
    }
    for (const Verb& verb : kVerbs) {
        if (action.verb != verb.name) continue;
        if (action.arguments.size() != verb.arguments) {
            return refuse(action, fmt::format("expected '{} {} {}'", verb.name, out, verb.usage));
        }
        return verb.read(action, plan);
    }
    return refuse(action, "the verbs of a tile are tile, pack, once, order, bind, unroll and hint");
}

Result<void> check_in_place(const Factor& factor, std::int64_t size, std::int64_t unit,
                            char operand) {
    if (factor.reading != Reading::Linear) {
        return fail(
            Errc::Invalid,
            fmt::format("pack {}: needed, because the operand is not a plain matrix", operand));
    }
    if (size % unit != 0) {
        return fail(Errc::Invalid,
                    fmt::format("pack {}: needed, because {} is not a multiple of the tile's {}",
                                operand, size, unit));
    }
    return {};
}

Result<void> check_packing(const Problem& problem, const Plan& plan) {
    const Contraction& c = problem.contraction;
    const auto same_type = [&](const Factor& factor) {
        return factor.access == task::kNone ||
               problem.task.tensor(problem.task.access(factor.access).tensor).type ==
                   real_type(problem.task);
    };
    if (plan.once_a && !plan.pack_a) return fail(Errc::Invalid, "once a: a is not packed");
    if (plan.once_a && !is_same_for_all(problem, c.a))
        return fail(Errc::Invalid, "once a: a batch axis changes it");
    if (!plan.pack_a) CUPEL_DO(check_in_place(c.a, c.m_size, plan.mr, 'a'));
    if (!plan.pack_b) {
        CUPEL_DO(check_in_place(c.b, c.n_size, std::int64_t{plan.nv} * problem.lanes(), 'b'));
        if (c.b.group_stride != 1) {
            return fail(Errc::Invalid, "pack b: needed, because its columns are not contiguous");
        }
    }
    if ((!plan.pack_a && !same_type(c.a)) || (!plan.pack_b && !same_type(c.b))) {
        return fail(Errc::Invalid,
                    "pack: needed, because the operand is of another type than the sum");
    }
    return {};
}

}  // namespace

int Problem::real_bytes() const {
    return static_cast<int>(task::type_size(real_type(task)));
}

bool is_same_for_all(const Problem& problem, const Factor& factor) {
    const std::vector<task::AxisId> axes = axes_of(problem.task, factor);
    return std::ranges::none_of(problem.contraction.batch, [&](task::AxisId axis) {
        return std::ranges::find(axes, axis) != axes.end();
    });
}

bool shares_inner_loop(const Plan& plan) {
    return plan.shared == (plan.n_outside ? Shared::M : Shared::N);
}

Result<Plan> read_plan(const Problem& problem, const Trace& trace) {
    Plan plan;
    plan.pack_a = plan.pack_b = plan.prefetch = false;
    std::set<std::string> seen;
    for (const Action& action : trace) {
        CUPEL_DO(read_action(problem, action, plan));
        const std::string what =
            action.verb == "pack" ? "pack " + action.arguments[0] : action.verb;
        if (!seen.insert(what).second) return refuse(action, "said twice");
    }
    if (!seen.contains("tile"))
        return fail(Errc::Invalid, "tile: missing; a contraction needs a tile");
    CUPEL_DO(check_plan(problem, plan));
    return plan;
}

Result<void> check_plan(const Problem& problem, const Plan& plan) {
    const std::int64_t nr = std::int64_t{plan.nv} * problem.lanes();
    const auto refused = [](const std::string& why) { return fail(Errc::Invalid, why); };
    if (plan.mr < 1 || plan.mr > kMostRows || plan.nv < 1 || plan.nv > kMostVectors) {
        return refused(
            fmt::format("tile: at most {} rows and {} vectors", kMostRows, kMostVectors));
    }
    if (plan.mr * plan.nv + plan.nv + 1 > problem.width.registers) {
        return refused(fmt::format(
            "tile: {} x {} sums, {} vectors of b and one of a need {} registers of {}", plan.mr,
            plan.nv, plan.nv, plan.mr * plan.nv + plan.nv + 1, problem.width.registers));
    }
    if (plan.mc % plan.mr != 0) {
        return refused(fmt::format("tile: MC = {} is not a multiple of MR = {}", plan.mc, plan.mr));
    }
    if (plan.nc % nr != 0 || plan.nc > kMostColumns) {
        return refused(fmt::format("tile: NC = {} is not a multiple of {} vectors of {}, up to {}",
                                   plan.nc, plan.nv, problem.lanes(), kMostColumns));
    }
    const Contraction& c = problem.contraction;
    const auto limit = [](std::int64_t block, std::int64_t size, std::int64_t unit) {
        return block > (size + unit - 1) / unit * unit;
    };
    if (limit(plan.kc, c.k_size, 1) || limit(plan.mc, c.m_size, plan.mr) ||
        limit(plan.nc, c.n_size, nr)) {
        return refused(fmt::format("tile: a block is larger than k = {}, m = {}, n = {}", c.k_size,
                                   c.m_size, c.n_size));
    }
    std::int64_t scratch = (plan.mc + plan.nc) * plan.kc * problem.real_bytes() * problem.threads();
    if (plan.once_a) scratch += (c.m_size + plan.mr) * c.k_size * problem.real_bytes();
    if (scratch > kMostScratchBytes) {
        return refused(
            fmt::format("tile: panels of {} bytes; at most {}", scratch, kMostScratchBytes));
    }
    if (plan.shared == Shared::Batch && c.batch.empty())
        return refused("bind batch: there is no batch axis");
    return check_packing(problem, plan);
}

Trace write_plan(const Problem& problem, const Plan& plan) {
    const std::string& out = problem.task.tensor(problem.contraction.out).name;
    Trace trace;
    trace.push_back({"tile", out, {}});
    for (const std::int64_t value :
         {std::int64_t{plan.mr}, std::int64_t{plan.nv}, plan.kc, plan.mc, plan.nc}) {
        trace.back().arguments.push_back(fmt::format("{}", value));
    }
    if (plan.pack_a) trace.push_back({"pack", out, {"a"}});
    if (plan.pack_b) trace.push_back({"pack", out, {"b"}});
    if (plan.once_a) trace.push_back({"once", out, {"a"}});
    trace.push_back(plan.n_outside ? Action{"order", out, {"n", "k", "m"}}
                                   : Action{"order", out, {"m", "k", "n"}});
    const auto loop = [&]() -> std::string {
        switch (plan.shared) {
            case Shared::M:
                return "m";
            case Shared::N:
                return "n";
            case Shared::Batch:
                return "batch";
            case Shared::None:
                break;
        }
        return {};
    }();
    if (!loop.empty()) trace.push_back({"bind", out, {loop, "par"}});
    trace.push_back({"unroll", out, {fmt::format("{}", plan.unroll)}});
    if (plan.prefetch) trace.push_back({"hint", out, {"prefetch"}});
    return trace;
}

}  // namespace cupel::schedule::tile
