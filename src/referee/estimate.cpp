// SPDX-License-Identifier: Apache-2.0
#include "referee/estimate.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "stats/sample.hpp"

namespace cupel::referee {
namespace {

// Which windows an estimate uses.
enum class Windows { Single, Batch };

stats::Estimate estimate_of(std::span<const verdict::Sample> samples, std::string_view baseline,
                            double overhead, Windows windows) {
    std::map<std::pair<int, int>, stats::Pair> rounds;  // by process and round
    for (const verdict::Sample& sample : samples) {
        if (!sample.counted || (windows == Windows::Single) != (sample.questions == 1)) continue;
        stats::Pair& pair = rounds[{sample.process, sample.round}];
        if (sample.contender == kCandidate) pair.candidate = seconds_per_question(sample, overhead);
        if (sample.contender == baseline) pair.baseline = seconds_per_question(sample, overhead);
    }
    std::map<int, std::vector<double>> by_process;
    for (const auto& [key, pair] : rounds) {
        if (pair.candidate > 0 && pair.baseline > 0)
            by_process[key.first].push_back(stats::log_ratio(pair));
    }
    std::vector<std::vector<double>> processes;
    processes.reserve(by_process.size());
    for (auto& [process, ratios] : by_process) {
        processes.push_back(std::move(ratios));
    }
    return stats::speedup_interval(processes);
}

}  // namespace

double seconds_per_question(const verdict::Sample& sample, double overhead) {
    return std::max(sample.seconds - overhead, sample.seconds / 2) / sample.questions;
}

double median_seconds(std::span<const verdict::Sample> samples, std::string_view contender,
                      double overhead) {
    std::vector<double> seconds;
    for (const verdict::Sample& sample : samples) {
        if (sample.counted && sample.contender == contender)
            seconds.push_back(seconds_per_question(sample, overhead));
    }
    return seconds.empty() ? 0 : stats::median(seconds);
}

double advantage_bound(std::span<const verdict::Sample> samples, double overhead) {
    std::vector<double> questions;
    for (const verdict::Sample& sample : samples) {
        if (sample.counted && sample.contender == kCandidate) questions.push_back(sample.questions);
    }
    return overhead / (questions.empty() ? 1 : std::max(1.0, stats::median(questions)));
}

stats::Estimate log_speedup(std::span<const verdict::Sample> samples, std::string_view baseline,
                            double overhead) {
    const stats::Estimate single = estimate_of(samples, baseline, overhead, Windows::Single);
    const stats::Estimate batch = estimate_of(samples, baseline, overhead, Windows::Batch);
    if (batch.n == 0) return single;
    if (single.n == 0) return batch;
    if (single.mid < batch.mid && !stats::agree(single, batch)) return single;
    // Windows of one question so noisy that they contradict nothing are no leave to work ahead: a
    // candidate can make that noise itself. A gain that they cannot tell from none is not claimed.
    stats::Estimate claim = batch;
    if (batch.low > 0 && single.low <= 0) {
        claim.low = single.low;
        claim.high = std::max(batch.high, single.high);
    }
    return claim;
}

double detection(std::int64_t positions) {
    return 1 - std::pow(0.99, static_cast<double>(positions));
}

verdict::Interval to_interval(const stats::Estimate& log_estimate) {
    const stats::Estimate ratio = stats::to_ratio(log_estimate);
    return {.low = ratio.low, .mid = ratio.mid, .high = ratio.high, .level = ratio.level};
}

bool same_figure(const verdict::Interval& first, const verdict::Interval& second, double factor) {
    const double truly = std::log(factor);
    const double gap =
        std::log(std::max(first.low, second.low) / std::min(first.high, second.high));
    const double apart = std::abs(std::log(first.mid / second.mid));
    return gap <= truly + 2 * kMargin && apart <= truly + std::log(kMostForgiven);
}

verdict::Status decide(const verdict::Interval& ratio) {
    const double wider = std::pow(ratio.high / ratio.low, kDoubt / 2);
    if (ratio.low > (1 + kMargin) * wider) return verdict::Status::Faster;
    if (ratio.high * wider < 1 - kMargin) return verdict::Status::Slower;
    return verdict::Status::NotResolved;
}

verdict::Status decide(const verdict::Verdict& verdict) {
    CUPEL_CHECK(verdict.speedup.has_value());
    verdict::Interval ratio = verdict.speedup->ratio;
    if (verdict.seconds > 0)
        ratio.low *= verdict.seconds / (verdict.seconds + verdict.advantage_bound);
    return decide(ratio);
}

}  // namespace cupel::referee
