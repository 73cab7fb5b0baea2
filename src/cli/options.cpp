// SPDX-License-Identifier: Apache-2.0
#include "cli/options.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.hpp"
#include "os/clock.hpp"

namespace cupel::cli {
namespace {

struct Unit {
    std::string_view name;
    double factor;
};
constexpr std::array kTimes = {Unit{"ms", 1e-3}, Unit{"s", 1}, Unit{"m", 60}, Unit{"h", 3600}};

// The number a word begins with, and what follows it.
std::optional<std::pair<double, std::string_view>> number_and_unit(std::string_view word) {
    double number = 0;
    const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (problem != std::errc{} || !std::isfinite(number) || number <= 0) return std::nullopt;
    return std::pair{number, word.substr(static_cast<std::size_t>(end - word.data()))};
}

bool add_word(Budget& budget, std::string_view word) {
    const auto parsed = number_and_unit(word);
    if (!parsed) return false;
    const auto [number, unit] = *parsed;
    if (unit == "evals" && number <= 1e9 && number == std::floor(number)) {
        budget.evaluations = static_cast<int>(number);
        return true;
    }
    if (unit == "usd") {
        budget.dollars = number;
        return true;
    }
    for (const Unit& time : kTimes) {
        if (unit != time.name) continue;
        budget.seconds = number * time.factor;
        return true;
    }
    return false;
}

}  // namespace

Result<Budget> parse_budget(std::span<const std::string> words) {
    Budget budget;
    for (const std::string& word : words) {
        if (!add_word(budget, word)) {
            return fail(Errc::Usage,
                        fmt::format("--budget {}: expected a time or a count, such as 30s, 5m, "
                                    "200evals or 5usd",
                                    word));
        }
    }
    return budget;
}

Result<task::Override> parse_size(std::string_view word) {
    const std::size_t equals = word.find('=');
    task::Override size;
    if (equals != std::string_view::npos && equals > 0) {
        size.name = word.substr(0, equals);
        const std::string_view digits = word.substr(equals + 1);
        const char* const begin = digits.data();
        const char* const end = begin + digits.size();
        const auto [stop, problem] = std::from_chars(begin, end, size.value);
        if (problem == std::errc{} && stop == end && size.value > 0) return size;
    }
    return fail(
        Errc::Usage,
        fmt::format("--set {}: expected a size and a positive number, such as N=1024", word));
}

Result<int> resolve_threads(int asked) {
    const int usable = static_cast<int>(os::allowed_cpus().size());
    if (asked == 0) return usable;
    if (asked < 0 || asked > usable) {
        return fail(Errc::Usage, fmt::format("--threads {}: this process may use {} processor{}",
                                             asked, usable, usable == 1 ? "" : "s"));
    }
    return asked;
}

Result<void> check_target(std::string_view target) {
    if (target == "cpu") return {};
    if (target == "cuda") {
        return fail(Errc::Missing,
                    "target cuda: this version runs kernels on the CPU only; use --target cpu");
    }
    if (target == "emu") {
        return fail(Errc::Missing,
                    "target emu runs CUDA device code only: cupel judge TASK KERNEL.cu");
    }
    return fail(Errc::Usage, fmt::format("--target {}: expected cpu, cuda or emu", target));
}

int exit_code(const Error& error) {
    switch (error.code) {
        case Errc::Usage:
        case Errc::Invalid:
        case Errc::NotFound:
            return 2;
        case Errc::Missing:
        case Errc::Io:
        case Errc::Full:
        case Errc::Corrupt:
            return 30;
        case Errc::Interrupted:
            return kInterrupted;
        case Errc::Broken:
            return kOwnBug;
    }
    return kOwnBug;
}

std::string_view error_name(Errc code) {
    switch (code) {
        case Errc::Usage:
            return "usage";
        case Errc::Invalid:
            return "invalid";
        case Errc::NotFound:
            return "not_found";
        case Errc::Missing:
            return "missing";
        case Errc::Io:
            return "io";
        case Errc::Full:
            return "full";
        case Errc::Corrupt:
            return "corrupt";
        case Errc::Interrupted:
            return "interrupted";
        case Errc::Broken:
            return "bug";
    }
    return "unknown";
}

}  // namespace cupel::cli
