// SPDX-License-Identifier: Apache-2.0
#include "referee/device_count.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "referee/device_answers.hpp"
#include "referee/device_fault.hpp"
#include "referee/device_shapes.hpp"
#include "referee/emulator_client.hpp"
#include "target/device_ptx.hpp"

namespace cupel::referee {
namespace {

constexpr std::uint64_t kSampledBlocks = 16;                       // of each launch
constexpr std::uint64_t kSampleBudget = std::uint64_t{1} << 25;    // warp instructions of each
constexpr std::uint64_t kMostSampled = std::uint64_t{1536} << 20;  // bytes of all buffers
constexpr std::int64_t kMostValues = std::int64_t{256} << 20;      // bytes of all inputs
// Of an output, by the blocks that were run, over their share of it: blocks may write unevenly.
constexpr double kLeastWritten = 0.5;

// Whole buffers that the launch went over in the trial, at their size here.
void add_traffic_of(const CountedLaunch& seen, const std::vector<emulator::JobBuffer>& buffers,
                    SampledLaunch& launch) {
    for (const emulator::Coverage& one : seen.coverage) {
        const auto here = std::ranges::find(buffers, one.buffer, &emulator::JobBuffer::name);
        if (here == buffers.end() || one.bytes == 0) continue;
        if (one.read == one.bytes) launch.bytes_read += static_cast<double>(here->bytes);
        if (one.written == one.bytes) launch.bytes_written += static_cast<double>(here->bytes);
    }
}

std::uint64_t product(const emulator::Extent& extent) {
    return std::uint64_t{extent.x} * extent.y * extent.z;
}

bool has_values(const task::Task& task) {
    std::int64_t bytes = 0;
    for (const task::TensorId input : task.inputs)
        bytes += task.tensor(input).bytes();
    return bytes <= kMostValues;
}

// What other blocks write by atomics, or what the next launch does, is not seen.
bool stands_alone(const emulator::Job& job, const emulator::JobResult& result) {
    return job.launches.size() == 1 && result.reports.front().counters.atomics == 0;
}

// What the blocks that were run wrote of an output, over what would be their share of it.
double share_written(const emulator::JobBuffer& output, const std::vector<SampledLaunch>& launches,
                     const std::vector<emulator::Report>& reports) {
    double most = 0;
    for (std::size_t i = 0; i < launches.size(); i++) {
        const auto found =
            std::ranges::find(reports[i].coverage, output.name, &emulator::Coverage::buffer);
        if (found == reports[i].coverage.end() || found->bytes == 0) continue;
        const double due = static_cast<double>(found->bytes) *
                           static_cast<double>(launches[i].counted) /
                           static_cast<double>(launches[i].blocks);
        most = std::max(most, static_cast<double>(found->written) / due);
    }
    return most;
}

// A kernel that does less at the task's own sizes than at those that it was verified at is bound by
// nothing that could be counted. One that does nothing there, and leaves its output to no other
// block by atomics, is wrong.
void check_work(const emulator::Job& job, const std::vector<emulator::Report>& reports,
                DeviceSample& sample) {
    const bool meets = std::ranges::any_of(
        reports, [](const emulator::Report& report) { return report.counters.atomics > 0; });
    for (const emulator::JobBuffer& buffer : job.buffers) {
        if (buffer.role != emulator::Role::Output) continue;
        const double share = share_written(buffer, sample.launches, reports);
        if (share >= kLeastWritten) continue;
        std::uint64_t counted = 0;
        for (const SampledLaunch& launch : sample.launches)
            counted += launch.counted;
        const std::string what =
            fmt::format("the {} blocks that were run at {} write {} of {}", counted, sample.shape,
                        share > 0 ? fmt::format("{:.0f} % of their share", 100 * share) : "nothing",
                        buffer.name);
        if (share > 0 || meets) {
            sample.why_not = what;
        } else {
            sample.fault = SampleFault{.status = verdict::Status::Wrong, .law = {}, .what = what};
        }
        return;
    }
}

// The first finding that some blocks are enough for.
std::optional<SampleFault> fault_in(const std::vector<emulator::Report>& reports,
                                    const std::string& shape) {
    for (const emulator::Report& report : reports) {
        for (const emulator::Finding& one : report.findings) {
            if (!shows_in_a_sample(one.fault)) continue;
            const DeviceFault meaning = meaning_of(one.fault);
            return SampleFault{
                .status = meaning.status,
                .law = meaning.law,
                .what = fmt::format("{} (at {}, of which some blocks were run)", one.text, shape)};
        }
    }
    return std::nullopt;
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
                                   const DeviceOptions& options) {
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
    sample.buffers = job.buffers;
    job.sample = kSampledBlocks;
    job.budget = kSampleBudget;
    std::uint64_t bytes = 0;
    for (const emulator::JobBuffer& buffer : job.buffers)
        bytes += buffer.bytes;
    sample.too_large = bytes > kMostSampled;
    if (sample.too_large) {
        sample.why_not = fmt::format("the tensors take {}, too much to be sampled",
                                     format_bytes(static_cast<double>(bytes)));
        return sample;
    }
    // Lawful values, that nobody can tell from those of a trial; inputs that are too large stay
    // zeros.
    std::optional<OwnQuestion> question;
    if (has_values(task)) {
        CUPEL_TRY(question, OwnQuestion::ask(task, options.threads, options.own_answers));
        question->add_values(job);
    }
    if (options.own_answers) job.seed = random_u64() | 1;
    CUPEL_TRY(const Emulated emulated, emulate(job, options.job_seconds));
    sample.fault = fault_in(emulated.result.reports, sample.shape);
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
        sample.launches.push_back(std::move(launch));
    }
    if (!sample.fault) check_work(job, emulated.result.reports, sample);
    if (sample.fault || !question || !stands_alone(job, emulated.result)) return sample;
    CUPEL_TRY(const auto wrong, question->first_wrong(job, emulated.result, sample.evidence));
    if (wrong) {
        sample.fault = SampleFault{
            .status = verdict::Status::Wrong,
            .law = {},
            .what = fmt::format("the answer is wrong: {} (at {}, of which some blocks were run)",
                                *wrong, sample.shape)};
    }
    return sample;
}

void add_traffic(const DeviceTrial& trial, DeviceSample& sample) {
    const std::size_t launches = std::min(sample.launches.size(), trial.launches.size());
    for (std::size_t i = 0; i < launches; i++)
        add_traffic_of(trial.launches[i], sample.buffers, sample.launches[i]);
}

void hold_to_own_sizes(const DeviceSample& sample, DeviceTrial& trial) {
    if (sample.fault) {
        trial.verdict.status = sample.fault->status;
        trial.verdict.law = sample.fault->law;
        trial.verdict.reason = sample.fault->what;
        return;
    }
    if (!sample.refused) return;
    trial.verdict.status = verdict::Status::CompileError;
    const std::string first = sample.why_not.substr(0, sample.why_not.find('\n'));
    trial.verdict.reason = "it is right at the sizes tried, but cannot be launched " +
                           (first.starts_with("at ") ? first : "at the task's own: " + first);
    trial.verdict.detail = sample.why_not;
}

}  // namespace cupel::referee
