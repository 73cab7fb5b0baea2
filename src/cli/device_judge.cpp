// SPDX-License-Identifier: Apache-2.0
#include "cli/device_judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "cli/device_findings.hpp"
#include "device/device.hpp"
#include "engineer/prose.hpp"
#include "referee/device_whole.hpp"
#include "target/device_axes.hpp"

namespace cupel::cli {
namespace {

// All ceilings together: what tells kernels with the same bound apart. More of anything is worse.
double load_of(const gpu::Bound& bound) {
    double sum = 0;
    for (const gpu::LaunchBound& launch : bound.launches) {
        for (const gpu::Ceiling& one : launch.ceilings)
            sum += one.seconds;
    }
    return sum;
}

// Of what the emulator found: the lines that the reason names, and one finding beside it.
std::vector<std::string> findings_of_fault(const referee::DeviceTrial& trial,
                                           const std::string& source) {
    using verdict::Status;
    const Status status = trial.verdict.status;
    // Nothing of what breaks a law is passed on (law 13).
    if (status != Status::Wrong && status != Status::Crashed && status != Status::TimedOut)
        return {};
    std::vector<std::string> findings;
    const std::string quoted = quote_lines(trial.verdict.reason, source);
    if (!quoted.empty()) findings.push_back(quoted);
    for (std::size_t i = 1; i < trial.findings.size(); i++)
        if (findings.size() < verdict::kMostFindings) findings.push_back(trial.findings[i]);
    // Where nothing but the answer is wrong, what was never looked at may be why.
    if (status == Status::Wrong && trial.findings.empty()) {
        for (std::string& words : referee::coverage_words(trial.coverage))
            if (findings.size() < verdict::kMostFindings) findings.push_back(std::move(words));
    }
    return findings;
}

class DeviceSpace final : public engineer::Space {
public:
    explicit DeviceSpace(const task::Task& task) : task_(task) {}

    // The naive kernel first: what all others are to be compared with.
    [[nodiscard]] std::vector<schedule::Trace> initial() const override {
        std::vector<schedule::Trace> traces = {{}};
        if (auto found = device::candidates(task_))
            std::ranges::move(*found, std::back_inserter(traces));
        return traces;
    }
    [[nodiscard]] bool complete() const override { return true; }
    [[nodiscard]] std::vector<schedule::Trace> neighbours(
        const schedule::Trace& /*trace*/) const override {
        return {};
    }
    [[nodiscard]] Result<std::string> print(const schedule::Trace& trace) const override {
        return trace.empty() ? device::print_naive(task_) : device::print_kernel(task_, trace);
    }
    [[nodiscard]] std::optional<double> cost(const schedule::Trace& /*trace*/) const override {
        return std::nullopt;
    }
    [[nodiscard]] std::string origin() const override { return "device"; }

private:
    const task::Task& task_;
};

}  // namespace

std::string quote_lines(const std::string& finding, const std::string& source) {
    constexpr std::string_view kWord = "line ";
    constexpr std::size_t kLongest = 100;
    constexpr std::size_t kMost = 2;
    const std::vector<std::string> lines = engineer::lines_without_prose(source);
    std::vector<std::string> quotes;
    std::vector<std::size_t> told;
    for (std::size_t at = finding.find(kWord); at != std::string::npos;
         at = finding.find(kWord, at + 1)) {
        std::size_t number = 0;
        const char* const digits = finding.data() + at + kWord.size();
        std::from_chars(digits, finding.data() + finding.size(), number);
        const bool known = std::ranges::find(told, number) != told.end();
        if (number == 0 || number > lines.size() || known || told.size() == kMost) continue;
        told.push_back(number);
        const std::string_view code = trim(lines[number - 1]).substr(0, kLongest);
        if (!code.empty()) quotes.push_back(fmt::format("line {} is \"{}\"", number, code));
    }
    return join(quotes, "; ");
}

std::optional<verdict::Bound> to_verdict(const DeviceBound& made) {
    if (!made.sample.why_not.empty() || made.bound.formula.empty()) return std::nullopt;
    return verdict::Bound{.gpu = made.sheet.name,
                          .seconds = made.bound.seconds,
                          .binds = made.bound.binds,
                          .floor = made.bound.formula.front().seconds,
                          .floor_binds = made.bound.formula.front().name,
                          .weighed = made.bound.weighed,
                          .load = load_of(made.bound)};
}

Result<verdict::Screening> DeviceJudge::screen(const verdict::Kernel& kernel,
                                               const verdict::Kernel* /*incumbent*/) {
    CUPEL_TRY(verdict::Verdict verdict, try_it(kernel, Depth::Scaled));
    return verdict::Screening{.verdict = std::move(verdict), .of_incumbent = false};
}

Result<verdict::Verdict> DeviceJudge::select(const verdict::Kernel& kernel) {
    return judge(kernel);
}

Result<verdict::Verdict> DeviceJudge::judge(const verdict::Kernel& kernel) {
    return try_it(kernel, Depth::Whole);
}

Result<verdict::Verdict> DeviceJudge::try_it(const verdict::Kernel& kernel, Depth depth) {
    last_.reset();
    const referee::DeviceKernel text{.source = kernel.source, .file_name = "kernel.cu"};
    referee::DeviceOptions options = options_;
    options.own_answers = depth == Depth::Whole;
    CUPEL_TRY(WeighedTrial weighed, try_and_weigh(task_, text, options, sheet_));
    referee::DeviceTrial& trial = weighed.trial;
    verdict::Verdict& verdict = trial.verdict;
    if (weighed.bound) {
        DeviceBound& made = *weighed.bound;
        referee::hold_to_own_sizes(made.sample, trial);
        if (depth == Depth::Whole)
            CUPEL_DO(referee::hold_whole(task_, text, options_, made.sample, trial));
        if (verdict.status == verdict::Status::Accepted) {
            verdict.bound = to_verdict(made);
            verdict.findings = device_findings(made);
            verdict.axes = target::axes_of_ptx(made.sample.ptx, made.sample.launches.size());
            last_ = std::move(made);
        }
    }
    if (verdict.status != verdict::Status::Accepted)
        verdict.findings = findings_of_fault(trial, kernel.source);
    return std::move(trial.verdict);
}

std::unique_ptr<engineer::Space> device_space(const task::Task& task) {
    return std::make_unique<DeviceSpace>(task);
}

}  // namespace cupel::cli
