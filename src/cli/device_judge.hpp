// SPDX-License-Identifier: Apache-2.0
// Who tries device code for a search, on a machine without a GPU: the emulator says whether it is
// right, the data sheet of a named GPU what it cannot beat there. The search sees an Evaluator as
// for any target, and ranks by bounds; it learns nothing of emulators.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/device_bound.hpp"
#include "engineer/space.hpp"
#include "referee/device_trial.hpp"
#include "verdict/verdict.hpp"

namespace cupel::cli {

class DeviceJudge final : public verdict::Evaluator {
public:
    // The task must outlive it.
    DeviceJudge(const task::Task& task, gpu::Sheet sheet, referee::DeviceOptions options)
        : task_(task), sheet_(std::move(sheet)), options_(std::move(options)) {}

    void prepare(const std::vector<verdict::Kernel>& /*kernels*/) override {}
    // Whatever the incumbent: a bound is of one kernel alone.
    [[nodiscard]] Result<verdict::Screening> screen(const verdict::Kernel& kernel,
                                                    const verdict::Kernel* incumbent) override;
    // A trial on fresh questions, each time; the answers at the task's own sizes are looked at too.
    [[nodiscard]] Result<verdict::Verdict> select(const verdict::Kernel& kernel) override;
    [[nodiscard]] Result<verdict::Verdict> judge(const verdict::Kernel& kernel) override;

    // Of the kernel that was judged last, where it is right.
    [[nodiscard]] const std::optional<DeviceBound>& last_bound() const { return last_; }
    [[nodiscard]] const gpu::Sheet& sheet() const { return sheet_; }

private:
    enum class Depth { Scaled, Whole };
    [[nodiscard]] Result<verdict::Verdict> try_it(const verdict::Kernel& kernel, Depth depth);

    const task::Task& task_;
    gpu::Sheet sheet_;
    referee::DeviceOptions options_;
    std::optional<DeviceBound> last_;
};

// What a verdict keeps of it; none where nothing was counted.
[[nodiscard]] std::optional<verdict::Bound> to_verdict(const DeviceBound& made);

// The lines that a finding names ("line 12"), as code without comments: `line 12 is "x[i] = 0;"`.
// Empty where it names none.
[[nodiscard]] std::string quote_lines(const std::string& finding, const std::string& source);

// The schedules of device code, all of them; the one without verbs is the naive kernel.
[[nodiscard]] std::unique_ptr<engineer::Space> device_space(const task::Task& task);

}  // namespace cupel::cli
