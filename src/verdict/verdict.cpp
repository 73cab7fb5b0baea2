// SPDX-License-Identifier: Apache-2.0
#include "verdict/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace cupel::verdict {

namespace {

struct Row {
    Status status;
    std::string_view name;
    int exit;
    bool right;
};

constexpr std::array kRows = {
    Row{Status::Accepted, "accepted", 0, true},
    Row{Status::Faster, "faster", 0, true},
    Row{Status::Slower, "slower", 10, true},
    Row{Status::NotResolved, "not_resolved", 11, true},
    Row{Status::Wrong, "wrong", 20, false},
    Row{Status::Crashed, "crashed", 21, false},
    Row{Status::TimedOut, "timed_out", 22, false},
    Row{Status::CompileError, "compile_error", 23, false},
    Row{Status::Cheating, "cheating", 24, false},
    Row{Status::Impossible, "impossible", 25, false},
    Row{Status::TaskRefused, "task_refused", 26, false},
};

const Row& row_of(Status status) {
    const auto* row = std::ranges::find(kRows, status, &Row::status);
    CUPEL_CHECK(row != kRows.end());
    return *row;
}

// One line that no kernel can dress up: a reason may quote compiler or kernel output.
std::string one_line(std::string_view text) {
    std::string line(text.substr(0, text.find('\n')));
    std::ranges::replace_if(line, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
    return line;
}

// As many decimals as the interval deserves: 5.31x [5.28, 5.34], 1.0021x [1.0008, 1.0034].
std::string ratio_text(const Interval& ratio) {
    const double width = std::abs(ratio.high - ratio.low) / 2;
    int decimals = 2;
    if (std::isfinite(width) && width > 0) {
        decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(width))), 1, 4);
    }
    if (ratio.mid < 10) decimals = std::max(decimals, 2);
    return fmt::format("{:.{}f}x [{:.{}f}, {:.{}f}]", ratio.mid, decimals, ratio.low, decimals,
                       ratio.high, decimals);
}

// "copy bandwidth, 2 threads" -> "78 % of copy bandwidth (2 threads)"
std::string ceiling_text(const CeilingShare& ceiling) {
    const std::string name = one_line(ceiling.name);
    const std::size_t comma = name.find(", ");
    const std::string percent = fmt::format("{:.0f} % of ", 100 * ceiling.share);
    if (comma == std::string::npos) return percent + name;
    return fmt::format("{}{} ({})", percent, name.substr(0, comma), name.substr(comma + 2));
}

}  // namespace

std::string_view status_name(Status status) {
    return row_of(status).name;
}

std::optional<Status> status_from(std::string_view name) {
    const auto* row = std::ranges::find(kRows, name, &Row::name);
    if (row == kRows.end()) return std::nullopt;
    return row->status;
}

int exit_code(Status status) {
    return row_of(status).exit;
}

bool is_right(Status status) {
    return row_of(status).right;
}

void set_isolation(Verdict& verdict, Isolation isolation) {
    verdict.isolation = std::move(isolation);
    verdict.tier = verdict.isolation.full() ? "native" : "native-reduced";
}

std::string headline(const Verdict& verdict) {
    std::string line(status_name(verdict.status));
    std::ranges::replace(line, '_', ' ');
    if (verdict.law) line += fmt::format(" (law {})", *verdict.law);
    const std::string reason = one_line(verdict.reason);
    if (!is_right(verdict.status) || !verdict.speedup) {
        return reason.empty() ? line : line + ": " + reason;
    }
    line += fmt::format(": {} over {}", ratio_text(verdict.speedup->ratio),
                        one_line(verdict.speedup->baseline));
    if (verdict.ceiling) line += ", " + ceiling_text(*verdict.ceiling);
    if (!verdict.isolation.full()) line += ", isolation reduced";
    // Why it is not resolved is the news; a resolved figure speaks for itself.
    if (verdict.status == Status::NotResolved && !reason.empty()) line += "; " + reason;
    return line;
}

}  // namespace cupel::verdict
