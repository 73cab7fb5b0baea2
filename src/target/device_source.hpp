// SPDX-License-Identifier: Apache-2.0
// What device compilers are given: the author's text without its pragmas, a header before it, and
// the small headers that NVRTC lacks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "target/device_text.hpp"
#include "task/task.hpp"

namespace cupel::target {

// The author's text, byte for byte at the same place, but for `#pragma cupel` lines, which are
// blank: compilers do not know them, and a text that differs in them alone is compiled once.
[[nodiscard]] std::string without_cupel_pragmas(const DeviceText& text);

// `[=] __device__ (float v) {`: what nvcc takes with an option that NVRTC does not have. NVRTC
// takes such a lambda within a kernel for the device's where nothing is said. Bytes keep their
// places.
[[nodiscard]] std::string without_spaces_of_lambdas(const DeviceText& text, std::string plain);

// Before every source: the sizes as constants (no macros, so that a parameter may have the name of
// one), and for NVRTC what nvcc includes unasked: INFINITY, M_PI, std::sqrt(), int8_t.
[[nodiscard]] std::string device_prelude(const task::Task& task);

// Headers of C and C++ as far as NVRTC has built in what they declare: name, content.
[[nodiscard]] const std::vector<std::pair<std::string, std::string>>& device_headers();

// Host code has no place in the file: nothing would run it. NVRTC finds functions itself, so they
// are looked for only where `functions` is set.
[[nodiscard]] std::optional<Rejection> refuse_host_code(const DeviceText& text, bool functions);

}  // namespace cupel::target
