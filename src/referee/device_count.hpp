// SPDX-License-Identifier: Apache-2.0
// What a kernel does at the sizes that the task names, which are too large to be emulated whole:
// some blocks of each launch are run there, and counted. Whether its answers are right was found
// out before, at smaller sizes; what these blocks do out of bounds, or leave undone, is seen here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "emulator/device.hpp"
#include "emulator/job.hpp"
#include "referee/device_trial.hpp"
#include "task/task.hpp"

namespace cupel::referee {

struct SampledLaunch {
    std::string kernel = {};      // as PTX calls it
    std::string plain_name = {};  // as its author does
    std::uint64_t blocks = 0;     // of the launch
    std::uint64_t counted = 0;    // those that the counters are of
    std::uint64_t threads = 0;    // of a block
    std::uint64_t shared_bytes = 0;
    emulator::Counters counters = {};
    // Of buffers that the launch was seen to read, or write, to the last byte in the trial.
    double bytes_read = 0;
    double bytes_written = 0;
};

// What a kernel does wrong at the task's own sizes, as far as some of its blocks show.
struct SampleFault {
    verdict::Status status = verdict::Status::Wrong;
    std::optional<int> law;
    std::string what;
};

struct DeviceSample {
    std::string shape = {};  // "B=4096, N=4096"
    std::vector<SampledLaunch> launches = {};
    std::vector<emulator::JobBuffer> buffers = {};  // without values
    std::string ptx = {};                           // at these sizes
    std::string why_not = {};                       // why nothing was counted
    bool refused = false;    // because it cannot be built or launched at these sizes
    bool too_large = false;  // because its tensors are
    std::optional<SampleFault> fault = {};
    verdict::Evidence evidence = {};  // of their answers; no questions: nothing was compared
};

// Of a kernel that a trial accepts, or is about to: it may run beside that.
[[nodiscard]] Result<DeviceSample> sample_device(const task::Task& task, const DeviceKernel& kernel,
                                                 const DeviceOptions& options);

// What its launches move at these sizes, by which buffers they went over from end to end in the
// trial.
void add_traffic(const DeviceTrial& trial, DeviceSample& sample);

// What cannot be launched at the task's own sizes, or is seen to be wrong there, is not accepted,
// however right it is at others.
void hold_to_own_sizes(const DeviceSample& sample, DeviceTrial& trial);

}  // namespace cupel::referee
