// SPDX-License-Identifier: Apache-2.0
// One run of the compiler on untrusted text, in its cell, without the cache.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "target/cpu.hpp"

namespace cupel::target {

struct CompileLimits {                                    // the defaults are those of kernels
    std::chrono::milliseconds time{60'000};               // by the wall clock and of the processor
    std::uint64_t memory_bytes = std::uint64_t{4} << 30;  // address space of each process
    std::uint64_t file_bytes = std::uint64_t{64} << 20;   // of each file written
};

struct Built {
    std::string object;       // the bytes of the shared object: it defines `kernel`
    std::string diagnostics;  // with the jail's paths: see as_author_knows()
    double seconds = 0;
};

// How the temporary folders begin. (Those of earlier versions carried no lock: another name.)
inline constexpr std::string_view kCompiling = "cupel-compiling-";
inline constexpr std::string_view kMeasuring = "cupel-measuring-";

// The paths inside the cell.
inline constexpr const char* kSourceInside = "/source/kernel.cpp";

// An Error only where the machine is at fault (no compiler, no cell, a full disk).
[[nodiscard]] Result<std::variant<Built, Rejection>> build(const CompileRequest& request,
                                                           const Compiler& compiler,
                                                           const CompileLimits& limits = {});

// Replaces the jail's path of the source by the name the author gave it.
[[nodiscard]] std::string as_author_knows(std::string diagnostics, const std::string& file_name);

}  // namespace cupel::target
