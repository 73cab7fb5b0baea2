// SPDX-License-Identifier: Apache-2.0
#include "referee/trailing.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "referee/estimate.hpp"

namespace cupel::referee {
namespace {

constexpr double kBehind = 2;
constexpr double kNever = std::numeric_limits<double>::infinity();

}  // namespace

std::vector<verdict::Sample> counted_of(std::span<const verdict::Sample> samples) {
    std::vector<verdict::Sample> counted;
    for (const verdict::Sample& sample : samples)
        if (sample.counted) counted.push_back(sample);
    return counted;
}

double least_seconds(std::span<const verdict::Sample> samples, std::string_view contender,
                     Overhead overhead, int process) {
    double least = kNever;
    for (const verdict::Sample& sample : samples) {
        if (sample.contender == contender && (process < 0 || sample.process == process))
            least = std::min(least, seconds_per_question(sample, overhead));
    }
    return least;
}

bool is_behind(std::span<const verdict::Sample> samples, std::string_view contender,
               std::span<const std::string> others, Overhead overhead) {
    const std::vector<verdict::Sample> counted = counted_of(samples);
    const auto windows = [&](std::string_view name, int process) {
        return std::ranges::count_if(counted, [&](const verdict::Sample& sample) {
            return sample.contender == name && sample.process == process;
        });
    };
    const auto is_beaten_by = [&](const std::string& other) {
        for (int process = 0; process < kTrailProcesses; ++process) {
            if (windows(contender, process) < kTrailWindows) return false;
            const double own = least_seconds(counted, contender, overhead, process);
            if (!(own > kBehind * least_seconds(counted, other, overhead, process))) return false;
        }
        return true;
    };
    return std::ranges::any_of(others, is_beaten_by);
}

Best best_of(std::span<const verdict::Sample> samples, std::span<const std::string> opponents,
             std::string_view users, Overhead overhead) {
    const std::vector<verdict::Sample> counted = counted_of(samples);
    double quickest = kNever;
    for (const std::string& name : opponents)
        if (name != users) quickest = std::min(quickest, least_seconds(counted, name, overhead));
    Best best;
    double near_seconds = kNever;
    double all_seconds = kNever;
    for (const std::string& name : opponents) {
        const double seconds = median_seconds(counted, name, overhead);
        if (seconds == 0) continue;
        if (best.by_median.empty() || seconds < all_seconds) {
            best.by_median = name;
            all_seconds = seconds;
        }
        if (least_seconds(counted, name, overhead) > kBehind * quickest) continue;
        if (!best.name.empty() && seconds >= near_seconds) continue;
        best.name = name;
        near_seconds = seconds;
    }
    return best;
}

}  // namespace cupel::referee
