// SPDX-License-Identifier: Apache-2.0
#include "engineer/screening.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "stats/decide.hpp"
#include "stats/interval.hpp"

namespace cupel::engineer {

namespace {

// Log ratios of the rounds in which both sides were counted with the same number of questions.
std::vector<double> paired_rounds(const verdict::Verdict& verdict, std::string_view baseline) {
    std::map<std::pair<int, int>, const verdict::Sample*> candidates;
    for (const verdict::Sample& sample : verdict.samples) {
        if (sample.counted && sample.contender == "candidate") {
            candidates[{sample.process, sample.round}] = &sample;
        }
    }
    std::vector<double> ratios;
    for (const verdict::Sample& sample : verdict.samples) {
        if (!sample.counted || sample.contender != baseline) continue;
        const auto found = candidates.find({sample.process, sample.round});
        if (found == candidates.end() || found->second->questions != sample.questions) continue;
        const double ratio = stats::log_ratio({sample.seconds, found->second->seconds});
        if (std::isfinite(ratio)) ratios.push_back(ratio);
    }
    return ratios;
}

// In log space; an interval that is open at an end counts as a factor of e.
double log_half_width(const verdict::Interval& ratio) {
    if (!(ratio.low > 0) || !std::isfinite(ratio.high)) return 1;
    return std::abs(std::log(ratio.high) - std::log(ratio.low)) / 2;
}

}  // namespace

std::optional<Reading> read_screen(const verdict::Verdict& verdict) {
    if (!verdict.speedup) return std::nullopt;
    const verdict::Interval& ratio = verdict.speedup->ratio;
    if (!std::isfinite(ratio.mid) || !(ratio.mid > 0)) return std::nullopt;
    Reading reading{.log_ratio = std::log(ratio.mid),
                    .half_width = log_half_width(ratio),
                    .faster = verdict.status == verdict::Status::Faster};
    const std::vector<double> rounds = paired_rounds(verdict, verdict.speedup->baseline);
    stats::SignTest sign;
    for (const double round : rounds) {
        if (round != 0) sign.add(round > 0);
    }
    const bool by_rounds = verdict::is_right(verdict.status) && sign.wins_more() && ratio.mid > 1;
    reading.faster = reading.faster || by_rounds;
    const stats::Estimate spread = stats::mean_interval(rounds);
    const double width = (spread.high - spread.low) / 2;
    if (std::isfinite(width)) reading.half_width = std::min(reading.half_width, width);
    return reading;
}

std::optional<double> score_of(const verdict::Bound& bound) {
    if (!(bound.seconds > 0) || !(bound.floor > 0)) return std::nullopt;
    constexpr double kLittle = 1e-3;
    const double load = std::max(bound.load, bound.seconds);
    const double weighed = std::max(bound.weighed, bound.seconds);
    const double score =
        -std::log(weighed / bound.floor) - kLittle * std::log(load / bound.seconds);
    return std::isfinite(score) ? std::optional(score) : std::nullopt;
}

}  // namespace cupel::engineer
