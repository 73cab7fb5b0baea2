// SPDX-License-Identifier: Apache-2.0
#include "engineer/feedback.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "base/bundle.hpp"
#include "base/text.hpp"
#include "engineer/compiler_words.hpp"
#include "engineer/population.hpp"
#include "engineer/prose.hpp"
#include "engineer/prose_words.hpp"

namespace cupel::engineer {
namespace {

constexpr std::size_t kLongestLine = 240;

std::string one_line_of(std::string_view text) {
    std::string line;
    for (const char c : trim(text).substr(0, kLongestLine)) {
        const auto code = static_cast<unsigned char>(c);
        line += code < ' ' || code == 0x7F ? ' ' : c;
    }
    return line;
}

// Verdicts on device code end with the sizes they are of, which may have been drawn in secret.
std::string reason_shown(const verdict::Verdict& verdict) {
    std::string_view reason = verdict.reason;
    if (verdict.target != "cpu") reason = reason.substr(0, reason.rfind(" (at "));
    return one_line_of(reason);
}

std::string bound_words(const verdict::Bound& bound) {
    std::string text = fmt::format(
        "verified on an emulator and never timed; by published peaks not faster than {} on {}, "
        "where {} binds; no kernel of the formula beats {} ({}) there",
        format_seconds(bound.seconds), bound.gpu, bound.binds, format_seconds(bound.floor),
        bound.floor_binds);
    constexpr double kNothing = 1.005;
    if (bound.weighed > kNothing * bound.seconds) {
        text += fmt::format(", with so few warps at hand to hide latency that it ranks as {}",
                            format_seconds(bound.weighed));
    }
    const double left = bound.seconds / bound.floor;
    return text + (left > kNothing ? fmt::format(", so {:.3g}x of this bound are left", left)
                                   : std::string(", so nothing of this bound is left"));
}

std::string listed(const std::vector<std::string>& findings) {
    std::string text;
    for (std::size_t i = 0; i < std::min(findings.size(), verdict::kMostFindings); ++i)
        text += one_line_of(findings[i]) + "\n";
    return text;
}

std::string of_speed(const verdict::Verdict& verdict) {
    std::string text;
    if (verdict.bound) text += "It is " + bound_words(*verdict.bound) + ".\n";
    if (verdict.speedup) {
        const verdict::Interval& ratio = verdict.speedup->ratio;
        text += fmt::format("Speed: {:.2f}x of {} (95 % interval {:.2f} to {:.2f}).\n", ratio.mid,
                            verdict.speedup->baseline, ratio.low, ratio.high);
    }
    if (verdict.ceiling) {
        const double share = verdict.ceiling->share;
        text +=
            fmt::format("It reaches {:.0f} % of what this machine can do ({}){}.\n", 100 * share,
                        verdict.ceiling->name, share > 0.9 ? ": little is left to gain" : "");
    }
    return text;
}

std::set<std::string, std::less<>> names_in(const std::vector<std::string>& code) {
    std::set<std::string, std::less<>> names;
    for (const std::string& line : code) {
        for (std::string& word : words_of(line))
            names.insert(std::move(word));
    }
    return names;
}

}  // namespace

// Lines are quoted from the kernel as it is shown: what a compiler draws is the kernel's text as it
// was, and a kernel can give its lines other numbers.
std::string condense_errors(const std::string& diagnostics, std::string_view source,
                            std::size_t most) {
    const std::vector<std::string> code = lines_without_prose(source);
    const auto names = names_in(code);
    const bool speaks = can_speak(source);
    const LineMarks marks(source);
    const std::vector<std::string> files = marks.files();
    std::string text;
    std::size_t count = 0;
    const std::vector<std::string> lines = split(diagnostics, '\n');
    for (const std::string& line : lines) {
        const auto found = read_error(line, files);
        if (!found || ++count > most) continue;
        const bool of_main = found->file.starts_with("kernel.");
        text +=
            fmt::format("{}line {}: error: {}\n", of_main ? "" : found->file + ", ", found->line,
                        one_line_of(compiler_words(found->message, names, speaks)));
        const std::size_t at =
            files.empty() ? found->line : marks.line_of(found->file, found->line).value_or(0);
        if (at == 0 || at > code.size()) continue;
        if (const std::string quoted = one_line_of(code[at - 1]); !quoted.empty())
            text += "    " + quoted + "\n";
    }
    if (count > most) text += fmt::format("... and {} more errors\n", count - most);
    return text;
}

std::string standing_of(const verdict::Verdict& verdict, double score, double half_width) {
    if (verdict.bound) return bound_words(*verdict.bound);
    std::string text =
        fmt::format("{:.2f}x over naive (95 % interval {:.2f} to {:.2f})", std::exp(score),
                    std::exp(score - half_width), std::exp(score + half_width));
    if (!verdict.ceiling) return text;
    const double share = verdict.ceiling->share;
    text += fmt::format("; {:.0f} % of {}", 100 * share, verdict.ceiling->name);
    if (share > 0 && share < 1) text += fmt::format(", so at most {:.2g}x more", 1 / share);
    return text;
}

std::string findings_of(const verdict::Verdict& verdict, std::string_view source, int threads) {
    const std::vector<std::string> axes = split(axes_of(source), ' ');
    std::vector<std::string> found;
    if (threads > 1 && axes.front() == "single") {
        found.push_back(
            fmt::format("It runs on one thread of {}: no `omp parallel` stands in it.", threads));
    }
    // What it was compiled to says more than its text.
    std::ranges::copy(verdict.findings, std::back_inserter(found));
    if (verdict.findings.empty() && axes.at(1) == "scalar" && axes.front() != "device") {
        found.emplace_back(
            "Vectors are left to the compiler: no `omp simd`, no intrinsic and no vector type "
            "stands in it.");
    }
    return listed(found);
}

bool is_mendable(const verdict::Verdict& verdict) {
    if (verdict.status != verdict::Status::CompileError) return false;
    // A launch that does not fit its kernel, host code: nothing has run, and a line is named.
    if (verdict.target != "cpu" && verdict.reason.starts_with("kernel.cu:")) return true;
    return verdict.detail.find("fatal error") == std::string::npos &&
           verdict.detail.find("#include") == std::string::npos &&
           verdict.reason.find(verdict::kOtherSizes) == std::string::npos &&
           !condense_errors(verdict.detail, "").empty();
}

std::string feedback_of(const verdict::Verdict& verdict, std::string_view source) {
    using verdict::Status;
    if (verdict.reason.find(verdict::kOtherSizes) != std::string::npos) {
        const bool scaled = verdict.target != "cpu";
        return fmt::format(
            "It is right at the sizes of the task{}, but failed at other sizes that "
            "the task allows, or beyond what is shown. Which, and how, is not told.\n",
            scaled ? ", scaled down" : "");
    }
    switch (verdict.status) {
        case Status::CompileError: {
            const std::string errors = condense_errors(verdict.detail, source);
            if (!errors.empty()) return "It does not compile.\n" + errors;
            const auto names = names_in(lines_without_prose(source));
            return "It does not compile.\n" + one_line_of(reason_words(verdict.reason, names)) +
                   "\n";
        }
        case Status::Wrong:
            return fmt::format("It compiles, but {}: {}\n{}",
                               verdict.target == "cpu" ? "its answer is wrong" : "it is wrong",
                               reason_shown(verdict), listed(verdict.findings));
        case Status::Crashed:
        case Status::TimedOut:
            return fmt::format("It compiles, but did not answer: {}\n{}", reason_shown(verdict),
                               listed(verdict.findings));
        case Status::Cheating:
            return fmt::format("It broke law {} of the referee: {}\n", verdict.law.value_or(0),
                               reason_shown(verdict));
        case Status::Impossible:
            return "Its time is less than this machine allows, so it was turned away.\n";
        case Status::TaskRefused:
            return "The task itself was refused.\n";
        case Status::Accepted:
        case Status::Faster:
        case Status::Slower:
        case Status::NotResolved:
            break;
    }
    return "It is right.\n" + of_speed(verdict) + listed(verdict.findings);
}

}  // namespace cupel::engineer
