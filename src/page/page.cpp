// SPDX-License-Identifier: Apache-2.0
#include "page/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/text.hpp"
#include "page/chart.hpp"
#include "page/marks.hpp"
#include "page/markup.hpp"
#include "page/stylesheet.hpp"
#include "page/table.hpp"
#include "page/tree.hpp"
#include "report/style.hpp"

namespace cupel::page {
namespace {

constexpr std::size_t kMostFacts = 40;
constexpr std::size_t kMostFactLines = 24;
constexpr std::size_t kMostWordsOfFact = 2'000;
constexpr std::size_t kMostFormula = 16'000;
constexpr std::size_t kMostSpenders = 60;

std::string_view class_of(report::Tone tone) {
    switch (tone) {
        case report::Tone::Good:
            return "seal good";
        case report::Tone::Bad:
            return "seal bad";
        case report::Tone::Doubtful:
            return "seal doubtful";
        case report::Tone::Plain:
        case report::Tone::Strong:
        case report::Tone::Quiet:
            return "seal";
    }
    return "seal";
}

void draw_facts(Markup& out, const std::vector<Fact>& facts) {
    const auto list = out.open("dl");
    for (std::size_t i = 0; i < std::min(facts.size(), kMostFacts); ++i) {
        const Fact& fact = facts[i];
        const auto group = out.open("div");
        out.words("dt", report::shorten(report::one_line(fact.label), 60));
        for (std::size_t line = 0; line < std::min(fact.lines.size(), kMostFactLines); ++line) {
            const auto item = out.open("dd");
            const auto inner = out.open(fact.command ? Tag("code") : Tag("span"));
            out.cut(fact.lines[line], kMostWordsOfFact);
        }
        if (fact.lines.size() > kMostFactLines)
            out.words("dd", fmt::format("... and {} more", fact.lines.size() - kMostFactLines));
    }
}

// A bar of characters is for terminals; the share stands behind it.
std::string without_bar(const std::string& line) {
    const bool bar = line.starts_with("\u00b7") || (line >= "\u2588" && line < "\u2590");
    return bar ? line.substr(std::min(line.size(), line.find(' ') + 1)) : line;
}

// A row without a label goes on below the row before.
std::vector<Fact> facts_of(const std::vector<report::Row>& rows) {
    std::vector<Fact> facts;
    for (const report::Row& row : rows) {
        if (!row.label.empty() || facts.empty()) facts.push_back({.label = row.label, .lines = {}});
        std::vector<std::string>& lines = facts.back().lines;
        std::ranges::transform(row.lines, std::back_inserter(lines), without_bar);
    }
    return facts;
}

void draw_head(Markup& out, const Account& run) {
    const auto header = out.open("header");
    {
        const auto line = out.open("p", {{"class", "over"}});
        out.text("Cupel, a run: ");
        out.text(report::shorten(report::one_line(run.name), 80));
    }
    {
        const auto title = out.open("h1");
        out.cut(report::one_line(run.task), 200);
        out.leaf("span", {{"class", class_of(run.tone)}},
                 report::shorten(report::one_line(run.seal), 80));
    }
    if (!run.title.empty()) {
        const auto line = out.open("p", {{"class", "title"}});
        out.cut(report::one_line(run.title), 400);
    }
    {
        const auto line = out.open("p", {{"class", "headline"}});
        out.cut(report::one_line(run.headline), kMostWordsOfFact);
    }
    draw_facts(out, facts_of(run.rows));
    const auto line = out.open("p", {{"class", "quiet"}});
    const auto count = [&](auto&& is) { return std::ranges::count_if(run.kernels, is); };
    out.text(fmt::format("{} kernels, {} of them tried, {} right, {} quarantined",
                         run.kernels.size(),
                         count([](const Kernel& kernel) { return kernel.fate != Fate::Untried; }),
                         count([](const Kernel& kernel) { return kernel.fate == Fate::Right; }),
                         count([](const Kernel& kernel) {
                             return kernel.fate == Fate::Cheating || kernel.fate == Fate::Barred;
                         })));
    if (!run.began.empty()) out.text(fmt::format("; from {} to {}", run.began, run.ended));
    out.text(run.ongoing ? "; the search goes on, and this page is of before its end" : "");
}

void draw_spender(Markup& out, const Spent& spent) {
    const auto row = out.open("tr");
    {
        const auto head = out.open("th", {{"scope", "row"}});
        draw_key(out, class_of(spent.maker), shape_of(spent.maker, kKeyCentre, kKeyCentre));
        out.text(report::shorten(
            report::one_line(spent.author.empty() ? std::string(words_of(spent.maker))
                                                  : spent.author),
            60));
    }
    out.words("td", report::shorten(report::one_line(spent.way), 40));
    const auto number = [&](const std::string& text) {
        out.leaf("td", {{"class", "number"}}, text);
    };
    number(spent.asked > 0 ? std::to_string(spent.asked) : "");
    number(std::to_string(spent.kernels));
    number(std::to_string(spent.right));
    number(std::to_string(spent.promoted));
    const bool model = spent.maker == Maker::Model;
    number(model ? fmt::format("${:.4f}", spent.dollars) : "");
    number(model ? std::to_string(spent.tokens) : "");
    number(spent.asked_seconds > 0 ? format_seconds(spent.asked_seconds) : "");
    number(spent.trial_seconds > 0 ? format_seconds(spent.trial_seconds) : "");
}

void draw_spending(Markup& out, const Account& run) {
    if (run.spending.empty()) return;
    const auto scroll = out.open("div", {{"class", "scroll"},
                                         {"tabindex", 0},
                                         {"role", "group"},
                                         {"aria-label", "table of costs"}});
    const auto table = out.open("table");
    {
        const auto head = out.open("thead");
        const auto row = out.open("tr");
        for (const std::string_view name :
             {"made by", "operator", "asked", "kernels", "right", "took the place", "dollars",
              "tokens", "time asked", "time of trials"})
            out.leaf("th", {{"scope", "col"}}, name);
    }
    const auto body = out.open("tbody");
    for (std::size_t i = 0; i < std::min(run.spending.size(), kMostSpenders); ++i)
        draw_spender(out, run.spending[i]);
}

// A part of the page under its title, up to the end of the scope.
class Section {
public:
    Section(Markup& out, std::string_view title) : element_(out.open("section")) {
        out.words("h2", title);
    }

private:
    Markup::Element element_;
};

}  // namespace

Result<std::string> print(const Account& run) {
    Markup out;
    out.begin(fmt::format("{}: {}", report::shorten(run.task, 40), report::shorten(run.seal, 26)),
              kStylesheet);
    {
        const auto body = out.open("body");
        const auto main = out.open("main");
        draw_head(out, run);
        if (!run.kernels.empty()) {
            {
                const Section part(out, "How the best came to be");
                draw_chart(out, run);
            }
            {
                const Section part(out, "Who descends from whom");
                draw_tree(out, run);
            }
        }
        {
            const Section part(out, "What it cost");
            draw_spending(out, run);
            if (!run.spending_ended.empty()) {
                const auto line = out.open("p");
                out.text("Models were asked no more: ");
                out.cut(run.spending_ended, kMostWordsOfFact);
            }
        }
        {
            const Section part(out, "Where, and against what");
            draw_facts(out, run.conditions);
        }
        {
            const Section part(out, "Proof");
            draw_facts(out, run.proof);
        }
        {
            const Section part(out, "Kernels");
            CUPEL_DO(draw_table(out, run));
        }
        const Section part(out, "The task");
        const auto pre = out.open("pre", {{"tabindex", 0}});
        out.cut(run.formula, kMostFormula);
    }
    return std::move(out).end();
}

}  // namespace cupel::page
