// SPDX-License-Identifier: Apache-2.0
// The compile driver of CUDA device code: one file to PTX, in a cell, by NVRTC, nvcc or clang.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/result.hpp"
#include "target/cpu.hpp"
#include "target/workshop.hpp"
#include "task/task.hpp"

namespace cupel::target {

struct DeviceCompiler {
    std::string kind;     // "nvrtc", "nvcc" or "clang"
    std::string program;  // path: of NVRTC that of its library
    std::string version;  // "NVRTC 13.0"
    std::string architecture = "sm_90";
    std::string toolkit;  // the folder with CUDA's include/; empty where there is none
};

// NVRTC where libnvrtc is found (in $CUPEL_CUDA, /usr/local/cuda, the loader's folders), else nvcc,
// else clang++-19, which knows the headers of CUDA 12.5 at most and is a way out only.
// $CUPEL_DEVICE_CXX=nvrtc|nvcc|clang|none forces one. Missing: says what to install.
[[nodiscard]] Result<DeviceCompiler> find_device_compiler();

struct DeviceArtefact {
    std::string ptx;       // its lines (.loc) are the author's; .file names the author's file
    std::string ptx_hash;  // of `ptx`
    std::string warnings;  // the compiler's words, with the author's file name and lines
    std::string compiler;  // "NVRTC 13.0, sm_90"
    bool cached = false;
    double seconds = 0;  // spent compiling
};

// Jailed, limited in time (60 s), memory (4 GiB) and output size. Rejection: the text does not
// compile, or is not device code alone. The pragmas of device_plan.hpp are blank to the compiler.
[[nodiscard]] Result<std::variant<DeviceArtefact, Rejection>> compile_device(
    const task::Task& task, std::string_view source, const std::string& file_name,
    const DeviceCompiler& compiler, const CompileLimits& limits = {});

// The name under which PTX knows the kernel of that plain name, whether or not its author wrote
// extern "C", in a namespace or not; empty where there is none, or more than one.
[[nodiscard]] std::string entry_for(std::string_view ptx, std::string_view kernel);

}  // namespace cupel::target
