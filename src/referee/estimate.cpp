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

using Pairs = std::map<int, std::vector<stats::Pair>>;  // by process: one of each round

Pairs pairs_of(std::span<const verdict::Sample> samples, std::string_view baseline, Windows windows,
               const auto& seconds_of) {
    std::map<std::pair<int, int>, stats::Pair> rounds;  // by process and round
    for (const verdict::Sample& sample : samples) {
        if (!sample.counted || (windows == Windows::Single) != (sample.questions == 1)) continue;
        stats::Pair& pair = rounds[{sample.process, sample.round}];
        if (sample.contender == kCandidate) pair.candidate = seconds_of(sample);
        if (sample.contender == baseline) pair.baseline = seconds_of(sample);
    }
    Pairs pairs;
    for (const auto& [key, pair] : rounds) {
        if (pair.candidate > 0 && pair.baseline > 0) pairs[key.first].push_back(pair);
    }
    return pairs;
}

stats::Estimate over_processes(const Pairs& pairs, const auto& value_of) {
    std::vector<std::vector<double>> processes;
    for (const auto& [process, rounds] : pairs) {
        std::vector<double>& values = processes.emplace_back();
        for (const stats::Pair& pair : rounds)
            values.push_back(value_of(pair));
    }
    return stats::speedup_interval(processes);
}

double median_baseline(const Pairs& pairs) {
    std::vector<double> seconds;
    for (const auto& [process, rounds] : pairs) {
        for (const stats::Pair& pair : rounds)
            seconds.push_back(pair.baseline);
    }
    return stats::median(seconds);
}

// A gain is the share of the baseline's time that the candidate saves: 1 - 1 / speedup.
double to_gain(double log_speedup) {
    return -std::expm1(-log_speedup);
}

double to_log_speedup(double gain) {
    return -std::log1p(-gain);
}

// What windows of one question say, in shares of what the baseline takes.
struct Singles {
    stats::Estimate gain;
    double unsure = 0;  // of the gain, beyond chance
};

// What a window costs besides its calls is many times a short call, and no two windows cost the
// same: divided by one another such windows say 1 whatever the kernels do. That cost is in both
// windows of a pair, so it is gone from their difference but for what contenders may be apart in: a
// kernel that wakes no second thread has cheaper windows than one that does. The unit of the
// difference, what one call of the baseline takes, needs it taken off, too.
Singles gain_of_singles(const Pairs& singles, const Pairs& batches, Overhead overhead) {
    const double window = median_baseline(singles);
    const double apart = overhead.apart(window);
    const double shared = std::max(0.0, overhead.of(window) - apart);
    const double unit = std::max(window - shared, median_baseline(batches));
    return {.gain = over_processes(singles,
                                   [unit](const stats::Pair& pair) {
                                       return (pair.baseline - pair.candidate) / unit;
                                   }),
            .unsure = apart / unit};
}

stats::Estimate mapped(stats::Estimate estimate, double (*map)(double)) {
    estimate.low = map(estimate.low);
    estimate.mid = map(estimate.mid);
    estimate.high = map(estimate.high);
    return estimate;
}

}  // namespace

double seconds_per_question(const verdict::Sample& sample, Overhead overhead) {
    return std::max(sample.seconds - overhead.of(sample.seconds), sample.seconds / 2) /
           sample.questions;
}

double median_seconds(std::span<const verdict::Sample> samples, std::string_view contender,
                      Overhead overhead) {
    std::vector<double> seconds;
    for (const verdict::Sample& sample : samples) {
        if (sample.counted && sample.contender == contender)
            seconds.push_back(seconds_per_question(sample, overhead));
    }
    return seconds.empty() ? 0 : stats::median(seconds);
}

double advantage_bound(std::span<const verdict::Sample> samples, Overhead overhead) {
    std::vector<double> questions;
    std::vector<double> seconds;
    for (const verdict::Sample& sample : samples) {
        if (!sample.counted || sample.contender != kCandidate) continue;
        questions.push_back(sample.questions);
        seconds.push_back(sample.seconds);
    }
    if (questions.empty()) return overhead.brief();
    return overhead.of(stats::median(seconds)) / std::max(1.0, stats::median(questions));
}

stats::Estimate log_speedup(std::span<const verdict::Sample> samples, std::string_view baseline,
                            Overhead overhead) {
    const auto whole = [](const verdict::Sample& sample) { return sample.seconds; };
    const auto of_call = [overhead](const verdict::Sample& sample) {
        return seconds_per_question(sample, overhead);
    };
    const Pairs batches = pairs_of(samples, baseline, Windows::Batch, of_call);
    if (batches.empty()) {
        return over_processes(pairs_of(samples, baseline, Windows::Single, of_call),
                              stats::log_ratio);
    }
    const stats::Estimate batch = over_processes(batches, stats::log_ratio);
    const Pairs singles = pairs_of(samples, baseline, Windows::Single, whole);
    if (singles.empty()) return batch;

    const stats::Estimate ahead = mapped(batch, to_gain);
    auto [single, unsure] = gain_of_singles(singles, batches, overhead);
    if (single.mid < ahead.mid && !stats::agree(single, ahead, unsure)) {
        single.low -= unsure;
        single.high = std::min(single.high + unsure, ahead.high);  // they only speak against it
        return mapped(single, to_log_speedup);
    }
    // Windows of one question so noisy that they contradict nothing are no leave to work ahead: a
    // candidate can make that noise itself, and short calls have it anyway. A gain that they cannot
    // tell from none is not claimed, and none that is many times what they are sure of.
    stats::Estimate claim = batch;
    const double sure = to_log_speedup(std::min(single.low - unsure, ahead.low));
    if (batch.low > 0)
        claim.low = sure <= 0 ? sure : std::min(batch.low, sure + std::log(kMostForgiven));
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
