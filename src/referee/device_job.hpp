// SPDX-License-Identifier: Apache-2.0
// Device code at one shape, ready to be emulated: its launches, its PTX, and the job they make.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/result.hpp"
#include "emulator/job.hpp"
#include "target/device_compile.hpp"
#include "target/device_plan.hpp"
#include "task/task.hpp"

namespace cupel::referee {

struct DeviceKernel {
    std::string source = {};     // CUDA C++, or PTX where the name ends in .ptx
    std::string file_name = {};  // as its author calls it
};

struct DeviceCode {
    target::DevicePlan plan = {};  // kernels under the names that PTX has for them
    std::string ptx = {};
    std::string compiler = {};
    std::string warnings = {};
};

// Finds the compiler when one is first needed. An architecture such as "sm_80" in the place of the
// compiler's own; empty: that.
class DeviceBuilder {
public:
    explicit DeviceBuilder(std::string architecture = {})
        : architecture_(std::move(architecture)) {}
    [[nodiscard]] Result<std::variant<DeviceCode, target::Rejection>> build(
        const task::Task& task, const DeviceKernel& kernel);

private:
    std::string architecture_ = {};
    std::optional<target::DeviceCompiler> compiler_ = {};
};

// Inputs, outputs, scratch and launches; without values, seed and budget.
[[nodiscard]] emulator::Job device_job(const task::Task& task, const DeviceKernel& kernel,
                                       const DeviceCode& code);

}  // namespace cupel::referee
