// SPDX-License-Identifier: Apache-2.0
#include "referee/device_whole.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "referee/estimate.hpp"

namespace cupel::referee {
namespace {

// Instructions of warps: ten to twenty seconds of one core.
constexpr double kMostEmulated = 1 << 29;
// Where no sample tells how many there are: tried for a few seconds.
constexpr double kUnknownWork = 1 << 26;
// Sums of tensor cores are emulated bit by bit.
constexpr double kFlopsOfTensorCores = 1;  // as an instruction

// Of all blocks, if they are like those that were counted.
std::optional<double> work_of(const DeviceSample& sample) {
    if (sample.launches.empty()) return std::nullopt;
    double work = 0;
    for (const SampledLaunch& launch : sample.launches) {
        if (launch.counted == 0) return std::nullopt;
        const double counted =
            static_cast<double>(launch.counters.warp_instructions) +
            kFlopsOfTensorCores * static_cast<double>(launch.counters.tensor_flops);
        work += counted * static_cast<double>(launch.blocks) / static_cast<double>(launch.counted);
    }
    return work;
}

void add_evidence(const verdict::Evidence& more, verdict::Evidence& evidence) {
    evidence.questions += more.questions;
    evidence.positions += more.positions;
    evidence.elements += more.elements;
    evidence.detection = detection(evidence.positions);
    evidence.worst_error = std::max(evidence.worst_error, more.worst_error);
}

}  // namespace

Result<void> hold_whole(const task::Task& task, const DeviceKernel& kernel,
                        const DeviceOptions& options, const DeviceSample& sample,
                        DeviceTrial& trial) {
    verdict::Verdict& verdict = trial.verdict;
    if (verdict.status != verdict::Status::Accepted) return {};
    if (sample.evidence.questions > 0 && sample.why_not.empty()) {
        add_evidence(sample.evidence, verdict.evidence);
        trial.shapes.push_back("own, some blocks: " + sample.shape);
        return {};
    }
    const auto not_tried = [&](std::string_view why) {
        trial.unchecked.push_back(fmt::format("answers at {}: {}", sample.shape, why));
    };
    const std::optional<double> work = work_of(sample);
    if (sample.too_large || work.value_or(0) > kMostEmulated) {
        not_tried(sample.too_large
                      ? sample.why_not
                      : fmt::format("{:.0f} million instructions of warps are too many to emulate",
                                    work.value_or(0) / 1e6));
        return {};
    }
    CUPEL_TRY(DeviceTrial whole, try_whole(task, kernel, options, work.value_or(kUnknownWork)));
    verdict.wall_seconds += whole.verdict.wall_seconds;
    if (whole.verdict.status == verdict::Status::TimedOut && !work) {
        not_tried("how much there is to emulate is not known, and it was too much");
        return {};
    }
    add_evidence(whole.verdict.evidence, verdict.evidence);
    trial.shapes.push_back("own, answers and bounds only: " + sample.shape);
    if (whole.verdict.status == verdict::Status::Accepted) return {};
    verdict.status = whole.verdict.status;
    verdict.law = whole.verdict.law;
    verdict.reason = std::move(whole.verdict.reason);
    verdict.detail = std::move(whole.verdict.detail);
    std::ranges::move(whole.findings, std::back_inserter(trial.findings));
    return {};
}

}  // namespace cupel::referee
