// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>

#include "base/text.hpp"
#include "os/child.hpp"
#include "os/files.hpp"
#include "target/cpu.hpp"

namespace cupel::target {
namespace {

// Honest flags: contraction and the absence of errno and traps change no value beyond rounding.
// Never -ffast-math, which may drop NaNs, infinities and whole summation orders; a kernel that
// wants it says so in its own text, where the referee's numerical checks meet it.
std::vector<std::string> honest_flags() {
    return {"-std=c++23", "-O3", "-march=native", "-ffp-contract=fast", "-fno-math-errno",
            "-fopenmp", "-fno-trapping-math", "-fPIC", "-shared", "-Wall",
            // g++ 12 suspects its own avx512fintrin.h in every kernel that calls it (its bug
            // 105593): false alarms by the page, of which a real one could not be told.
            "-Wno-uninitialized", "-Wno-maybe-uninitialized",
            // The same text is the same kernel, today and at a stranger's. (Who gets round the
            // error finds the clock of SOURCE_DATE_EPOCH.)
            "-Werror=date-time", "-frandom-seed=cupel", "-fmax-errors=20",
            "-fdiagnostics-color=never"};
}

Result<std::filesystem::path> locate(const std::string& wanted) {
    auto found = os::find_program(wanted);
    if (!found) {
        return fail(Errc::Missing,
                    fmt::format("no C++ compiler: `{}` was not found (apt-get install g++, or set "
                                "CUPEL_CXX to a compiler)",
                                wanted));
    }
    // The jail shows the compiler's real place only; links through /etc/alternatives end here.
    std::error_code error;
    auto real = std::filesystem::canonical(*found, error);
    if (error) {
        return fail(Errc::Missing, fmt::format("{}: {}", found->string(), error.message()));
    }
    return real;
}

}  // namespace

Result<Compiler> find_compiler() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in Cupel changes the environment
    const char* chosen = std::getenv("CUPEL_CXX");
    const std::string wanted = chosen != nullptr && *chosen != '\0' ? chosen : "g++";
    CUPEL_TRY(const auto program, locate(wanted));

    os::Command ask;
    ask.argv = {program.string(), "--version"};
    ask.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
    CUPEL_TRY(const auto answer, os::run(std::move(ask), std::chrono::seconds(10)));
    if (answer.timed_out || answer.exit.by_signal || answer.exit.code != 0) {
        return fail(
            Errc::Missing,
            fmt::format("{} --version failed; set CUPEL_CXX to a C++ compiler", program.string()));
    }
    const std::string_view text = answer.text;
    return Compiler{.program = program.string(),
                    .version = std::string(trim(text.substr(0, text.find('\n')))),
                    .flags = honest_flags()};
}

}  // namespace cupel::target
