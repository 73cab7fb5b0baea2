// SPDX-License-Identifier: Apache-2.0
#include "emulator/job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <span>

#include "emulator/emulator.hpp"

namespace cupel::emulator {
namespace {

constexpr std::uint64_t kMostZeros = std::uint64_t{1} << 30;
constexpr unsigned kMostThreads = 64;

template <class T>
std::vector<std::byte> bytes_of_value(T value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    return {bytes.begin(), bytes.end()};
}

std::unexpected<Error> unfit(const JobArgument& given, const ParameterInfo& wanted) {
    return fail(
        Errc::Invalid,
        fmt::format("the argument {} does not fit the parameter {}, {} of {} bytes", given.text,
                    wanted.name, wanted.is_real ? "a real" : "an integer", wanted.bytes));
}

Result<Argument> integer_argument(const JobArgument& given, const ParameterInfo& wanted) {
    if (wanted.is_real && wanted.bytes == 4)
        return bytes_of_value(static_cast<float>(given.integer));
    if (wanted.is_real && wanted.bytes == 8)
        return bytes_of_value(static_cast<double>(given.integer));
    const auto fits = [&]<class Signed, class Unsigned>(Signed, Unsigned) {
        return given.integer >= std::numeric_limits<Signed>::min() &&
               given.integer <= static_cast<std::int64_t>(std::numeric_limits<Unsigned>::max());
    };
    if (wanted.bytes == 8) return bytes_of_value(given.integer);
    if (wanted.bytes == 4 && fits(std::int32_t{}, std::uint32_t{}))
        return bytes_of_value(static_cast<std::uint32_t>(given.integer));
    if (wanted.bytes == 2 && fits(std::int16_t{}, std::uint16_t{}))
        return bytes_of_value(static_cast<std::uint16_t>(given.integer));
    if (wanted.bytes == 1 && fits(std::int8_t{}, std::uint8_t{}))
        return bytes_of_value(static_cast<std::uint8_t>(given.integer));
    return unfit(given, wanted);
}

Result<Argument> argument_for(const JobArgument& given, const ParameterInfo& wanted) {
    switch (given.kind) {
        case JobArgument::Kind::Buffer:
            if (wanted.pointer_sized && !wanted.is_real)
                return Address{.buffer = given.buffer, .offset = 0};
            return fail(Errc::Invalid,
                        fmt::format("{} is an array, and the parameter {} is no pointer",
                                    given.text, wanted.name));
        case JobArgument::Kind::Integer:
            return integer_argument(given, wanted);
        case JobArgument::Kind::Real:
            if (wanted.is_real && wanted.bytes == 4)
                return bytes_of_value(static_cast<float>(given.real));
            if (wanted.is_real && wanted.bytes == 8) return bytes_of_value(given.real);
            return unfit(given, wanted);
    }
    return unfit(given, wanted);
}

Result<Launch> launch_of(const JobLaunch& wanted, const std::vector<KernelInfo>& kernels) {
    const auto kernel = std::ranges::find(kernels, wanted.kernel, &KernelInfo::name);
    if (kernel == kernels.end()) {
        std::string there;
        for (const KernelInfo& one : kernels)
            there += (there.empty() ? "" : ", ") + one.name;
        return fail(Errc::Invalid, fmt::format("there is no kernel {} in the file; it has {}",
                                               wanted.kernel, there.empty() ? "none" : there));
    }
    if (kernel->parameters.size() != wanted.arguments.size()) {
        return fail(Errc::Invalid,
                    fmt::format("{} takes {} arguments, and the launch gives {}", wanted.kernel,
                                kernel->parameters.size(), wanted.arguments.size()));
    }
    Launch launch{.kernel = kernel->name,
                  .grid = wanted.grid,
                  .block = wanted.block,
                  .shared_bytes = wanted.shared_bytes};
    for (std::size_t i = 0; i < wanted.arguments.size(); i++) {
        CUPEL_TRY(Argument one, argument_for(wanted.arguments[i], kernel->parameters[i]));
        launch.arguments.push_back(std::move(one));
    }
    return launch;
}

// Where only some blocks run, whoever reads what others should have written finds zeros, as if they
// had: no address or loop goes astray. Inputs have values where the job brings them.
Result<void> allocate_zeros(const Job& job, Device& device) {
    std::span<const std::byte> rest = job.values;
    std::uint64_t most = 0;
    for (const JobBuffer& buffer : job.buffers)
        most = std::max(most, buffer.bytes);
    if (most > kMostZeros) return fail(Errc::Invalid, "a buffer is too large");
    const std::vector<std::byte> zeros(most);
    for (const JobBuffer& buffer : job.buffers) {
        if (buffer.role == Role::Input && rest.size() >= buffer.bytes) {
            CUPEL_DO(device.allocate({.name = buffer.name,
                                      .role = Role::Input,
                                      .bytes = buffer.bytes,
                                      .values = rest.first(buffer.bytes)}));
            rest = rest.subspan(buffer.bytes);
            continue;
        }
        CUPEL_DO(device.allocate({.name = buffer.name,
                                  .role = Role::InOut,
                                  .bytes = buffer.bytes,
                                  .values = std::span(zeros).first(buffer.bytes)}));
    }
    return {};
}

// The buffers of the job, by their numbers.
Result<void> allocate_all(const Job& job, Device& device) {
    std::span<const std::byte> rest = job.values;
    for (const JobBuffer& buffer : job.buffers) {
        BufferSpec spec{.name = buffer.name, .role = buffer.role, .bytes = buffer.bytes};
        if (buffer.role == Role::Input || buffer.role == Role::InOut) {
            if (rest.size() < buffer.bytes)
                return fail(Errc::Invalid, fmt::format("{}: its values end early", buffer.name));
            spec.values = rest.first(buffer.bytes);
            rest = rest.subspan(buffer.bytes);
        }
        CUPEL_DO(device.allocate(spec));
    }
    return {};
}

// False: a launch was refused, or one did not come to its end.
Result<bool> launch_all(const Job& job, Device& device, JobResult& result) {
    const std::vector<KernelInfo> kernels = device.kernels();
    std::vector<Launch> made;
    for (std::size_t i = 0; i < job.launches.size(); i++) {
        const JobLaunch& wanted = job.launches[i];
        const auto refuse = [&](const Error& error) {
            result.refusal = error.text;
            result.line = wanted.line;
        };
        auto launch = launch_of(wanted, kernels);
        if (!launch) {
            refuse(launch.error());
            return false;
        }
        launch->due = i + 1 == job.launches.size() ? Due::All : Due::Later;
        auto report = device.launch(*launch, {.seed = job.seed,
                                              .checks = job.checks,
                                              .budget = job.budget,
                                              .threads = std::min(job.threads, kMostThreads),
                                              .sample = job.sample});
        if (!report) {
            refuse(report.error());
            return false;
        }
        const bool finished = report->finished;
        result.reports.push_back(*std::move(report));
        if (!finished) return false;
        made.push_back(*std::move(launch));
    }
    if (job.times == 0 || made.empty()) return true;
    CUPEL_TRY(Timing timing, device.time(made, job.times));
    result.seconds = std::move(timing.seconds);
    Report& last = result.reports.back();
    last.finished = timing.finished;
    std::ranges::move(timing.findings, std::back_inserter(last.findings));
    return last.finished;
}

}  // namespace

namespace {

bool answers_sample(const Job& job) {
    return job.sample > 0 && job.launches.size() == 1;
}

// How many bytes they are together; Invalid: they are not in the buffer, or not in order.
Result<std::uint64_t> bytes_of(const std::vector<Stretch>& stretches, const JobBuffer& buffer) {
    std::uint64_t end = 0;
    std::uint64_t bytes = 0;
    for (const Stretch& one : stretches) {
        if (one.bytes == 0 || one.offset < end || one.offset > buffer.bytes ||
            one.bytes > buffer.bytes - one.offset)
            return fail(Errc::Invalid, "the emulator speaks of bytes outside of " + buffer.name);
        end = one.offset + one.bytes;
        bytes += one.bytes;
    }
    return bytes;
}

Result<void> add_sampled(const Job& job, const Device& device, JobResult& result) {
    for (std::size_t i = 0; i < job.buffers.size(); i++) {
        if (job.buffers[i].role != Role::Output) continue;
        CUPEL_TRY(const auto bytes, device.read(static_cast<BufferId>(i)));
        for (const Stretch& one : sampled_stretches(result, job.buffers[i])) {
            const auto written = std::span(bytes).subspan(one.offset, one.bytes);
            result.answers.insert(result.answers.end(), written.begin(), written.end());
        }
    }
    return {};
}

}  // namespace

std::vector<Stretch> sampled_stretches(const JobResult& result, const JobBuffer& buffer) {
    if (result.reports.size() != 1) return {};
    const std::vector<Coverage>& coverage = result.reports.front().coverage;
    const auto found = std::ranges::find(coverage, buffer.name, &Coverage::buffer);
    return found == coverage.end() ? std::vector<Stretch>() : found->stretches;
}

std::vector<Stretch> unread_stretches(const JobResult& result, const JobBuffer& buffer) {
    if (result.reports.empty()) return {};
    const std::vector<Coverage>& coverage = result.reports.back().coverage;
    const auto found = std::ranges::find(coverage, buffer.name, &Coverage::buffer);
    return found == coverage.end() ? std::vector<Stretch>() : found->unread;
}

Result<void> check_answers(const Job& job, const JobResult& result) {
    if (!result.refusal.empty()) return {};
    const bool ended = result.reports.empty() || result.reports.back().finished;
    const std::size_t launches = job.launches.size();
    if (result.reports.size() > launches || (ended && result.reports.size() != launches))
        return fail(Errc::Invalid, "the emulator does not report each launch once");
    std::uint64_t bytes = 0;
    for (const JobBuffer& buffer : job.buffers) {
        if (buffer.role != Role::Output || !ended) continue;
        if (job.sample == 0) bytes += buffer.bytes;
        if (!answers_sample(job)) continue;
        CUPEL_TRY(const std::uint64_t sampled, bytes_of(sampled_stretches(result, buffer), buffer));
        bytes += sampled;
    }
    for (const JobBuffer& buffer : job.buffers)
        CUPEL_DO(bytes_of(unread_stretches(result, buffer), buffer));
    if (result.answers.size() != bytes)
        return fail(Errc::Invalid, "the emulator's answers are not as long as the outputs");
    return {};
}

Result<JobResult> run(const Job& job, Device& device) {
    for (const JobLaunch& launch : job.launches) {
        for (const JobArgument& one : launch.arguments) {
            if (one.kind == JobArgument::Kind::Buffer && one.buffer >= job.buffers.size())
                return fail(Errc::Invalid, one.text + " is no buffer of the job");
        }
    }
    JobResult result;
    if (const auto loaded = device.load(job.ptx, job.file); !loaded) {
        result.refusal = loaded.error().text;
        return result;
    }
    CUPEL_DO(job.sample > 0 ? allocate_zeros(job, device) : allocate_all(job, device));
    CUPEL_TRY(const bool ended, launch_all(job, device, result));
    if (ended && answers_sample(job)) CUPEL_DO(add_sampled(job, device, result));
    if (!ended || job.sample > 0) return result;
    for (std::size_t i = 0; i < job.buffers.size(); i++) {
        if (job.buffers[i].role != Role::Output) continue;
        CUPEL_TRY(const auto bytes, device.read(static_cast<BufferId>(i)));
        result.answers.insert(result.answers.end(), bytes.begin(), bytes.end());
    }
    return result;
}

Result<JobResult> run(const Job& job) {
    return run(job, *make_emulator(job.seed));
}

}  // namespace cupel::emulator
