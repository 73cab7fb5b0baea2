// SPDX-License-Identifier: Apache-2.0
#include "referee/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "verdict/verdict.hpp"

namespace cupel::referee {
namespace {

// Functions that C has of one real; those of vectors have other names (_ZGV...).
constexpr auto kMaths = std::to_array<std::string_view>(
    {"expf",  "exp",   "exp2f", "exp2", "expm1f", "expm1", "logf",  "log",  "log1pf",
     "log1p", "log2f", "powf",  "pow",  "tanhf",  "tanh",  "erff",  "erf",  "erfcf",
     "sinf",  "cosf",  "sin",   "cos",  "sqrtf",  "fmaxf", "fminf", "fmax", "fmin"});

std::string calls_text(const target::ObjectCode& code) {
    std::string_view most;
    int places = 0;
    for (const auto& [name, count] : code.calls) {
        if (count <= places || std::ranges::find(kMaths, name) == kMaths.end()) continue;
        most = name;
        places = count;
    }
    if (places == 0) return "";
    return fmt::format("its object code calls {} of the C library at {} place{}: one number a call",
                       most, places, places == 1 ? "" : "s");
}

std::string scalar_text(const target::ObjectCode& code) {
    constexpr int kFew = 4;
    const int all = code.scalar + code.packed;
    if (all < kFew || code.scalar <= code.packed) return "";
    return fmt::format(
        "{} of the {} floating-point instructions in its object code work on one "
        "number, not on a vector",
        code.scalar, all);
}

std::string narrow_text(const target::ObjectCode& code, const target::Machine& machine) {
    if (code.packed == 0 || code.widest == 0 || code.widest >= machine.vector_bytes) return "";
    return fmt::format(
        "the vectors in its object code are {} bytes wide at most, those of this "
        "machine {}",
        code.widest, machine.vector_bytes);
}

std::string idle_text(const Observed& observed, const target::Ceilings& ceilings,
                      const task::Counts& counts) {
    constexpr double kBound = 0.5;
    if (!(observed.seconds > 0) || !(ceilings.copy_bandwidth > 0) || !(ceilings.fma_flops > 0) ||
        !(ceilings.exp_rate > 0))
        return "";
    const double memory = counts.bytes() / ceilings.copy_bandwidth / observed.seconds;
    const double arithmetic =
        (counts.flops / ceilings.fma_flops + counts.transcendentals / ceilings.exp_rate) /
        observed.seconds;
    if (memory >= kBound || arithmetic >= kBound) return "";
    return fmt::format(
        "neither memory nor arithmetic is what it waits for: copying the formula's bytes "
        "takes {:.0f} % of its time, its operations at full rate {:.0f} %",
        100 * memory, 100 * arithmetic);
}

}  // namespace

std::vector<std::string> findings_of(const Observed& observed, const target::Machine& machine,
                                     const target::Ceilings& ceilings, const task::Counts& counts) {
    std::vector<std::string> found;
    for (std::string& text :
         std::array{calls_text(observed.code), scalar_text(observed.code),
                    narrow_text(observed.code, machine), idle_text(observed, ceilings, counts)}) {
        if (!text.empty() && found.size() < verdict::kMostFindings)
            found.push_back(std::move(text));
    }
    return found;
}

}  // namespace cupel::referee
