// SPDX-License-Identifier: Apache-2.0
#include "referee/conclude.hpp"

#include <fmt/format.h>

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
    const std::string best = best_of(samples, opponents, setting.overhead);
    for (const std::string& name : opponents) {
        if (name != best && name != kNaive) continue;
        if (median_seconds(samples, name, setting.overhead) == 0) continue;  // it was left out
        const verdict::Speedup speedup = {
            .ratio = to_interval(log_speedup(samples, name, setting.overhead)), .baseline = name};
        if (name == kNaive) verdict.naive_speedup = speedup;
        if (name == best) verdict.speedup = speedup;
    }
    verdict.status = verdict.speedup ? decide(verdict) : verdict::Status::Accepted;
    if (verdict.speedup && verdict.status == verdict::Status::NotResolved) {
        verdict.reason = fmt::format(
            "the interval {:.3f} to {:.3f} does not clear 1 by {:.1f} % and what a "
            "window could hide ({:.1f} %)",
            verdict.speedup->ratio.low, verdict.speedup->ratio.high, 100 * kMargin,
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
