// SPDX-License-Identifier: Apache-2.0
#include "report/card.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace cupel::report {
namespace {

constexpr std::size_t kLabel = 12;      // columns of the labels
constexpr std::size_t kNarrowest = 40;  // below this a frame is no help
constexpr std::size_t kBar = 24;

std::string repeat(std::string_view piece, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i)
        all += piece;
    return all;
}

// A line of the frame with text at both ends: "╭─ left ───── right ─╮".
struct Edge {
    std::string_view open;
    std::string_view close;
    std::string left;  // painted
    std::string right;
};
std::string draw_edge(const Edge& edge, const Style& style, std::size_t columns) {
    std::size_t rest = columns - 4;  // both corners, and the dash beside each
    std::string line = style.paint(Tone::Quiet, std::string(edge.open) + "─");
    if (!edge.left.empty()) {
        line += " " + edge.left + " ";
        rest -= std::min(rest, display_width(edge.left) + 2);
    }
    const std::size_t right = edge.right.empty() ? 0 : display_width(edge.right) + 2;
    rest -= std::min(rest, right);
    line += style.paint(Tone::Quiet, repeat("─", rest));
    if (!edge.right.empty()) line += " " + edge.right + " ";
    return line + style.paint(Tone::Quiet, "─" + std::string(edge.close)) + "\n";
}

std::string draw_line(const std::string& painted, const Style& style, std::size_t columns) {
    const std::size_t inside = columns - 6;
    const std::size_t width = std::min(inside, display_width(painted));
    const std::string wall = style.paint(Tone::Quiet, "│");
    return wall + "  " + painted + std::string(inside - width, ' ') + "  " + wall + "\n";
}

std::string draw_row(const Row& row, const Style& style, std::size_t columns) {
    const std::size_t inside = columns - 6 - kLabel;
    std::string drawn;
    std::string label = row.label;
    for (const std::string& text : row.lines) {
        for (const std::string& line : wrap(one_line(text), inside)) {
            const std::string padded = fmt::format("{:<{}}", label, kLabel);
            drawn += draw_line(style.paint(Tone::Quiet, padded) + line, style, columns);
            label.clear();
        }
    }
    return drawn;
}

// The compiler may say pages; a person reads the beginning. Of a refusal that is the first error
// with the lines above it that say where, of warnings the first ones.
std::vector<std::string> compiler_lines(const verdict::Verdict& verdict) {
    const bool refused = verdict.status == verdict::Status::CompileError;
    const std::size_t most = refused ? 12 : 4;
    std::vector<std::string> lines = split(trim(verdict.detail), '\n');
    if (refused) {
        const auto error = std::ranges::find_if(lines, [](const std::string& line) {
            return line.find("error: ") != std::string::npos ||
                   line.find("undefined reference") != std::string::npos;
        });
        // "In function ..." and the chain of includes lead to the error; warnings do not.
        auto first = error;
        while (first != lines.begin() && (first - 1)->find("warning: ") == std::string::npos &&
               !(first - 1)->starts_with(' '))
            --first;
        if (error != lines.end()) lines.erase(lines.begin(), first);
    }
    if (lines.size() <= most + 1) return lines;  // a line that says "1 more" is no shorter
    const std::size_t more = lines.size() - most;
    lines.resize(most);
    lines.push_back(fmt::format("... {} more lines; --json has them all", more));
    return lines;
}

std::string isolation_text(const verdict::Isolation& isolation) {
    const std::string stands = isolation.parts.empty() ? "none" : join(isolation.parts, ", ");
    if (isolation.full()) return "full: " + stands;
    return fmt::format("reduced: {}; missing: {}", stands, join(isolation.missing, "; "));
}

std::string evidence_text(const verdict::Evidence& evidence) {
    return fmt::format("{} answers, {} of {} elements compared with the float64 oracle",
                       evidence.questions, format_si(static_cast<double>(evidence.positions)),
                       format_si(static_cast<double>(evidence.elements)));
}

std::string error_text(const verdict::Evidence& evidence) {
    return fmt::format(
        "worst error {:.0f} % of what the task allows; 1 % of wrong elements would be seen with "
        "probability "
        "{:.6g}",
        100 * evidence.worst_error, evidence.detection);
}

void add_speed(std::vector<Row>& rows, const verdict::Verdict& verdict) {
    if (verdict.speedup) {
        rows.push_back(
            {"speed",
             {fmt::format("{} over {}, at {:.0f} % confidence",
                          format_interval(verdict.speedup->ratio), verdict.speedup->baseline,
                          100 * verdict.speedup->ratio.level)}});
    }
    if (verdict.naive_speedup && verdict.speedup && verdict.speedup->baseline != "naive") {
        rows.push_back({"",
                        {fmt::format("{} over the honest naive kernel",
                                     format_interval(verdict.naive_speedup->ratio))}});
    }
    if (verdict.seconds > 0) {
        std::string text = format_seconds(verdict.seconds) + " a call";
        if (verdict.speedup) {
            text += fmt::format("; {} takes {}", verdict.speedup->baseline,
                                format_seconds(verdict.seconds * verdict.speedup->ratio.mid));
        }
        rows.push_back({"time", {text}});
    }
    if (verdict.ceiling) {
        rows.push_back({"ceiling",
                        {fmt::format("{} {:.0f} % of {}", bar(verdict.ceiling->share, kBar),
                                     100 * verdict.ceiling->share, verdict.ceiling->name)}});
    }
}

}  // namespace

std::string draw(const Card& card, const Style& style, std::size_t columns) {
    columns = std::max(columns, kNarrowest);
    const std::string seal = one_line(card.seal);
    const std::size_t room = columns - 12 - std::min(columns - 20, display_width(seal));
    std::string drawn =
        draw_edge({"╭", "╮", style.paint(Tone::Strong, shorten(one_line(card.title), room)),
                   style.paint(card.tone, seal)},
                  style, columns);
    for (const std::string& line : wrap(one_line(card.headline), columns - 6)) {
        drawn += draw_line(style.paint(card.tone == Tone::Plain ? Tone::Strong : card.tone, line),
                           style, columns);
    }
    if (!card.rows.empty()) drawn += draw_line("", style, columns);
    for (const Row& row : card.rows)
        drawn += draw_row(row, style, columns);
    const std::string footer = shorten(one_line(card.footer), columns - 8);
    return drawn + draw_edge({"╰", "╯", "", style.paint(Tone::Quiet, footer)}, style, columns);
}

Tone tone_of(verdict::Status status) {
    using verdict::Status;
    switch (status) {
        case Status::Accepted:
        case Status::Faster:
            return Tone::Good;
        case Status::Slower:
        case Status::NotResolved:
            return Tone::Doubtful;
        case Status::Wrong:
        case Status::Crashed:
        case Status::TimedOut:
        case Status::CompileError:
        case Status::Cheating:
        case Status::Impossible:
        case Status::TaskRefused:
            return Tone::Bad;
    }
    return Tone::Plain;
}

std::string seal_of(verdict::Status status) {
    std::string seal(verdict::status_name(status));
    std::replace(seal.begin(), seal.end(), '_', ' ');
    return seal;
}

std::string format_interval(const verdict::Interval& interval) {
    // Enough decimals that the ends of a narrow interval differ.
    const int decimals = interval.mid >= 100 ? 1 : interval.mid >= 10 ? 2 : 3;
    return fmt::format("{:.{}f}x [{:.{}f}, {:.{}f}]", interval.mid, decimals, interval.low,
                       decimals, interval.high, decimals);
}

std::vector<Row> verdict_rows(const verdict::Verdict& verdict) {
    std::vector<Row> rows;
    add_speed(rows, verdict);
    if (verdict.law) {
        const bool broken = verdict.status != verdict::Status::NotResolved;
        rows.push_back({"law",
                        {fmt::format("{} of the referee {}", *verdict.law,
                                     broken ? "was broken" : "allows no claim here")}});
    }
    if (!trim(verdict.detail).empty()) rows.push_back({"compiler", compiler_lines(verdict)});
    if (verdict.evidence.questions > 0) {
        rows.push_back({"checked", {evidence_text(verdict.evidence)}});
        if (verdict::is_right(verdict.status)) rows.push_back({"", {error_text(verdict.evidence)}});
    }
    rows.push_back({"isolation", {isolation_text(verdict.isolation)}});
    rows.push_back(
        {"conditions",
         {fmt::format("{}, tier {}, {}, {} thread{}", verdict.precision, verdict.tier,
                      verdict.target, verdict.threads, verdict.threads == 1 ? "" : "s")}});
    if (verdict.advantage_bound > 0) {
        rows.push_back({"",
                        {"a perfect cheat could hide at most " +
                         format_seconds(verdict.advantage_bound) + " a call"}});
    }
    return rows;
}

}  // namespace cupel::report
