// SPDX-License-Identifier: Apache-2.0
#include "schedule/tile.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "schedule/tile_plan.hpp"

namespace cupel::schedule::tile {
namespace {

constexpr std::size_t kSeeds = 12;
constexpr std::size_t kMeasured = 8;  // of them, whatever the first ones bring

// All of k at once, in blocks that half of the second cache has room for. Each sum is then written
// once and never read again. That the second cache brings panels so long in time is what the model
// does not believe: matmul of 1024 is 1.01 (one thread) to 1.025 times (two) as quick so on a
// Zen 4.
Plan deepened(const Problem& problem, Plan plan) {
    plan.kc = problem.contraction.k_size;
    const std::int64_t most =
        std::max<std::int64_t>(1, problem.width.l2_bytes / 2 / problem.real_bytes() / plan.kc);
    const auto shrink = [&](std::int64_t& block, std::int64_t unit) {
        block = std::max(unit, std::min(block, most / unit * unit));
    };
    shrink(plan.mc, plan.mr);
    shrink(plan.nc, std::int64_t{plan.nv} * problem.lanes());
    return plan;
}

// The ranking, best first, without two plans of one register tile and depth: diversity is worth
// more than the model's opinion of near twins.
std::vector<Plan> leaders(const Problem& problem) {
    std::vector<std::pair<double, Plan>> ranked;
    for (const Plan& plan : space(problem))
        ranked.emplace_back(cost(problem, plan), plan);
    std::ranges::stable_sort(ranked, {}, [](const auto& entry) { return entry.first; });
    std::vector<Plan> chosen;
    for (const auto& [cycles, plan] : ranked) {
        const auto twin = [&](const Plan& other) {
            return std::tie(plan.mr, plan.nv, plan.kc) == std::tie(other.mr, other.nv, other.kc);
        };
        if (std::ranges::none_of(chosen, twin)) chosen.push_back(plan);
        if (chosen.size() == kSeeds) break;
    }
    if (chosen.empty()) return chosen;
    const Plan deep = deepened(problem, chosen.front());
    const auto last =
        chosen.begin() + static_cast<std::ptrdiff_t>(std::min(chosen.size(), kMeasured - 1));
    if (std::find(chosen.begin(), last, deep) == last && check_plan(problem, deep))
        chosen.insert(last, deep);
    return chosen;
}

template <class Member>
void vary(const Plan& plan, Member Plan::* member, std::initializer_list<Member> values,
          std::vector<Plan>& out) {
    for (const Member value : values) {
        Plan other = plan;
        other.*member = value;
        out.push_back(other);
    }
}

// One decision changed; block sizes follow where the register tile must divide them.
std::vector<Plan> changed(const Problem& problem, const Plan& plan) {
    std::vector<Plan> out;
    const int nr = plan.nv * problem.lanes();
    for (const int mr : {plan.mr - 2, plan.mr - 1, plan.mr + 1, plan.mr + 2}) {
        if (mr < 1) continue;
        Plan other = plan;
        other.mr = mr;
        other.mc = std::max<std::int64_t>(plan.mc / mr, 1) * mr;
        out.push_back(other);
    }
    for (const int nv : {plan.nv - 1, plan.nv + 1}) {
        if (nv < 1) continue;
        Plan other = plan;
        other.nv = nv;
        const int wide = nv * problem.lanes();
        other.nc = std::max<std::int64_t>(plan.nc / wide, 1) * wide;
        out.push_back(other);
    }
    const auto half = [](std::int64_t block, std::int64_t unit) {
        return std::max<std::int64_t>(block / 2 / unit, 1) * unit;
    };
    vary(plan, &Plan::kc, {half(plan.kc, 1), plan.kc * 3 / 4, plan.kc * 3 / 2, plan.kc * 2}, out);
    vary(plan, &Plan::mc, {half(plan.mc, plan.mr), plan.mc * 2}, out);
    vary(plan, &Plan::nc, {half(plan.nc, nr), plan.nc * 2}, out);
    vary(plan, &Plan::pack_a, {!plan.pack_a}, out);
    vary(plan, &Plan::pack_b, {!plan.pack_b}, out);
    vary(plan, &Plan::once_a, {!plan.once_a}, out);
    vary(plan, &Plan::n_outside, {!plan.n_outside}, out);
    vary(plan, &Plan::prefetch, {!plan.prefetch}, out);
    vary(plan, &Plan::unroll, {1, 2, 4, 8}, out);
    vary(plan, &Plan::shared, {Shared::None, Shared::M, Shared::N, Shared::Batch}, out);
    return out;
}

}  // namespace

bool applies(const task::Task& task) {
    return find_contraction(task).has_value();
}

std::vector<Trace> seeds(const task::Task& task, const Width& width) {
    const auto contraction = find_contraction(task);
    if (!contraction) return {};
    const Problem problem{task, *contraction, width};
    std::vector<Trace> traces;
    for (const Plan& plan : leaders(problem))
        traces.push_back(write_plan(problem, plan));
    return traces;
}

Trace default_trace(const task::Task& task, const Width& width) {
    const std::vector<Trace> best = seeds(task, width);
    return best.empty() ? Trace{} : best.front();
}

std::vector<Trace> neighbours(const task::Task& task, const Width& width, const Trace& trace) {
    const auto contraction = find_contraction(task);
    if (!contraction) return {};
    const Problem problem{task, *contraction, width};
    const auto plan = read_plan(problem, trace);
    if (!plan) return {};
    std::vector<Plan> seen{*plan};
    std::vector<Trace> traces;
    for (Plan other : changed(problem, *plan)) {
        other.kc = std::clamp<std::int64_t>(other.kc, 1, contraction->k_size);
        if (std::ranges::find(seen, other) != seen.end()) continue;
        seen.push_back(other);
        if (check_plan(problem, other)) traces.push_back(write_plan(problem, other));
    }
    return traces;
}

Result<std::string> print(const task::Task& task, const Width& width, const Trace& trace) {
    CUPEL_TRY(const Contraction contraction, find_contraction(task));
    const Problem problem{task, contraction, width};
    CUPEL_TRY(const Plan plan, read_plan(problem, trace));
    return print_plan(problem, plan);
}

Result<std::string> print_part(const task::Task& task, const Width& width, const Trace& trace,
                               const Limits& limits, VectorMaths& maths) {
    CUPEL_TRY(const Contraction contraction, find_contraction(task));
    const Problem problem{task, contraction, width, limits};
    CUPEL_TRY(const Plan plan, read_plan(problem, trace));
    return print_part(problem, plan, maths);
}

}  // namespace cupel::schedule::tile
