// SPDX-License-Identifier: Apache-2.0
// What a verified kernel cannot beat on a named GPU: counted at the task's own sizes, weighed with
// the GPU's data sheet. A bound, and said to be one wherever it is shown.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "gpu/roofline.hpp"
#include "gpu/sheet.hpp"
#include "referee/device_count.hpp"
#include "report/card.hpp"
#include "target/device_resources.hpp"
#include "task/task.hpp"

namespace cupel::cli {

struct DeviceBound {
    gpu::Sheet sheet = {};
    referee::DeviceSample sample = {};
    target::Assembled assembled = {};  // registers and spills, where an assembler is
    gpu::Bound bound = {};             // without launches where nothing was counted
};

// The sheet of `gpu` in gpus/, of the working directory or beside the program.
[[nodiscard]] Result<gpu::Sheet> find_sheet(const std::string& gpu);

struct WeighedTrial {
    referee::DeviceTrial trial;
    std::optional<DeviceBound> bound = {};  // of an accepted kernel
};
// Verifies the kernel, and weighs what it does at the task's own sizes. Where there is more than
// one processor, that is counted beside the trial, from the first shape on at which it is right.
[[nodiscard]] Result<WeighedTrial> try_and_weigh(const task::Task& task,
                                                 const referee::DeviceKernel& kernel,
                                                 const referee::DeviceOptions& options,
                                                 const gpu::Sheet& sheet);

// What the formula demands of any kernel.
[[nodiscard]] gpu::Demand demand_of(const task::Task& task);

// "27.8 us (DRAM)"
[[nodiscard]] std::string bound_words(const gpu::Bound& bound);
[[nodiscard]] std::vector<report::Row> bound_rows(const DeviceBound& bound);
[[nodiscard]] nlohmann::json bound_json(const DeviceBound& bound);

}  // namespace cupel::cli
