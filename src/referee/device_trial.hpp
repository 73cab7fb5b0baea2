// SPDX-License-Identifier: Apache-2.0
// The trial of CUDA device code, on the emulator or on a GPU: right or wrong, never faster or
// slower.
//
// The task is scaled down by a rule (device_shapes.hpp). At each of its shapes the kernel is
// compiled, and asked lawful, exact and widened questions as any other kernel is; each question is
// emulated under another order of warps and blocks and at other addresses. Races, accesses out of
// bounds, values that nobody wrote and whatever else the emulator sees are verdicts by themselves;
// the answers go through the checker that all answers go through.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "emulator/device.hpp"
#include "referee/device_coverage.hpp"
#include "referee/device_job.hpp"
#include "task/task.hpp"
#include "verdict/verdict.hpp"

namespace cupel::referee {

struct DeviceOptions {
    int threads = 1;                // of the referee's own passes and the oracle
    double job_seconds = 60;        // that one question may take to emulate
    std::string architecture = {};  // "sm_80"; empty: the compiler's own choice
    // Whether answers at the task's own sizes are compared with the truth, which takes seconds: a
    // judgement does that, a search not.
    bool own_answers = false;
    // Called once, when the kernel was right on the first question: what is asked of right kernels
    // may begin then.
    std::function<void()> when_promising = {};
    std::function<bool()> stop = {};
    std::function<void(std::string_view what, double share)> progress = {};
};

// A launch at one of the shapes, counted.
struct CountedLaunch {
    std::string shape;  // "B=64, N=128"
    std::string kernel;
    emulator::Counters counters;
    std::vector<emulator::Coverage> coverage;
    std::uint64_t shared_bytes = 0;
};

struct DeviceTrial {
    verdict::Verdict verdict;             // accepted at best
    std::vector<std::string> findings;    // all that ended it, one line each
    std::vector<std::string> shapes;      // "scaled: B=64, N=128"
    std::vector<std::string> checks;      // that were made of every launch
    std::vector<std::string> unchecked;   // each with its reason
    std::vector<CountedLaunch> launches;  // of the first shape, in order
    std::vector<InputCoverage> coverage;  // on the emulator, shape by shape
    // Whether the first question got the same bits under every order that it was asked in; not
    // known where it was not answered.
    std::optional<bool> same_bits;
    bool watched_whole = false;  // by try_whole: not only answers and bounds
    std::string compiler;
    std::string device;           // of a GPU: "NVIDIA H200, driver for CUDA 13.0"
    std::vector<double> seconds;  // of all launches together, each time that they were timed there
};

[[nodiscard]] Result<DeviceTrial> try_device(const task::Task& task, const DeviceKernel& kernel,
                                             const DeviceOptions& options);

// The same at the task's own sizes, once for each of few questions and with no check but that of
// bounds; then the last one again with all checks, where that takes seconds. `work`: instructions
// of warps that a question is expected to take; four times as many end in `timed_out`.
[[nodiscard]] Result<DeviceTrial> try_whole(const task::Task& task, const DeviceKernel& kernel,
                                            const DeviceOptions& options,
                                            std::optional<double> work);

// The same on this machine's GPU and at the task's own sizes: the answers are checked as ever, but
// a GPU sees neither races nor what nobody wrote, so this says something of kernels only that the
// emulator has accepted. How long the launches took is noted, by the device's clock and from cold
// caches: an observation, and no claim (there is no baseline beside it). Missing: there is no GPU.
[[nodiscard]] Result<DeviceTrial> try_gpu(const task::Task& task, const DeviceKernel& kernel,
                                          const DeviceOptions& options);

}  // namespace cupel::referee
