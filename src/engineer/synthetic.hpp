// SPDX-License-Identifier: Apache-2.0
// For tests: a space like that of a 1024^3 matrix product with a crude model of it, and an
// evaluator that knows the true times. The truth has terms that the model lacks, and a texture that
// no model would have. Everything is deterministic.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/hash.hpp"
#include "engineer/engineer.hpp"

namespace cupel::engineer::synthetic {

struct Plan {
    std::array<int, 5> tile{};  // MR NV KC MC NC
    bool pack_a = false;
    bool pack_b = false;
    bool n_outside = false;
    int unroll = 1;
};

inline const std::array<std::vector<int>, 5> kTiles = {
    std::vector{1, 2, 4, 6, 8, 12, 14}, std::vector{1, 2, 3, 4},
    std::vector{64, 128, 256, 512, 1024}, std::vector{24, 48, 96, 192, 384},
    std::vector{256, 512, 1024, 2048}};
inline const std::vector<int> kUnrolls = {1, 2, 4, 8};

inline Trace write(const Plan& plan) {
    Trace trace(1);
    trace[0] = {"tile", "y", {}};
    for (const int value : plan.tile)
        trace[0].arguments.push_back(std::to_string(value));
    if (plan.pack_a) trace.push_back({"pack", "y", {"a"}});
    if (plan.pack_b) trace.push_back({"pack", "y", {"b"}});
    trace.push_back({"order", "y", {plan.n_outside ? "n" : "m"}});
    trace.push_back({"unroll", "y", {std::to_string(plan.unroll)}});
    return trace;
}

inline int number(const std::string& text) {
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

inline std::optional<Plan> read(const Trace& trace) {
    Plan plan;
    int tiles = 0;
    for (const schedule::Action& action : trace) {
        if (action.verb == "tile" && action.arguments.size() == 5) {
            ++tiles;
            for (std::size_t i = 0; i < 5; ++i)
                plan.tile[i] = number(action.arguments[i]);
        } else if (action.arguments.size() != 1) {
            return std::nullopt;
        } else if (action.verb == "pack") {
            (action.arguments[0] == "a" ? plan.pack_a : plan.pack_b) = true;
        } else if (action.verb == "order") {
            plan.n_outside = action.arguments[0] == "n";
        } else {
            plan.unroll = number(action.arguments[0]);
        }
    }
    if (tiles != 1) return std::nullopt;
    return plan;
}

// Uniform in [-1, 1], always the same for the same words.
inline double texture(const std::string& words) {
    const std::string digits = hash_hex(words).substr(0, 12);
    std::uint64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    return static_cast<double>(value) / static_cast<double>(std::uint64_t{1} << 47) - 1;
}

// Cycles, after the analytic model of a register tile: two multiply-add ports, two load ports,
// latency, registers, panels and blocks against the caches, packing.
inline double model(const Plan& plan) {
    constexpr double kSize = 1024;
    constexpr double kLanes = 16;
    const double mr = plan.tile[0];
    const double nv = plan.tile[1];
    const double kc = plan.tile[2];
    const double mc = plan.tile[3];
    const double nc = plan.tile[4];
    double step =
        std::max({mr * nv / 2, (mr + nv) / 2, mr * nv <= 8 ? 4.0 : 0.0}) + 0.1 * (mr + nv);
    step *= 1 + 0.25 * std::max(0.0, mr * nv + nv + 1 - 32);
    double cycles = std::pow(kSize, 3) * step / (mr * nv * kLanes);
    const double panel = kc * nv * kLanes * 4;
    const double block = plan.n_outside ? kc * mc * 4 : kc * nc * 4;
    cycles *= 1 + (panel > 16384 ? 0.2 : 0) + (block > 300'000 ? 0.15 : 0) + 1.5 / mc;
    cycles += kSize / kc * kSize * kSize * 8 / 64 * 0.7;
    cycles += (plan.pack_a ? kSize / nc : 0) * kSize * kSize * 4 / 8 +
              (plan.pack_b ? kSize * kSize * 4 / 12 : 0);
    return cycles * (plan.pack_a ? 1 : 1.04) * (plan.pack_b ? 1 : 1.25) *
           (plan.unroll == 1 ? 1.05 : 1);
}

inline double truth(const Plan& plan) {
    const auto& t = plan.tile;
    double cycles = model(plan);
    cycles *= plan.unroll == 1 ? 1.03 : plan.unroll == 8 ? 1.03 : 1;
    cycles *= t[1] == 1 ? 1.1 : 1;
    cycles *= 1024 % t[0] != 0 && t[0] > 8 ? 1.04 : 1;
    cycles *= 1 + 0.05 * texture(fmt::format("tile {} {}", t[0], t[1]));
    cycles *= 1 + 0.03 * texture(fmt::format("blocks {} {} {}", t[2], t[3], plan.n_outside));
    return cycles * (1 + 0.015 * texture(schedule::print_trace(write(plan))));
}

inline std::vector<Plan> all_plans() {
    std::vector<Plan> plans;
    for (std::size_t i = 0; i < 7 * 4 * 5 * 5 * 4 * 8 * 4; ++i) {
        std::size_t rest = i;
        const auto digit = [&rest](std::size_t base) {
            const std::size_t value = rest % base;
            rest /= base;
            return value;
        };
        Plan& plan = plans.emplace_back();
        for (std::size_t d = 0; d < 5; ++d)
            plan.tile[d] = kTiles[d][digit(kTiles[d].size())];
        plan.unroll = kUnrolls[digit(4)];
        plan.pack_a = digit(2) == 1;
        plan.pack_b = digit(2) == 1;
        plan.n_outside = digit(2) == 1;
    }
    return plans;
}

// Of the fastest plan there is.
inline double best_time() {
    static const double best = [] {
        double least = std::numeric_limits<double>::infinity();
        for (const Plan& plan : all_plans())
            least = std::min(least, truth(plan));
        return least;
    }();
    return best;
}

class TileSpace final : public Space {
public:
    explicit TileSpace(bool with_model = true) : with_model_(with_model) {
        std::vector<Plan> plans = all_plans();
        if (with_model) {
            std::ranges::stable_sort(plans, {}, model);
        } else {
            std::ranges::shuffle(plans, std::mt19937_64(1));
        }
        std::set<std::array<int, 3>>
            taken;  // diverse: no two share the register tile and the k block
        for (const Plan& plan : plans) {
            if (!taken.insert({plan.tile[0], plan.tile[1], plan.tile[2]}).second) continue;
            initial_.push_back(write(plan));
            if (initial_.size() == 12) break;
        }
    }

    [[nodiscard]] std::vector<Trace> initial() const override { return initial_; }
    [[nodiscard]] bool complete() const override { return false; }
    [[nodiscard]] std::vector<Trace> neighbours(const Trace& trace) const override {
        std::vector<Trace> around;
        const std::optional<Plan> plan = read(trace);
        if (!plan) return around;
        const auto add = [&](auto change) {
            Plan other = *plan;
            change(other);
            around.push_back(write(other));
        };
        for (std::size_t d = 0; d < 5; ++d) {
            const auto at = std::ranges::find(kTiles[d], plan->tile[d]);
            if (at != kTiles[d].begin()) add([&](Plan& p) { p.tile[d] = *(at - 1); });
            if (at + 1 != kTiles[d].end()) add([&](Plan& p) { p.tile[d] = *(at + 1); });
        }
        for (const int unroll : kUnrolls) {
            if (unroll != plan->unroll) add([&](Plan& p) { p.unroll = unroll; });
        }
        add([](Plan& p) { p.pack_a = !p.pack_a; });
        add([](Plan& p) { p.pack_b = !p.pack_b; });
        add([](Plan& p) { p.n_outside = !p.n_outside; });
        return around;
    }
    [[nodiscard]] Result<std::string> print(const Trace& trace) const override {
        if (!read(trace)) return fail(Errc::Invalid, "not one tile");
        return "// kernel\n" + schedule::print_trace(trace);
    }
    [[nodiscard]] std::optional<double> cost(const Trace& trace) const override {
        const std::optional<Plan> plan = read(trace);
        if (!with_model_ || !plan) return std::nullopt;
        return model(*plan);
    }
    [[nodiscard]] std::string origin() const override { return "tile"; }

private:
    bool with_model_;
    std::vector<Trace> initial_;
};

// Everything there is, in order: a small space that is tried whole.
class ListSpace final : public Space {
public:
    explicit ListSpace(std::size_t count) {
        const std::vector<Plan> plans = all_plans();
        for (std::size_t i = 0; i < count; ++i)
            list_.push_back(write(plans[i * 997 % plans.size()]));
    }
    [[nodiscard]] std::vector<Trace> initial() const override { return list_; }
    [[nodiscard]] bool complete() const override { return true; }
    [[nodiscard]] std::vector<Trace> neighbours(const Trace& /*trace*/) const override {
        return {};
    }
    [[nodiscard]] Result<std::string> print(const Trace& trace) const override {
        return "// kernel\n" + schedule::print_trace(trace);
    }
    [[nodiscard]] std::optional<double> cost(const Trace& /*trace*/) const override {
        return std::nullopt;
    }
    [[nodiscard]] std::string origin() const override { return "sweep"; }

private:
    std::vector<Trace> list_;
};

// Knows the true times and measures them with half a percent of noise, or with more where `noise`
// says so.
class TableEvaluator final : public verdict::Evaluator {
public:
    static constexpr double kNaive = 6e8;

    void prepare(const std::vector<verdict::Kernel>& kernels) override {
        prepared += kernels.size();
    }

    [[nodiscard]] Result<verdict::Screening> screen(const verdict::Kernel& kernel,
                                                    const verdict::Kernel* incumbent) override {
        screened.push_back(kernel.source);
        if (interrupt_at == screened.size()) return fail(Errc::Interrupted, "asked");
        if (fail_at == screened.size()) return fail(Errc::Full, "no space left");
        const Plan plan = plan_of(kernel);
        verdict::Verdict verdict;
        if (incumbent != nullptr && betray && betray(plan_of(*incumbent))) {
            verdict.status = verdict::Status::Wrong;
            return verdict::Screening{verdict, true};
        }
        verdict.status = spoil ? spoil(plan) : verdict::Status::Accepted;
        const double seconds = truth(plan);
        const double against = incumbent != nullptr ? truth(plan_of(*incumbent)) : kNaive;
        watch(against);
        double ratio = against / seconds * measured(kernel.source + std::to_string(against));
        if (!verdict::is_right(verdict.status)) ratio = 40;  // what a cheat would like to be
        const double half = std::exp(noise > 0 ? 1.96 * noise : 0.01);
        verdict.speedup = verdict::Speedup{{ratio / half, ratio, ratio * half, 0.95}, "incumbent"};
        verdict.ceiling = verdict::CeilingShare{"multiply-adds", ceiling / seconds};
        if (verdict.status != verdict::Status::Accepted) return verdict::Screening{verdict};
        best = std::min(best, seconds);
        if (tried.insert(kernel.source).second) best_after.push_back(best);
        verdict.status = ratio > half       ? verdict::Status::Faster
                         : ratio < 1 / half ? verdict::Status::Slower
                                            : verdict::Status::NotResolved;
        return verdict::Screening{verdict};
    }

    [[nodiscard]] Result<verdict::Verdict> select(const verdict::Kernel& /*kernel*/) override {
        return fail(Errc::Usage, "the engineer never selects");
    }
    [[nodiscard]] Result<verdict::Verdict> judge(const verdict::Kernel& /*kernel*/) override {
        return fail(Errc::Usage, "the engineer never judges");
    }

    [[nodiscard]] static Plan plan_of(const verdict::Kernel& kernel) {
        return read(schedule::parse_trace(kernel.schedule).value()).value();
    }

    // Evaluations until a kernel within `share` of the best time was seen; the largest int if none
    // was.
    [[nodiscard]] int evaluations_until(double share, double best_time) const {
        for (std::size_t i = 0; i < best_after.size(); ++i) {
            if (best_time / best_after[i] >= share) return static_cast<int>(i) + 1;
        }
        return std::numeric_limits<int>::max();
    }

    std::function<verdict::Status(const Plan&)> spoil;  // Accepted: honest
    std::function<bool(const Plan&)> betray;            // the incumbent turns out to be wrong
    double ceiling = 0;                                 // seconds that physics allows
    std::size_t interrupt_at = 0;
    std::size_t fail_at = 0;
    std::size_t prepared = 0;
    std::vector<std::string> screened;
    std::set<std::string> tried;     // of them, each once: what is promising is screened twice
    std::vector<double> best_after;  // of those
    double best = std::numeric_limits<double>::infinity();
    double noise = 0;  // of the log of a ratio, its standard deviation; other in each screening
    std::uint64_t seed = 1;  // of that
    std::vector<double>
        leads;        // true seconds of the incumbent (naive: kNaive), screening by screening
    int usurped = 0;  // promotions of a kernel that was slower than the incumbent

private:
    void watch(double incumbent) {
        if (!leads.empty() && incumbent > leads.back()) ++usurped;
        leads.push_back(incumbent);
    }
    double measured(const std::string& words) {
        if (noise <= 0) return 1 + 0.005 * texture(words);
        if (leads.size() == 1) random_.seed(seed);
        return std::exp(noise * normal_(random_));
    }
    std::mt19937_64 random_;
    std::normal_distribution<double> normal_;
};

}  // namespace cupel::engineer::synthetic
