// SPDX-License-Identifier: Apache-2.0
// What a file of device code declares about itself: the memory that it needs besides the task's
// tensors, and its launches in order.
//
//   #pragma cupel scratch float partial[B * 8]
//   #pragma cupel launch row_max<<<B, 256>>>(x, partial)
//   #pragma cupel launch softmax<<<dim3(ceil(N / 128), B), 128, 4 * N>>>(x, partial, y, N, 1e-5f)
//
// Expressions: see device_expression.hpp. A line may be continued by a backslash; lines in comments
// and in literals do not count, lines within #if are refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "target/cpu.hpp"
#include "task/task.hpp"

namespace cupel::target {

struct DeviceExtent {
    std::int64_t x = 1;
    std::int64_t y = 1;
    std::int64_t z = 1;
};

struct DeviceArgument {
    enum class Kind { Input, Output, Scratch, Integer, Real };
    Kind kind = Kind::Integer;
    std::size_t index = 0;  // in task.inputs, task.outputs or DevicePlan::scratch
    std::int64_t integer = 0;
    double real = 0;
    std::string text;  // as written, for messages
};

struct DeviceScratch {
    std::string name;
    std::string type;
    std::uint64_t bytes = 0;
    int line = 0;  // of the pragma, from 1
};

struct DeviceLaunch {
    std::string kernel;
    DeviceExtent grid;
    DeviceExtent block;
    std::uint64_t shared_bytes = 0;  // dynamic
    std::vector<DeviceArgument> arguments;
    int line = 0;  // of the pragma, from 1
};

struct DevicePlan {
    std::vector<DeviceScratch> scratch;
    std::vector<DeviceLaunch> launches;
};

// What CUDA allows (programming guide, compute capability 9.0), and what Cupel does.
inline constexpr std::int64_t kMaxGridX = (std::int64_t{1} << 31) - 1;
inline constexpr std::int64_t kMaxGridYZ = 65535;
inline constexpr std::int64_t kMaxBlockXY = 1024;
inline constexpr std::int64_t kMaxBlockZ = 64;
inline constexpr std::int64_t kMaxBlockThreads = 1024;
inline constexpr std::int64_t kMaxSharedBytes = 227 * 1024;
inline constexpr std::uint64_t kMaxScratchBytes = std::uint64_t{1} << 30;  // all together
inline constexpr std::size_t kMaxLaunches = 64;
inline constexpr std::size_t kMaxScratches = 32;
inline constexpr std::size_t kMaxArguments = 256;
inline constexpr std::size_t kMaxDeviceSource = std::size_t{4} << 20;

// The launches that the file declares, at the task's sizes. Rejection: the file's author is told,
// with file:line:column, the line, a caret, and what was expected.
[[nodiscard]] std::variant<DevicePlan, Rejection> read_device_plan(const task::Task& task,
                                                                   std::string_view source,
                                                                   const std::string& file_name);

}  // namespace cupel::target
