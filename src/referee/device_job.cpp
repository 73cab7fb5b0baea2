// SPDX-License-Identifier: Apache-2.0
#include "referee/device_job.hpp"

#include "base/byte_order_mark.hpp"
#include "base/text.hpp"
#include "target/device_ptx.hpp"

namespace cupel::referee {
namespace {

// Lines that are ours in a PTX text, blanked: what follows keeps its line numbers.
std::string without_pragmas(std::string_view ptx) {
    std::string text;
    for (const std::string& line : split(without_mark(ptx), '\n'))
        text += (trim(line).starts_with("#pragma") ? "" : line) + "\n";
    return text;
}

emulator::Extent extent_of(const target::DeviceExtent& extent) {
    return {static_cast<std::uint32_t>(extent.x), static_cast<std::uint32_t>(extent.y),
            static_cast<std::uint32_t>(extent.z)};
}

emulator::JobLaunch job_launch(const task::Task& task, const target::DeviceLaunch& from) {
    using Kind = target::DeviceArgument::Kind;
    emulator::JobLaunch launch{.kernel = from.kernel,
                               .grid = extent_of(from.grid),
                               .block = extent_of(from.block),
                               .shared_bytes = static_cast<std::uint32_t>(from.shared_bytes),
                               .arguments = {},
                               .line = from.line};
    const std::size_t outputs = task.inputs.size();
    const std::size_t scratch = outputs + task.outputs.size();
    for (const target::DeviceArgument& one : from.arguments) {
        emulator::JobArgument argument{.integer = one.integer, .real = one.real, .text = one.text};
        const bool is_number = one.kind == Kind::Integer || one.kind == Kind::Real;
        argument.kind = one.kind == Kind::Real ? emulator::JobArgument::Kind::Real
                        : is_number            ? emulator::JobArgument::Kind::Integer
                                               : emulator::JobArgument::Kind::Buffer;
        argument.buffer =
            static_cast<std::uint32_t>(one.index + (one.kind == Kind::Output    ? outputs
                                                    : one.kind == Kind::Scratch ? scratch
                                                                                : 0));
        launch.arguments.push_back(std::move(argument));
    }
    return launch;
}

}  // namespace

Result<std::variant<DeviceCode, target::Rejection>> DeviceBuilder::build(
    const task::Task& task, const DeviceKernel& kernel) {
    auto plan = target::read_device_plan(task, kernel.source, kernel.file_name);
    if (auto* const rejection = std::get_if<target::Rejection>(&plan)) return std::move(*rejection);
    DeviceCode code{.plan = std::get<target::DevicePlan>(std::move(plan))};
    if (kernel.file_name.ends_with(".ptx")) {
        code.ptx = without_pragmas(kernel.source);
        code.compiler = "none: the text is PTX";
    } else {
        if (!compiler_) {
            CUPEL_TRY(compiler_, target::find_device_compiler());
            if (!architecture_.empty()) compiler_->architecture = architecture_;
        }
        CUPEL_TRY(auto compiled,
                  target::compile_device(task, kernel.source, kernel.file_name, *compiler_));
        if (auto* const rejection = std::get_if<target::Rejection>(&compiled))
            return std::move(*rejection);
        auto& artefact = std::get<target::DeviceArtefact>(compiled);
        code.ptx = std::move(artefact.ptx);
        code.compiler = std::move(artefact.compiler);
        code.warnings = std::move(artefact.warnings);
    }
    for (target::DeviceLaunch& launch : code.plan.launches) {
        const std::string entry = target::entry_for(code.ptx, launch.kernel);
        if (!entry.empty()) launch.kernel = entry;
    }
    return code;
}

emulator::Job device_job(const task::Task& task, const DeviceKernel& kernel,
                         const DeviceCode& code) {
    // What is wrong with PTX is told by the lines of PTX, which are not those of the file.
    const bool is_ptx = kernel.file_name.ends_with(".ptx");
    emulator::Job job{.file = kernel.file_name + (is_ptx ? "" : ".ptx"), .ptx = code.ptx};
    const auto add = [&](task::TensorId id, emulator::Role role) {
        const task::Tensor& tensor = task.tensor(id);
        job.buffers.push_back({tensor.name, role, static_cast<std::uint64_t>(tensor.bytes())});
    };
    for (const task::TensorId id : task.inputs)
        add(id, emulator::Role::Input);
    for (const task::TensorId id : task.outputs)
        add(id, emulator::Role::Output);
    for (const target::DeviceScratch& one : code.plan.scratch)
        job.buffers.push_back({one.name, emulator::Role::Scratch, one.bytes});
    for (const target::DeviceLaunch& one : code.plan.launches)
        job.launches.push_back(job_launch(task, one));
    return job;
}

}  // namespace cupel::referee
