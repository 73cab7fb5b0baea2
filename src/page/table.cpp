// SPDX-License-Identifier: Apache-2.0
#include "page/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "page/descent.hpp"
#include "page/marks.hpp"
#include "report/style.hpp"

namespace cupel::page {
namespace {

constexpr std::size_t kMostParents = 4;
constexpr std::size_t kMostLines = 8;  // of findings and trials

class Table {
public:
    Table(Markup& out, const Account& run) : out_(out), run_(run), budget_(run.kernels.size(), 0) {
        const std::vector<std::size_t> order = by_weight(run);
        for (std::size_t i = 0; i < std::min(order.size(), kMostRows); ++i)
            budget_[order[i]] = i < kMostFull ? kFullText : i < kMostTexts ? kText : kMostWords;
        islands_ = std::ranges::any_of(
            run.kernels, [](const Kernel& kernel) { return kernel.island.has_value(); });
        asked_ = std::ranges::any_of(run.kernels,
                                     [](const Kernel& kernel) { return !kernel.author.empty(); });
    }

    Result<void> draw() {
        const auto scroll = out_.open("div", {{"class", "scroll"},
                                              {"tabindex", 0},
                                              {"role", "group"},
                                              {"aria-label", "table of kernels"}});
        const auto table = out_.open("table", {{"class", "kernels"}});
        out_.words("caption",
                   run_.timed ? "Figures of screenings rank kernels and claim nothing; judged are "
                                "the finalists, claimed is what stands at the top."
                              : "Bounds rank kernels; nothing was timed.");
        draw_head();
        const auto body = out_.open("tbody");
        for (std::size_t at = 0; at < run_.kernels.size(); ++at) {
            if (budget_[at] == 0) continue;
            draw_row(at);
            CUPEL_DO(draw_texts(at));
        }
        return {};
    }

private:
    void draw_head() {
        const auto head = out_.open("thead");
        const auto row = out_.open("tr");
        for (const std::string_view name : {std::string_view("kernel"), std::string_view("made by"),
                                            std::string_view("from"), std::string_view("outcome"),
                                            run_.timed ? std::string_view("over naive, screened")
                                                       : std::string_view("lower bound of time"),
                                            std::string_view("trials")})
            out_.leaf("th", {{"scope", "col"}}, name);
        if (asked_) out_.leaf("th", {{"scope", "col"}}, "asked for");
        if (islands_) out_.leaf("th", {{"scope", "col"}}, "island");
    }

    void draw_row(std::size_t at) {
        const Kernel& kernel = run_.kernels[at];
        const bool winner = run_.winner == at;
        const auto row = out_.open("tr", {{"id", fmt::format("k{}", kernel.number)},
                                          {"class", winner ? "best-row" : "row"}});
        {
            const auto head = out_.open("th", {{"scope", "row"}});
            out_.text(std::to_string(kernel.number));
            if (winner) out_.leaf("span", {{"class", "tag"}}, "best");
        }
        {
            const auto cell = out_.open("td");
            draw_key(out_, class_of(kernel.maker), shape_of(kernel.maker, kKeyCentre, kKeyCentre));
            out_.text(report::one_line(made_by(kernel)));
        }
        draw_parents(kernel);
        {
            const auto cell = out_.open("td");
            draw_key(out_, class_of(kernel.fate), shape_of(kernel.fate, kKeyCentre, kKeyCentre));
            out_.text(kernel.fate == Fate::Right ? report::shorten(kernel.status, 40)
                                                 : std::string(words_of(kernel.fate)));
            if (kernel.promoted) out_.leaf("span", {{"class", "tag"}}, "took the place");
        }
        draw_figure(kernel);
        out_.leaf("td", {{"class", "number"}},
                  kernel.seconds > 0 ? format_seconds(kernel.seconds) : "");
        if (asked_) draw_cost(kernel);
        if (islands_) {
            out_.leaf("td", {{"class", "number"}},
                      kernel.island ? std::to_string(*kernel.island + 1) : "");
        }
    }

    void draw_parents(const Kernel& kernel) {
        const auto cell = out_.open("td");
        for (std::size_t i = 0; i < std::min(kernel.parents.size(), kMostParents); ++i) {
            if (i > 0) out_.text(", ");
            const std::size_t parent = kernel.parents[i];
            const std::int64_t number = run_.kernels[parent].number;
            if (budget_[parent] == 0) {
                out_.text(std::to_string(number));
                continue;
            }
            const auto link = out_.open_link("k", number);
            out_.text(std::to_string(number));
        }
        if (kernel.parents.size() > kMostParents) out_.text(", ...");
    }

    // What is no result has no figure.
    void draw_figure(const Kernel& kernel) {
        const auto cell = out_.open("td", {{"class", "number"}});
        if (kernel.fate != Fate::Right) return;
        if (kernel.figure) out_.text(figure_text(run_, *kernel.figure));
        if (kernel.judged.empty()) return;
        out_.leaf("div", {{"class", "judged"}}, kernel.judged);
    }

    void draw_cost(const Kernel& kernel) {
        const auto cell = out_.open("td", {{"class", "number"}});
        if (kernel.author.empty()) return;
        if (kernel.maker == Maker::Model)
            out_.text(fmt::format("${:.4f}, {} tokens, ", kernel.dollars, kernel.tokens));
        out_.text(format_seconds(kernel.asked_seconds));
    }

    Result<void> draw_texts(std::size_t at) {
        CUPEL_TRY(const Texts texts, run_.texts(at, budget_[at] > kMostWords));
        const Kernel& kernel = run_.kernels[at];
        const auto row = out_.open("tr", {{"class", "more"}});
        const auto cell = out_.open("td", {{"colspan", 6 + (asked_ ? 1 : 0) + (islands_ ? 1 : 0)}});
        const auto details = out_.open("details");
        const std::size_t most = budget_[at];
        out_.words("summary", summary_of(texts, kernel, most));
        const std::size_t words = most <= kMostWords ? kFewWords : kMostWords;
        lines("trials", texts.trials, words);
        lines("findings", texts.findings, words);
        block("idea", texts.idea, words);
        if (kernel.fate != Fate::Right)
            block("what was found", texts.detail, std::min(most, kText));
        if (most <= kMostWords) {
            out_.leaf("p", {{"class", "quiet"}}, "its text is left out of this page:");
            out_.words("pre", fmt::format("cupel show {} --kernel {}", run_.name, kernel.number));
            return {};
        }
        block("schedule", texts.schedule, kText);
        if (!texts.change.empty() && !kernel.parents.empty()) {
            block(fmt::format("changed of {}", run_.kernels[kernel.parents.front()].number),
                  texts.change, kText);
        }
        block("text", texts.source, most);
        return {};
    }

    static std::string summary_of(const Texts& texts, const Kernel& kernel, std::size_t most) {
        std::vector<std::string> parts;
        if (!texts.trials.empty()) parts.emplace_back("trials");
        if (!texts.findings.empty()) parts.emplace_back("findings");
        if (!texts.idea.empty()) parts.emplace_back("idea");
        if (most > kMostWords) {
            if (!texts.change.empty()) parts.emplace_back("change");
            parts.emplace_back("text");
        }
        return fmt::format("{}: {}", kernel.number, join(parts, ", "));
    }

    void lines(std::string_view title, const std::vector<std::string>& all, std::size_t words) {
        if (all.empty()) return;
        out_.leaf("div", {{"class", "heading"}}, title);
        const auto list = out_.open("ul");
        for (std::size_t i = 0; i < std::min(all.size(), kMostLines); ++i) {
            const auto item = out_.open("li");
            out_.cut(all[i], words);
        }
        if (all.size() > kMostLines)
            out_.words("li", fmt::format("... and {} more", all.size() - kMostLines));
    }

    void block(std::string_view title, std::string_view text, std::size_t most) {
        if (trim(text).empty()) return;
        out_.leaf("div", {{"class", "heading"}}, title);
        const auto pre = out_.open("pre", {{"tabindex", 0}});
        out_.cut(text, most);
    }

    Markup& out_;
    const Account& run_;
    std::vector<std::size_t> budget_;  // bytes of its text that are shown; 0: it has no row
    bool islands_ = false;
    bool asked_ = false;
};

}  // namespace

Result<void> draw_table(Markup& out, const Account& run) {
    CUPEL_DO(Table(out, run).draw());
    if (run.kernels.size() <= kMostRows) return {};
    const auto note = out.open("p", {{"class", "quiet"}});
    out.text(
        fmt::format("{} of {} kernels are listed, those that matter most; cupel show {} lists "
                    "all.",
                    kMostRows, run.kernels.size(), run.name));
    return {};
}

}  // namespace cupel::page
