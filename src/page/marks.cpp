// SPDX-License-Identifier: Apache-2.0
#include "page/marks.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "report/card.hpp"
#include "report/style.hpp"

namespace cupel::page {
namespace {

constexpr std::size_t kLongestName = 48;  // of an author or an operator

std::string circle(double x, double y, double radius) {
    return fmt::format("M{0:.1f} {1:.1f}a{2} {2} 0 1 0 {3} 0a{2} {2} 0 1 0 -{3} 0z", x - radius, y,
                       radius, 2 * radius);
}

std::string cross(double x, double y) {
    return fmt::format("M{:.1f} {:.1f}l8 8m0-8l-8 8", x - 4, y - 4);
}

}  // namespace

std::string_view words_of(Maker maker) {
    switch (maker) {
        case Maker::Schedule:
            return "schedule";
        case Maker::Cross:
            return "two schedules crossed";
        case Maker::Model:
            return "model";
        case Maker::Program:
            return "program";
        case Maker::Other:
            return "other";
    }
    return "other";
}

std::string_view class_of(Maker maker) {
    switch (maker) {
        case Maker::Schedule:
            return "m0";
        case Maker::Cross:
            return "m1";
        case Maker::Model:
            return "m2";
        case Maker::Program:
            return "m3";
        case Maker::Other:
            return "m4";
    }
    return "m4";
}

std::string shape_of(Maker maker, double x, double y) {
    switch (maker) {
        case Maker::Schedule:
            return circle(x, y, 4);
        case Maker::Cross:
            return fmt::format("M{:.1f} {:.1f}l5 5l-5 5l-5-5z", x, y - 5);
        case Maker::Model:
            return fmt::format("M{:.1f} {:.1f}h8v8h-8z", x - 4, y - 4);
        case Maker::Program:
            return fmt::format("M{:.1f} {:.1f}l5 9h-10z", x, y - 5);
        case Maker::Other:
            return fmt::format("M{:.1f} {:.1f}l5-8h-10z", x, y + 4);
    }
    return {};
}

std::string_view words_of(Fate fate) {
    switch (fate) {
        case Fate::Right:
            return "right";
        case Fate::Wrong:
            return "wrong";
        case Fate::Crashed:
            return "crashed or timed out";
        case Fate::Refused:
            return "does not compile";
        case Fate::Cheating:
            return "broke a law";
        case Fate::Barred:
            return "quarantined with one that broke a law";
        case Fate::Untried:
            return "not tried";
    }
    return "not tried";
}

std::string_view class_of(Fate fate) {
    switch (fate) {
        case Fate::Right:
            return "f0";
        case Fate::Wrong:
            return "f1";
        case Fate::Crashed:
            return "f2";
        case Fate::Refused:
            return "f3";
        case Fate::Cheating:
            return "f4";
        case Fate::Barred:
            return "f5";
        case Fate::Untried:
            return "f6";
    }
    return "f6";
}

std::string shape_of(Fate fate, double x, double y) {
    switch (fate) {
        case Fate::Right:
            return circle(x, y, 5);
        case Fate::Wrong:
            return cross(x, y);
        case Fate::Crashed:
            return fmt::format("M{:.1f} {:.1f}l5 9h-10z", x, y - 5);
        case Fate::Refused:
            return fmt::format("M{:.1f} {:.1f}h8v8h-8z", x - 4, y - 4);
        case Fate::Cheating:  // no entry
            return circle(x, y, 5) + fmt::format("M{:.1f} {:.1f}h6", x - 3, y);
        case Fate::Barred:
            return circle(x, y, 5) + fmt::format("M{:.1f} {:.1f}l7 7", x - 3.5, y - 3.5);
        case Fate::Untried:
            return circle(x, y, 2);
    }
    return {};
}

std::string star(double x, double y) {
    return fmt::format(
        "M{:.1f} {:.1f}l2.4 5.2l5.6.6l-4.2 3.8l1.2 5.6l-5-2.8l-5 2.8l1.2-5.6l-4.2-3.8l5.6-.6z", x,
        y - 8);
}

std::string figure_text(const Account& run, const verdict::Interval& figure) {
    if (!run.timed) {
        const std::string bound = format_seconds(figure.low);
        const std::string rank = format_seconds(figure.mid);
        return bound == rank ? bound : fmt::format("{}, ranks as {}", bound, rank);
    }
    constexpr double kWide = 100;
    if (figure.low > figure.mid / kWide && figure.high < figure.mid * kWide)
        return report::format_interval(figure);
    return fmt::format("{:.3g}x, to no more than a factor of {}", figure.mid, kWide);
}

std::string made_by(const Kernel& kernel) {
    const std::string text = report::shorten(kernel.way, kLongestName);
    if (kernel.author.empty()) return text.empty() ? std::string(words_of(kernel.maker)) : text;
    const std::string author = report::shorten(kernel.author, kLongestName);
    return kernel.author == kernel.way || text.empty() ? author : text + " by " + author;
}

void draw_key(Markup& out, std::string_view colour, const std::string& path) {
    const auto svg = out.open("svg", {{"class", "key"},
                                      {"viewBox", "0 0 16 16"},
                                      {"width", 16},
                                      {"height", 16},
                                      {"aria-hidden", "true"}});
    out.leaf("path", {{"class", colour}, {"d", path}});
}

}  // namespace cupel::page
