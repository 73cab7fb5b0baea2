// SPDX-License-Identifier: Apache-2.0
#include "referee/device_count.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "referee/device_shapes.hpp"
#include "referee/emulator_client.hpp"
#include "target/device_ptx.hpp"

namespace cupel::referee {
namespace {

constexpr std::uint64_t kSampledBlocks = 16;                       // of each launch
constexpr std::uint64_t kSampleBudget = std::uint64_t{1} << 25;    // warp instructions of each
constexpr std::uint64_t kMostSampled = std::uint64_t{1536} << 20;  // bytes of all buffers

// Whole buffers that the launch went over in the trial, at their size here.
void add_traffic(const emulator::Job& job, const CountedLaunch& seen, SampledLaunch& launch) {
    for (const emulator::Coverage& one : seen.coverage) {
        const auto here = std::ranges::find(job.buffers, one.buffer, &emulator::JobBuffer::name);
        if (here == job.buffers.end() || one.bytes == 0) continue;
        if (one.read == one.bytes) launch.bytes_read += static_cast<double>(here->bytes);
        if (one.written == one.bytes) launch.bytes_written += static_cast<double>(here->bytes);
    }
}

std::uint64_t product(const emulator::Extent& extent) {
    return std::uint64_t{extent.x} * extent.y * extent.z;
}

std::string why_not_sampled(const emulator::JobResult& result) {
    if (!result.refusal.empty()) return result.refusal;
    for (const emulator::Report& report : result.reports) {
        if (report.finished && report.blocks > 0) continue;
        return "a block does not come to its end by itself: blocks wait for each other, perhaps";
    }
    return {};
}

}  // namespace

Result<DeviceSample> sample_device(const task::Task& task, const DeviceKernel& kernel,
                                   const DeviceOptions& options, const DeviceTrial& trial) {
    DeviceSample sample{.shape = size_words(task)};
    CUPEL_TRY(auto built, DeviceBuilder(options.architecture).build(task, kernel));
    if (const auto* const rejection = std::get_if<target::Rejection>(&built)) {
        sample.why_not = fmt::format("at {}: {}", sample.shape, rejection->reason);
        sample.refused = true;
        return sample;
    }
    auto& code = std::get<DeviceCode>(built);
    emulator::Job job = device_job(task, kernel, code);
    sample.ptx = std::move(code.ptx);
    job.sample = kSampledBlocks;
    job.budget = kSampleBudget;
    std::uint64_t bytes = 0;
    for (const emulator::JobBuffer& buffer : job.buffers)
        bytes += buffer.bytes;
    if (bytes > kMostSampled) {
        sample.why_not = fmt::format("the tensors take {}, too much to be sampled",
                                     format_bytes(static_cast<double>(bytes)));
        return sample;
    }
    CUPEL_TRY(const Emulated emulated, emulate(job, options.job_seconds));
    sample.why_not = emulated.timed_out ? "counting a few blocks took too long"
                                        : why_not_sampled(emulated.result);
    sample.refused = !emulated.timed_out && !emulated.result.refusal.empty();
    if (!sample.why_not.empty()) return sample;
    for (std::size_t i = 0; i < job.launches.size(); i++) {
        const emulator::Report& report = emulated.result.reports[i];
        SampledLaunch launch{.kernel = job.launches[i].kernel,
                             .plain_name = target::plain_name(job.launches[i].kernel),
                             .blocks = product(job.launches[i].grid),
                             .counted = report.blocks,
                             .threads = product(job.launches[i].block),
                             .shared_bytes = report.shared_bytes,
                             .counters = report.counters};
        if (i < trial.launches.size()) add_traffic(job, trial.launches[i], launch);
        sample.launches.push_back(std::move(launch));
    }
    return sample;
}

void hold_to_own_sizes(const DeviceSample& sample, DeviceTrial& trial) {
    if (!sample.refused) return;
    trial.verdict.status = verdict::Status::CompileError;
    const std::string first = sample.why_not.substr(0, sample.why_not.find('\n'));
    trial.verdict.reason = "it is right at the sizes tried, but cannot be launched " +
                           (first.starts_with("at ") ? first : "at the task's own: " + first);
    trial.verdict.detail = sample.why_not;
}

}  // namespace cupel::referee
