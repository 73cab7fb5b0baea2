// SPDX-License-Identifier: Apache-2.0
#include "page/tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "page/descent.hpp"
#include "page/marks.hpp"
#include "report/style.hpp"

namespace cupel::page {
namespace {

constexpr std::size_t kMostDrawn = 80;

// Pixels.
constexpr double kRow = 26;
constexpr double kColumn = 22;
constexpr double kMargin = 14;
constexpr double kWords = 800;  // of a row

// "9 right, 3 wrong"
std::string words_of(const FateCounts& counts) {
    std::string words;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts.at(i) == 0) continue;
        words += fmt::format("{}{} {}", words.empty() ? "" : ", ", counts.at(i),
                             words_of(static_cast<Fate>(i)));
    }
    return words;
}

class Drawing {
public:
    Drawing(Markup& out, const Account& run, const Descent& descent)
        : out_(out), run_(run), descent_(descent) {}

    void draw() {
        // The line to the winner lies above the others.
        for (const bool line : {false, true}) {
            std::string edges;
            std::string gaps;
            for (std::size_t at = 1; at < descent_.rows.size(); ++at) {
                const Row& row = descent_.rows[at];
                if (row.on_line != line) continue;
                (row.skipped > 0 ? gaps : edges) += edge(at);
            }
            if (!edges.empty())
                out_.leaf("path", {{"class", line ? "edge line" : "edge"}, {"d", edges}});
            if (!gaps.empty())
                out_.leaf("path", {{"class", line ? "edge line gap" : "edge gap"}, {"d", gaps}});
        }
        for (std::size_t at = 0; at < descent_.rows.size(); ++at)
            draw_row(at);
    }

private:
    [[nodiscard]] double x_of(std::size_t at) const {
        return kMargin + kColumn * static_cast<double>(descent_.rows[at].column);
    }
    [[nodiscard]] static double y_of(std::size_t at) {
        return kRow * (static_cast<double>(at) + 0.5);
    }

    [[nodiscard]] std::string edge(std::size_t at) const {
        const std::size_t above = descent_.rows[at].above;
        constexpr double kBend = 9;
        if (x_of(above) == x_of(at))
            return fmt::format("M{} {}V{}", x_of(at), y_of(above), y_of(at));
        return fmt::format("M{} {}V{}q0 {} {} {}H{}", x_of(above), y_of(above), y_of(at) - kBend,
                           kBend, kBend, kBend, x_of(at));
    }

    void draw_row(std::size_t at) {
        const Row& row = descent_.rows[at];
        const double x = x_of(at);
        const double y = y_of(at);
        if (row.kind == Row::Kind::Task) {
            out_.leaf("path",
                      {{"class", "task"}, {"d", fmt::format("M{} {}h12v12h-12z", x - 6, y - 6)}});
            const auto text = out_.open("text", {{"x", x + 16}, {"y", y + 4.5}});
            out_.leaf("tspan", {{"class", "name"}},
                      report::shorten(report::one_line(run_.task), 60));
            tell_folded(row, "  ");
            return;
        }
        const Kernel& kernel = run_.kernels[row.kernel];
        const bool winner = run_.winner == row.kernel;
        const auto link = out_.open_link("k", kernel.number);
        out_.leaf("path", {{"class", winner ? "win" : class_of(kernel.fate)},
                           {"d", winner ? star(x, y) : shape_of(kernel.fate, x, y)}});
        if (kernel.promoted && !winner)
            out_.leaf("circle", {{"class", "ring"}, {"cx", x}, {"cy", y}, {"r", 9}});
        words(kernel, row, x, y);
    }

    void tell_folded(const Row& row, std::string_view before) {
        const std::size_t all =
            std::accumulate(row.folded.begin(), row.folded.end(), std::size_t{0});
        if (all == 0) return;
        const auto span = out_.open("tspan", {{"class", "quiet"}});
        out_.words("title", words_of(row.folded));
        out_.text(fmt::format("{}{} more of it folded", before, all));
    }

    void words(const Kernel& kernel, const Row& row, double x, double y) {
        const auto text = out_.open("text", {{"x", x + 16}, {"y", y + 4.5}});
        out_.leaf("tspan", {{"class", "name"}}, std::to_string(kernel.number));
        out_.text(run_.winner == row.kernel ? "  best  " : "  ");
        if (kernel.fate == Fate::Right && kernel.figure) {
            out_.words("tspan", figure_text(run_, *kernel.figure));
        } else {
            out_.words("tspan", words_of(kernel.fate));
        }
        out_.text("  ");
        out_.leaf("tspan", {{"class", fmt::format("who {}", class_of(kernel.maker))}},
                  report::one_line(made_by(kernel)));
        std::string more;
        for (std::size_t i = 1; i < kernel.parents.size() && i < 3; ++i)
            more += fmt::format(", with {}", run_.kernels[kernel.parents[i]].number);
        if (kernel.island) more += fmt::format(", island {}", *kernel.island + 1);
        if (row.skipped > 0) {
            more += fmt::format(", {} generation{} between folded", row.skipped,
                                row.skipped == 1 ? "" : "s");
        }
        out_.leaf("tspan", {{"class", "quiet"}}, more);
        tell_folded(row, ", ");
    }

    Markup& out_;
    const Account& run_;
    const Descent& descent_;
};

void draw_fates(Markup& out, const Account& run) {
    FateCounts counts = {};
    for (const Kernel& kernel : run.kernels)
        ++counts.at(static_cast<std::size_t>(kernel.fate));
    const auto list = out.open("ul", {{"class", "legend"}});
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts.at(i) == 0) continue;
        const auto fate = static_cast<Fate>(i);
        const auto item = out.open("li");
        draw_key(out, class_of(fate), shape_of(fate, kKeyCentre, kKeyCentre));
        out.text(fmt::format("{} ({})", words_of(fate), counts.at(i)));
    }
}

}  // namespace

void draw_tree(Markup& out, const Account& run) {
    const Descent descent = descend(run, kMostDrawn);
    const auto figure = out.open("figure", {{"id", "tree"}});
    draw_fates(out, run);
    {
        const auto scroll = out.open("div", {{"class", "scroll"},
                                             {"tabindex", 0},
                                             {"role", "group"},
                                             {"aria-label", "tree of descent"}});
        const double width = kMargin + kColumn * static_cast<double>(descent.columns) + kWords;
        const double height = kRow * static_cast<double>(descent.rows.size());
        const auto svg = out.open("svg", {{"viewBox", fmt::format("0 0 {} {}", width, height)},
                                          {"width", width},
                                          {"height", height},
                                          {"class", "tree"},
                                          {"role", "group"},
                                          {"aria-labelledby", "tree-title tree-desc"}});
        out.leaf("title", {{"id", "tree-title"}}, "Tree of descent");
        out.leaf("desc", {{"id", "tree-desc"}},
                 "Each row is a kernel. A line leads from each to the one that it was made from, "
                 "up to the task; the thick one leads to the best of the run.");
        Drawing(out, run, descent).draw();
    }
    const auto caption = out.open("figcaption");
    out.text("Each kernel stands below the one that it was made from. ");
    if (std::ranges::any_of(run.kernels, &Kernel::promoted))
        out.text("Those in rings took the place of the best. ");
    if (run.winner) out.text("The thick line leads to the best of the run. ");
    if (descent.folded > 0) {
        out.text(
            fmt::format("{} kernels are drawn, the {} that led nowhere, or least far, are "
                        "folded.",
                        descent.drawn, descent.folded));
    }
}

}  // namespace cupel::page
