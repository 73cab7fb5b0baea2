// SPDX-License-Identifier: Apache-2.0
#include "page/chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "page/descent.hpp"
#include "page/marks.hpp"

namespace cupel::page {
namespace {

// Pixels.
constexpr double kWidth = 960;
constexpr double kLeft = 64;
constexpr double kRight = 920;
constexpr double kTop = 28;
constexpr double kBottom = 300;
constexpr double kStrip = 326;  // of kernels without a figure
constexpr double kHeight = 372;
constexpr double kCell = 6;  // what one mark stands for where there are too many

constexpr std::size_t kMostMarks = 400;  // each with its interval, its words and its link
constexpr std::size_t kMostPromoted = 120;
constexpr double kWidest = 200;  // between the best figure and the end of the axis

// None where there is none to show: what is no result has no figure.
const verdict::Interval* figure_of(const Kernel& kernel) {
    if (!kernel.figure || kernel.fate != Fate::Right) return nullptr;
    const verdict::Interval& figure = *kernel.figure;
    return std::isfinite(figure.mid) && figure.mid > 0 ? &figure : nullptr;
}

class Chart {
public:
    Chart(Markup& out, const Account& run) : out_(out), run_(run), scale_(scale_of(run)) {}

    void draw() {
        draw_axes();
        draw_claim();
        draw_best();
        if (run_.kernels.size() <= kMostMarks) {
            for (std::size_t at = 0; at < run_.kernels.size(); ++at)
                draw_mark(at);
        } else {
            draw_cells();
            draw_notable();
        }
    }

private:
    [[nodiscard]] double x_of(std::size_t at) const {
        const auto last = static_cast<double>(run_.kernels.size());
        return kLeft + (kRight - kLeft) * (static_cast<double>(at) + 0.5) / last;
    }
    [[nodiscard]] double y_of(double figure) const {
        return kBottom - (kBottom - kTop) * scale_.place(figure);
    }

    void draw_axes() {
        for (const double tick : ticks_of(scale_)) {
            const double y = y_of(tick);
            out_.leaf("path", {{"class", !run_.timed || tick != 1 ? "grid" : "grid one"},
                               {"d", fmt::format("M{} {:.1f}H{}", kLeft, y, kRight)}});
            const std::string label =
                run_.timed ? fmt::format("{:g}x", tick) : format_seconds(tick);
            out_.leaf("text",
                      {{"class", "tick"}, {"x", kLeft - 8}, {"y", y + 4}, {"text-anchor", "end"}},
                      label);
        }
        const std::size_t kernels = run_.kernels.size();
        std::size_t step = 1;
        for (const std::size_t factor : {5U, 2U, 5U, 2U, 5U, 2U, 5U, 2U, 5U, 2U, 5U, 2U})
            if (kernels / step > 10) step *= factor;
        for (std::size_t at = step - 1; at < kernels; at += step) {
            out_.leaf("text",
                      {{"class", "tick"},
                       {"x", x_of(at)},
                       {"y", kHeight - 22},
                       {"text-anchor", "middle"}},
                      std::to_string(run_.kernels[at].number));
        }
        out_.leaf("text",
                  {{"class", "axis"},
                   {"x", (kLeft + kRight) / 2},
                   {"y", kHeight - 4},
                   {"text-anchor", "middle"}},
                  "kernels in the order they were tried");
        out_.leaf("path", {{"class", "grid"},
                           {"d", fmt::format("M{} {}H{}", kLeft, kBottom + 12, kRight)}});
        out_.leaf("text",
                  {{"class", "tick"}, {"x", kLeft - 8}, {"y", kStrip + 4}, {"text-anchor", "end"}},
                  "no figure");
        out_.leaf("text", {{"class", "axis"}, {"x", 4}, {"y", 12}},
                  run_.timed ? "over naive" : "ranks as");
    }

    // The interval that is claimed; of bounds what no kernel beats.
    void draw_claim() {
        if (run_.claimed) {
            const double top = y_of(run_.claimed->high);
            out_.leaf("rect", {{"class", "claim"},
                               {"x", kLeft},
                               {"y", top},
                               {"width", kRight - kLeft},
                               {"height", std::max(2.0, y_of(run_.claimed->low) - top)}});
        }
        if (run_.floor) {
            const double y = y_of(*run_.floor);
            out_.leaf("path",
                      {{"class", "floor"}, {"d", fmt::format("M{} {:.1f}H{}", kLeft, y, kRight)}});
            out_.leaf("text", {{"class", "axis"}, {"x", kLeft + 8}, {"y", y - 6}},
                      "no kernel beats this there");
        }
    }

    // The best so far: a step at each kernel that took the place.
    void draw_best() {
        std::string path;
        for (std::size_t at = 0, steps = 0; at < run_.kernels.size() && steps < kMostPromoted;
             ++at) {
            const Kernel& kernel = run_.kernels[at];
            const verdict::Interval* figure = figure_of(kernel);
            if (figure == nullptr || !(kernel.promoted || run_.winner == at)) continue;
            const double y = y_of(figure->mid);
            path += path.empty() ? fmt::format("M{:.1f} {:.1f}", x_of(at), y)
                                 : fmt::format("H{:.1f}V{:.1f}", x_of(at), y);
            ++steps;
        }
        if (!path.empty())
            out_.leaf("path", {{"class", "best"}, {"d", fmt::format("{}H{}", path, kRight)}});
    }

    void draw_interval(std::size_t at, const verdict::Interval& figure) {
        if (!run_.timed || !(figure.high > figure.low)) return;
        out_.leaf("path", {{"class", fmt::format("bar {}", class_of(run_.kernels[at].maker))},
                           {"d", fmt::format("M{:.1f} {:.1f}V{:.1f}", x_of(at), y_of(figure.low),
                                             y_of(figure.high))}});
    }

    void draw_mark(std::size_t at) {
        const Kernel& kernel = run_.kernels[at];
        const verdict::Interval* figure = figure_of(kernel);
        const bool shown = figure != nullptr;
        const double x = x_of(at);
        const double y = shown ? y_of(figure->mid) : kStrip;
        const std::string words =
            fmt::format("{}: {}, {}", kernel.number, made_by(kernel),
                        shown ? figure_text(run_, *figure) : words_of(kernel.fate));
        const auto link = out_.open_link("k", kernel.number, words);
        out_.words("title", words);
        if (shown) draw_interval(at, *figure);
        const std::string shape = !shown              ? shape_of(kernel.fate, x, y)
                                  : run_.winner == at ? star(x, y)
                                                      : shape_of(kernel.maker, x, y);
        out_.leaf("path", {{"class", shown ? class_of(kernel.maker) : class_of(kernel.fate)},
                           {"d", shape}});
        if (shown && kernel.promoted)
            out_.leaf("circle", {{"class", "ring"}, {"cx", x}, {"cy", y}, {"r", 9}});
    }

    // One path for all kernels of a colour, with one mark for each cell of a few pixels.
    void draw_cells() {
        std::array<std::string, 5> made;
        std::array<std::string, kFates> failed;
        std::set<std::pair<long, long>> taken;
        for (std::size_t at = 0; at < run_.kernels.size(); ++at) {
            const Kernel& kernel = run_.kernels[at];
            const verdict::Interval* figure = figure_of(kernel);
            const bool shown = figure != nullptr;
            const double y = shown ? y_of(figure->mid) : kStrip;
            const double cell = shown ? kCell : 2 * kCell;
            const auto row = shown ? std::lround(y / kCell) : -1;
            if (!taken.emplace(std::lround(x_of(at) / cell), row).second) continue;
            if (shown) {
                made.at(static_cast<std::size_t>(kernel.maker)) +=
                    shape_of(kernel.maker, x_of(at), y);
            } else {
                failed.at(static_cast<std::size_t>(kernel.fate)) +=
                    shape_of(kernel.fate, x_of(at), y);
            }
        }
        for (std::size_t i = 0; i < made.size(); ++i)
            draw_many(class_of(static_cast<Maker>(i)), made.at(i));
        for (std::size_t i = 0; i < failed.size(); ++i)
            draw_many(class_of(static_cast<Fate>(i)), failed.at(i));
    }

    void draw_many(std::string_view colour, const std::string& path) {
        if (path.empty()) return;
        out_.leaf("path", {{"class", fmt::format("many {}", colour)}, {"d", path}});
    }

    void draw_notable() {
        const std::vector<std::size_t> order = by_weight(run_);
        for (std::size_t i = 0; i < std::min(order.size(), kMostPromoted); ++i) {
            const Kernel& kernel = run_.kernels[order[i]];
            if (run_.winner == order[i] || (kernel.promoted && figure_of(kernel) != nullptr))
                draw_mark(order[i]);
        }
    }

    Markup& out_;
    const Account& run_;
    Scale scale_;
};

void draw_makers(Markup& out, const Account& run) {
    const auto list = out.open("ul", {{"class", "legend"}});
    for (const Maker maker :
         {Maker::Schedule, Maker::Cross, Maker::Model, Maker::Program, Maker::Other}) {
        const auto count = std::ranges::count(run.kernels, maker, &Kernel::maker);
        if (count == 0) continue;
        const auto item = out.open("li");
        draw_key(out, class_of(maker), shape_of(maker, kKeyCentre, kKeyCentre));
        out.text(fmt::format("{} ({})", words_of(maker), count));
    }
    if (run.winner) {
        const auto item = out.open("li");
        draw_key(out, "win", star(kKeyCentre, kKeyCentre));
        out.text("the best of the run");
    }
    if (std::ranges::any_of(run.kernels, &Kernel::promoted)) {
        const auto item = out.open("li");
        draw_key(out, "ring", "M1 8a7 7 0 1 0 14 0a7 7 0 1 0 -14 0z");
        out.text("took the place of the best");
    }
}

}  // namespace

double Scale::place(double figure) const {
    if (!(figure > 0)) return 0;
    const double place = std::log(figure / low) / std::log(high / low);
    return std::isnan(place) ? 0 : std::clamp(place, 0.0, 1.0);
}

Scale scale_of(const Account& run) {
    Scale scale{std::numeric_limits<double>::infinity(), 0};
    const auto take = [&](double figure) {
        if (!std::isfinite(figure) || !(figure > 0)) return;
        scale.low = std::min(scale.low, figure);
        scale.high = std::max(scale.high, figure);
    };
    for (const Kernel& kernel : run.kernels)
        if (const verdict::Interval* figure = figure_of(kernel)) take(figure->mid);
    if (run.claimed) {
        take(run.claimed->low);
        take(run.claimed->high);
    }
    if (run.floor) take(*run.floor);
    if (run.timed) take(1);
    if (!(scale.low < scale.high))
        return scale.high > 0 ? Scale{scale.high / 2, scale.high * 2} : Scale{0.5, 2};
    if (run.timed) {
        scale.low = std::max(scale.low, scale.high / kWidest);
    } else {
        scale.high = std::min(scale.high, scale.low * kWidest);
    }
    constexpr double kMargin = 1.08;
    return {scale.low / kMargin, scale.high * kMargin};
}

std::vector<double> ticks_of(const Scale& scale) {
    constexpr std::size_t kMost = 8;
    const double first = std::floor(std::log10(scale.low));
    const double last = std::ceil(std::log10(scale.high));
    const double stride = std::max(1.0, std::ceil((last - first) / static_cast<double>(kMost)));
    std::vector<double> ticks;
    // Finer steps only while they are few enough.
    for (const std::vector<double>& steps :
         {std::vector<double>{1},
          {1, 3},
          {1, 2, 5},
          {1, 1.5, 2, 3, 4, 5, 7},
          {1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2, 2.2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9}}) {
        std::vector<double> finer;
        for (int i = 0; first + i * stride <= last; ++i) {
            const double decade = first + i * stride;
            for (const double step : steps) {
                const double tick = step * std::pow(10.0, decade);
                if (tick >= scale.low && tick <= scale.high) finer.push_back(tick);
            }
        }
        if (finer.size() > kMost && !ticks.empty()) break;
        ticks = std::move(finer);
    }
    return ticks;
}

void draw_chart(Markup& out, const Account& run) {
    const auto figure = out.open("figure", {{"id", "chart"}});
    draw_makers(out, run);
    {
        const auto scroll = out.open("div", {{"class", "scroll"},
                                             {"tabindex", 0},
                                             {"role", "group"},
                                             {"aria-label", "chart of all kernels"}});
        const auto svg = out.open("svg", {{"viewBox", fmt::format("0 0 {} {}", kWidth, kHeight)},
                                          {"class", "chart"},
                                          {"role", "group"},
                                          {"aria-labelledby", "chart-title chart-desc"}});
        out.leaf("title", {{"id", "chart-title"}},
                 run.timed ? "Speedup over naive of each kernel"
                           : "Bound by which each kernel is ranked");
        out.leaf(
            "desc", {{"id", "chart-desc"}},
            "From left to right the kernels in the order they were tried, upwards their figure "
            "on a logarithmic axis. A line follows the best so far. Those without a figure "
            "stand in a strip below. The table holds the same figures.");
        Chart(out, run).draw();
    }
    const auto caption = out.open("figcaption");
    if (run.timed) {
        out.text(
            "Speedup over the honest naive kernel, by screenings that were chained through the "
            "best so far: they rank kernels and claim nothing. Vertical bars are 95 % intervals. ");
        if (run.claimed)
            out.text("The band is the claim: the winner, measured again on fresh questions. ");
    } else {
        out.text(fmt::format(
            "What kernels are ranked by: lower bounds of time on {}, from counts and a data sheet, "
            "weighed where few warps hide latency. Lower is better; nothing was timed. ",
            run.gpu));
    }
    if (run.kernels.size() > kMostMarks)
        out.text("There are many kernels: where marks would cover each other, one stands for all.");
}

}  // namespace cupel::page
