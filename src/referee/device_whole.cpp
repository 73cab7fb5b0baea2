// SPDX-License-Identifier: Apache-2.0
#include "referee/device_whole.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <variant>

#include "referee/device_shapes.hpp"
#include "referee/estimate.hpp"
#include "target/device_plan.hpp"

namespace cupel::referee {
namespace {

// Instructions of warps: ten to twenty seconds of one core.
constexpr double kMostEmulated = 1 << 29;
// Where that is too much: at sizes near those, and all tensors in bytes.
constexpr double kMostOfNearest = 1 << 27;
constexpr std::int64_t kMostNearby = std::int64_t{512} << 20;
constexpr auto kMostBlocks = static_cast<std::int64_t>(emulator::kMostBlocks);
// Sums of tensor cores are emulated bit by bit.
constexpr double kFlopsOfTensorCores = 1;  // as an instruction

double instructions(const emulator::Counters& counters) {
    return static_cast<double>(counters.warp_instructions) +
           kFlopsOfTensorCores * static_cast<double>(counters.tensor_flops);
}

// Of all blocks, if they are like those that were counted.
std::optional<double> work_of(const DeviceSample& sample) {
    if (sample.launches.empty()) return std::nullopt;
    double work = 0;
    for (const SampledLaunch& launch : sample.launches) {
        if (launch.counted == 0) return std::nullopt;
        work += instructions(launch.counters) * static_cast<double>(launch.blocks) /
                static_cast<double>(launch.counted);
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

double operations(const task::Task& task) {
    const task::Counts counts = task::count(task);
    double sum = counts.flops + counts.transcendentals;
    for (const task::Tensor& tensor : task.tensors)
        sum += static_cast<double>(tensor.elements());
    return sum;
}

std::int64_t bytes_of(const task::Task& task) {
    std::int64_t bytes = 0;
    for (const task::Tensor& tensor : task.tensors)
        bytes += tensor.bytes();
    return bytes;
}

// Of one launch; 0 where the file says nothing that can be read.
std::int64_t most_blocks(const task::Task& task, const DeviceKernel& kernel) {
    const auto plan = target::read_device_plan(task, kernel.source, kernel.file_name);
    std::int64_t most = 0;
    if (const auto* const read = std::get_if<target::DevicePlan>(&plan)) {
        for (const target::DeviceLaunch& launch : read->launches) {
            std::int64_t blocks = 0;
            if (__builtin_mul_overflow(launch.grid.x * launch.grid.y, launch.grid.z, &blocks))
                return std::numeric_limits<std::int64_t>::max();
            most = std::max(most, blocks);
        }
    }
    return most;
}

// The sizes next to the task's own at which all of it can be emulated in seconds, by what the first
// shape took; nothing where these are no larger than that.
struct Nearest {
    task::Task task;
    double work = 0;
};
std::optional<Nearest> nearest_to_own(const task::Task& task, const DeviceKernel& kernel,
                                      const DeviceTrial& trial) {
    const task::Task scaled = device_shapes(task, 0).front().task;
    double each = 0;  // instructions of warps an operation
    for (const CountedLaunch& launch : trial.launches)
        each += instructions(launch.counters) / operations(scaled);
    if (each == 0) return std::nullopt;
    const auto fits = [&](const task::Task& shape) {
        return bytes_of(shape) <= kMostNearby && each * operations(shape) <= kMostOfNearest &&
               most_blocks(shape, kernel) <= kMostBlocks;
    };
    task::Task nearest = halved_until(task, fits);
    if (operations(nearest) <= operations(scaled) || !fits(nearest)) return std::nullopt;
    const double work = each * operations(nearest);
    return Nearest{.task = std::move(nearest), .work = work};
}

// What was found at the task's own sizes, or near them.
void adopt(DeviceTrial whole, std::string_view rule, const std::string& shape, DeviceTrial& trial) {
    verdict::Verdict& verdict = trial.verdict;
    add_evidence(whole.verdict.evidence, verdict.evidence);
    trial.shapes.push_back(fmt::format(
        "{}{}: {}", rule, whole.watched_whole ? "" : ", answers and bounds only", shape));
    for (std::string& one : whole.unchecked) {
        if (std::ranges::find(trial.unchecked, one) == trial.unchecked.end())
            trial.unchecked.push_back(std::move(one));
    }
    if (whole.verdict.status == verdict::Status::Accepted) return;
    verdict.status = whole.verdict.status;
    verdict.law = whole.verdict.law;
    verdict.reason = std::move(whole.verdict.reason);
    verdict.detail = std::move(whole.verdict.detail);
    std::ranges::move(whole.findings, std::back_inserter(trial.findings));
}

// Where all of it is too much. What takes longer there than was expected is not held against it.
Result<void> hold_nearby(const task::Task& task, const DeviceKernel& kernel,
                         const DeviceOptions& options, DeviceTrial& trial) {
    const auto nearest = nearest_to_own(task, kernel, trial);
    if (!nearest) return {};
    CUPEL_TRY(DeviceTrial whole, try_whole(nearest->task, kernel, options, nearest->work));
    trial.verdict.wall_seconds += whole.verdict.wall_seconds;
    if (whole.verdict.status == verdict::Status::TimedOut) return {};
    adopt(std::move(whole), "nearest", size_words(nearest->task), trial);
    return {};
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
    if (const std::int64_t blocks = most_blocks(task, kernel); blocks > kMostBlocks) {
        not_tried(fmt::format("{} blocks of one launch are too many to emulate", blocks));
        return hold_nearby(task, kernel, options, trial);
    }
    if (sample.too_large || work.value_or(0) > kMostEmulated) {
        not_tried(sample.too_large
                      ? sample.why_not
                      : fmt::format("{:.0f} million instructions of warps are too many to emulate",
                                    work.value_or(0) / 1e6));
        return hold_nearby(task, kernel, options, trial);
    }
    CUPEL_TRY(DeviceTrial whole, try_whole(task, kernel, options, work));
    verdict.wall_seconds += whole.verdict.wall_seconds;
    if (whole.verdict.status == verdict::Status::TimedOut && !work) {
        not_tried("how much there is to emulate is not known, and it was too much");
        return hold_nearby(task, kernel, options, trial);
    }
    adopt(std::move(whole), "own", sample.shape, trial);
    return {};
}

}  // namespace cupel::referee
