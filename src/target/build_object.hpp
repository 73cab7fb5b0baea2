// SPDX-License-Identifier: Apache-2.0
// One run of the compiler on untrusted text, in its cell, without the cache.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "target/cpu.hpp"
#include "target/workshop.hpp"

namespace cupel::target {

struct Built {
    std::string object;       // the bytes of the shared object: it defines `kernel`
    std::string diagnostics;  // with the jail's paths: see as_author_knows()
    double seconds = 0;
};

// The paths inside the cell.
inline constexpr const char* kSourceInside = "/source/kernel.cpp";

// An Error only where the machine is at fault (no compiler, no cell, a full disk).
[[nodiscard]] Result<std::variant<Built, Rejection>> build(const CompileRequest& request,
                                                           const Compiler& compiler,
                                                           const CompileLimits& limits = {});

// Replaces the jail's path of the source by the name the author gave it.
[[nodiscard]] std::string as_author_knows(std::string diagnostics, const std::string& file_name);

}  // namespace cupel::target
