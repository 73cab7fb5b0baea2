// SPDX-License-Identifier: Apache-2.0
// The cost model: multiply-adds against ports and latency, panels against caches, packing against
// copying speed. Written for a contraction of one matrix with another; its constants are rounded
// figures of current x86 cores. It ranks: its eight leaders held 0.96 to 1.00 of the best of tables
// of fifteen to thirty thousand measured schedules, its single favourite only 0.8.
#include <algorithm>
#include <cmath>

#include "schedule/tile_plan.hpp"

namespace cupel::schedule::tile {
namespace {

constexpr double kL2Bytes = 24;     // per cycle
constexpr double kL3Bytes = 10;     // per cycle
constexpr double kCopied = 6;       // bytes read and written per cycle while packing rows
constexpr double kMeeting = 20000;  // cycles until the last of the threads has come to a barrier
constexpr double kExposed = 0.2;    // of cache traffic does not hide behind arithmetic

double ceil_div(std::int64_t a, std::int64_t b) {
    const std::int64_t whole = (a + b - 1) / b;
    return static_cast<double>(whole);
}

// Cycles of one step of k in one register tile.
double step_cycles(const Problem& problem, const Plan& plan) {
    const double sums = plan.mr * plan.nv;
    double cycles = std::max({sums / 2.0, (plan.mr + plan.nv) / 2.0, sums <= 8 ? 4.0 : 0.0});
    if (sums < 12) cycles *= 1 + 0.02 * (12 - sums);  // little slack for a late load
    const double excess = sums + plan.nv + 1 - problem.width.registers;
    if (excess > 0) cycles *= 1 + 0.25 * excess;
    return cycles * (1 + 0.02 / plan.unroll);
}

double pack_cycles(const Problem& problem, const Factor& factor, double elements) {
    const double bytes = 2.0 * elements * problem.real_bytes();
    switch (factor.reading) {
        case Reading::Linear:
            return bytes / (factor.group_stride == 1 ? 2 * kCopied : kCopied / 2);
        case Reading::Runs:
            return bytes / kCopied;
        case Reading::Elements:
            break;
    }
    return bytes;  // a branch and some index arithmetic for every element
}

// Bytes per cycle of the level that holds the operand's block.
double level(const Problem& problem, double bytes) {
    // Half of it may be the neighbour's on the same core, and the other operands stream through the
    // rest.
    if (bytes <= 0.2 * static_cast<double>(problem.width.l2_bytes)) return kL2Bytes;
    return kL3Bytes;
}

// Rows as long as a panel is wide lie in memory as they would in a panel: packing only copies them.
bool lies_in_panels(const Factor& b, std::int64_t nr) {
    return b.group_stride == 1 && b.k_stride == nr;
}

double idle_factor(const Problem& problem, const Plan& plan) {
    const Contraction& c = problem.contraction;
    const double threads = problem.threads();
    double units = 1;
    switch (plan.shared) {
        case Shared::None:
            return 1;
        case Shared::M:
            units = ceil_div(c.m_size, plan.mc);
            break;
        case Shared::N:
            units = ceil_div(c.n_size, plan.nc);
            break;
        case Shared::Batch:
            break;
    }
    if (plan.shared == Shared::Batch || !shares_inner_loop(plan))
        units *= static_cast<double>(c.batch_size);
    return std::ceil(units / threads) / units;
}

// How often the threads wait for each other: after packing and after each inner block loop.
double meetings(const Problem& problem, const Plan& plan) {
    if (plan.shared == Shared::None) return 0;
    const Contraction& c = problem.contraction;
    const double k_blocks = ceil_div(c.k_size, plan.kc);
    const double once = plan.once_a ? k_blocks : 0;
    if (!shares_inner_loop(plan)) return once + 1;
    const double outer = plan.n_outside ? ceil_div(c.n_size, plan.nc) : ceil_div(c.m_size, plan.mc);
    const bool packs = plan.n_outside ? plan.pack_b : plan.pack_a && !plan.once_a;
    return once + static_cast<double>(c.batch_size) * outer * k_blocks * (packs ? 2 : 1);
}

}  // namespace

double cost(const Problem& problem, const Plan& plan) {
    const Contraction& c = problem.contraction;
    const double bytes = problem.real_bytes();
    const auto nr = std::int64_t{plan.nv} * problem.lanes();
    const double tiles = ceil_div(c.m_size, plan.mr) * ceil_div(c.n_size, nr);
    const auto k = static_cast<double>(c.k_size);
    const auto kc = static_cast<double>(plan.kc);
    const double k_blocks = ceil_div(c.k_size, plan.kc);
    const double compute =
        tiles * (k * step_cycles(problem, plan) + k_blocks * (24 + 6.0 * plan.mr * plan.nv));

    // The inner operand is re-read from its block for every panel of the outer one.
    const double a_bytes = tiles * k * plan.mr * bytes;
    const double b_bytes = tiles * k * static_cast<double>(nr) * bytes;
    const double inner_block = static_cast<double>(plan.n_outside ? plan.mc : plan.nc) * kc * bytes;
    const double outer_block = static_cast<double>(plan.n_outside ? plan.nc : plan.mc) * kc * bytes;
    const double outer_panel = static_cast<double>(plan.n_outside ? nr : plan.mr) * kc * bytes;
    const double inner_bytes = plan.n_outside ? a_bytes : b_bytes;
    double outer_bytes = plan.n_outside ? b_bytes : a_bytes;
    const double inner_panels =
        static_cast<double>(plan.n_outside ? plan.mc / plan.mr : plan.nc / nr);
    // The outer panel stays in the first cache while the inner block goes by, if it fits beside it.
    if (outer_panel <= static_cast<double>(problem.width.l1_bytes)) outer_bytes /= inner_panels;
    const double traffic =
        inner_bytes / level(problem, inner_block) + outer_bytes / level(problem, outer_block);

    const auto m_size = static_cast<double>(c.m_size);
    const auto n_size = static_cast<double>(c.n_size);
    double a_times = plan.n_outside ? ceil_div(c.n_size, plan.nc) : 1;
    if (plan.once_a) a_times = 1 / static_cast<double>(c.batch_size);
    const double b_times = plan.n_outside ? 1 : ceil_div(c.m_size, plan.mc);
    double packing = 0;
    if (plan.pack_a) packing += a_times * pack_cycles(problem, c.a, m_size * k);
    if (plan.pack_b) packing += b_times * pack_cycles(problem, c.b, n_size * k);
    double unpacked = 1;
    if (!plan.pack_a) unpacked *= plan.kc > 256 ? 1.1 : 1.04;
    if (!plan.pack_b && !lies_in_panels(c.b, nr)) unpacked *= 1.25;
    const double output =
        k_blocks * m_size * n_size * 2 * bytes / kL2Bytes * (plan.prefetch ? 0.5 : 0.7);
    return (compute * unpacked + kExposed * traffic + output + packing) *
               static_cast<double>(c.batch_size) * idle_factor(problem, plan) +
           kMeeting * meetings(problem, plan);
}

namespace {

// What is left to decide once the tile and the blocks are: order, packing, and who shares.
void add_variants(const Problem& problem, const Plan& plan, std::vector<Plan>& plans) {
    const Contraction& c = problem.contraction;
    const bool may_once = (c.batch_size > 1 || plan.nc < c.n_size) && is_same_for_all(problem, c.a);
    std::vector<Shared> loops{Shared::None};
    if (problem.threads() > 1) loops = {Shared::M, Shared::N};
    if (problem.threads() > 1 && c.batch_size > 1) loops.push_back(Shared::Batch);
    for (const bool n_outside : {true, false}) {
        for (const Shared shared : loops) {
            for (const unsigned plain : {0U, 1U, 2U, 3U}) {
                Plan other = plan;
                other.n_outside = n_outside;
                other.shared = shared;
                other.pack_a = (plain & 2) == 0;
                other.pack_b = (plain & 1) == 0;
                if (plain != 0 && !check_plan(problem, other)) continue;
                plans.push_back(other);
                other.once_a = true;
                if (may_once && other.pack_a) plans.push_back(other);
            }
        }
    }
}

// Blocks of equal size: a short last block costs as much around its sums as a long one.
std::int64_t fit(std::int64_t wanted, std::int64_t size, std::int64_t unit) {
    const std::int64_t blocks = (size + wanted - 1) / wanted;
    const std::int64_t even = (size + blocks - 1) / blocks;
    return (even + unit - 1) / unit * unit;
}

// One register tile, at one depth, in blocks of every size.
void add_blocks(const Problem& problem, Plan plan, std::vector<Plan>& plans) {
    const Contraction& c = problem.contraction;
    for (const std::int64_t mc : {48, 96, 192, 384}) {
        for (const std::int64_t nc : {128, 512, 1024, 2048}) {
            plan.mc = fit(mc, c.m_size, plan.mr);
            plan.nc = fit(nc, c.n_size, std::int64_t{plan.nv} * problem.lanes());
            if (plans.empty() || plan != plans.back()) add_variants(problem, plan, plans);
        }
    }
}

// The largest register tiles: a smaller one only repeats more loads.
bool is_worthwhile(const Problem& problem, int mr, int nv) {
    const int needed = mr * nv + nv + 1;
    return needed <= problem.width.registers && 2 * needed > problem.width.registers;
}

}  // namespace

std::vector<Plan> space(const Problem& problem) {
    std::vector<Plan> plans;
    for (int tile = 0; tile < 14 * 4; tile++) {
        const int mr = tile / 4 + 1;
        const int nv = tile % 4 + 1;
        if (!is_worthwhile(problem, mr, nv)) continue;
        for (const std::int64_t kc : {128, 256, 384, 512, 768}) {
            Plan plan;
            plan.mr = mr;
            plan.nv = nv;
            plan.kc = fit(kc, problem.contraction.k_size, 1);
            add_blocks(problem, plan, plans);
        }
    }
    return plans;
}

}  // namespace cupel::schedule::tile
