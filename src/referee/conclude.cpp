// SPDX-License-Identifier: Apache-2.0
#include "referee/conclude.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "referee/estimate.hpp"
#include "referee/trailing.hpp"

namespace cupel::referee {
namespace {

constexpr std::string_view kNaive = "naive";

// Law 12.
bool is_impossible(const Setting& setting, const task::Counts& counts, verdict::Verdict& verdict) {
    const target::Bound floor = target::physical_floor(counts, setting.ceilings, setting.machine);
    if (verdict.seconds >= floor.seconds) return false;
    verdict.status = verdict::Status::Impossible;
    verdict.law = 12;
    verdict.reason =
        fmt::format("{} per question is below the {} that {} allows",
                    format_seconds(verdict.seconds), format_seconds(floor.seconds), floor.name);
    return true;
}

}  // namespace

void conclude(const Setting& setting, std::span<const std::string> opponents,
              verdict::Verdict& verdict) {
    const std::span<const verdict::Sample> samples = verdict.samples;
    verdict.seconds = median_seconds(samples, kCandidate, setting.overhead);
    verdict.advantage_bound = advantage_bound(samples, setting.overhead);

    const task::Counts counts = task::count(setting.task);
    const target::Bound bound = target::ceiling_bound(counts, setting.ceilings);
    const int threads = setting.ceilings.threads;
    verdict.ceiling = {
        .name = fmt::format("{}, {} thread{}", bound.name, threads, threads == 1 ? "" : "s"),
        .share = verdict.seconds > 0 ? bound.seconds / verdict.seconds : 0};
    if (is_impossible(setting, counts, verdict)) return;
    const auto speedup_over = [&](std::string_view name) -> std::optional<verdict::Speedup> {
        if (median_seconds(samples, name, setting.overhead) == 0) return {};  // it was left out
        return verdict::Speedup{.ratio = to_interval(log_speedup(samples, name, setting.overhead)),
                                .baseline = std::string(name)};
    };
    if (std::ranges::find(opponents, kNaive) != opponents.end())
        verdict.naive_speedup = speedup_over(kNaive);
    const Best best = best_of(samples, opponents, setting.users, setting.overhead);
    verdict.speedup = speedup_over(best.name);
    verdict.status = verdict.speedup ? decide(verdict) : verdict::Status::Accepted;
    // Where it is not sure who is the best, what is claimed must hold over either.
    if (verdict.speedup && verdict.status == verdict::Status::Faster &&
        best.by_median != best.name) {
        const auto other = speedup_over(best.by_median);
        if (other && other->ratio.low < verdict.speedup->ratio.low) {
            verdict.speedup = other;
            verdict.status = decide(verdict);
        }
    }
    if (verdict.speedup && verdict.status == verdict::Status::NotResolved) {
        const verdict::Interval& ratio = verdict.speedup->ratio;
        const bool is_wide = ratio.low > 1 + kMargin || ratio.high < 1 - kMargin;
        verdict.reason = fmt::format(
            "the interval {:.3f} to {:.3f} does not clear 1 by {:.1f} %{} and what a "
            "window could hide ({:.1f} %)",
            ratio.low, ratio.high, 100 * kMargin,
            is_wide ? fmt::format(", {:.0f} % of its half-width", 100 * kDoubt) : "",
            100 * verdict.advantage_bound / verdict.seconds);
    }
}

verdict::Verdict withhold(verdict::Verdict verdict, const AaSummary& record) {
    const bool claims =
        verdict.status == verdict::Status::Faster || verdict.status == verdict::Status::Slower;
    if (!claims || !record.test.contradicted) return verdict;
    verdict.status = verdict::Status::NotResolved;
    verdict.reason = fmt::format(
        "claims are withheld on this machine: {} of its {} runs of a kernel against itself were "
        "called different, and a sound one promises {:.0f} %",
        record.test.different, record.test.runs, 100 * record.test.promised);
    return verdict;
}

}  // namespace cupel::referee
