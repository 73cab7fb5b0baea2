// SPDX-License-Identifier: Apache-2.0
#include "cli/page_kernels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <tuple>
#include <utility>

#include "base/text.hpp"
#include "engineer/change.hpp"
#include "engineer/note.hpp"
#include "engineer/screening.hpp"
#include "engineer/writer.hpp"
#include "report/card.hpp"
#include "report/style.hpp"

namespace cupel::cli {
namespace {

using page::Fate;
using page::Maker;
using verdict::Status;

constexpr std::size_t kLongestName = 80;

// Names in an archive are anybody's: a page holds one of each kernel.
std::string name_of(const std::string& text) {
    return report::shorten(text, kLongestName);
}

Fate fate_of(Status status) {
    switch (status) {
        case Status::Accepted:
        case Status::Faster:
        case Status::Slower:
        case Status::NotResolved:
            return Fate::Right;
        case Status::Wrong:
        case Status::TaskRefused:
            return Fate::Wrong;
        case Status::Crashed:
        case Status::TimedOut:
            return Fate::Crashed;
        case Status::CompileError:
            return Fate::Refused;
        case Status::Cheating:
        case Status::Impossible:
            return Fate::Cheating;
    }
    return Fate::Wrong;
}

// Who made it, where nobody was asked for it.
void describe_unasked(page::Kernel& kernel, const archive::KernelRecord& record,
                      const std::vector<page::Kernel>& earlier) {
    const std::string& origin = record.kernel.origin;
    if (record.phase == engineer::kSweep && !kernel.parents.empty()) {
        kernel.maker = earlier[kernel.parents.front()].maker;
        kernel.way = "setting";
    } else if (origin == "model" || origin == engineer::kCommand) {
        kernel.maker = origin == "model" ? Maker::Model : Maker::Program;
        kernel.way = name_of(record.phase);
    } else if (record.kernel.schedule.empty()) {
        kernel.way = origin == "device" ? "naive" : name_of(origin);
    } else {
        kernel.maker = kernel.parents.size() > 1 ? Maker::Cross : Maker::Schedule;
        kernel.way = kernel.parents.size() > 1    ? "cross"
                     : kernel.parents.size() == 1 ? "neighbour"
                     : record.phase == "seeds"    ? "seed"
                                                  : name_of(record.phase);
    }
}

void describe_asked(page::Kernel& kernel, const archive::Ask& ask) {
    kernel.maker = ask.author == engineer::kCommand ? Maker::Program : Maker::Model;
    kernel.author = kernel.maker == Maker::Program ? "program" : name_of(ask.author);
    kernel.way = kernel.maker == Maker::Program ? "" : name_of(ask.way);
    kernel.asked_seconds = ask.seconds;
    kernel.dollars = ask.dollars;
    kernel.tokens = ask.input + ask.output;
}

// Reads the verdicts in order, and keeps of each kernel what is shown.
class Judgements {
public:
    explicit Judgements(PageKernels& all)
        : all_(all), half_widths_(all.kernels.size(), 0), quarantined_(all.kernels.size(), false) {}

    void quarantine(std::size_t place) { quarantined_[place] = true; }

    void take(archive::VerdictRecord record) {
        const auto found = all_.places.find(record.kernel);
        if (found == all_.places.end()) return;
        const std::size_t place = found->second;
        page::Kernel& kernel = all_.kernels[place];
        kernel.seconds += record.seconds;
        all_.ended = std::max(all_.ended, record.at);
        // What was wrong once was never right.
        const Fate fate = fate_of(record.verdict.status);
        if (kernel.fate == Fate::Untried || kernel.fate == Fate::Right) kernel.fate = fate;
        if (fate == Fate::Cheating) kernel.fate = fate;
        kernel.status =
            kernel.fate == Fate::Right ? "right" : report::seal_of(record.verdict.status);
        if (record.incumbent) promote(*record.incumbent);
        if (record.trial == archive::Trial::Screen || record.verdict.bound)
            take_figure(place, record);
        if (record.trial != archive::Trial::Screen) take_judgement(place, std::move(record));
    }

    void finish() {
        for (std::size_t place = 0; place < all_.kernels.size(); ++place) {
            page::Kernel& kernel = all_.kernels[place];
            if (quarantined_[place] && kernel.fate != Fate::Cheating) kernel.fate = Fate::Barred;
            if (kernel.fate == Fate::Right) continue;
            kernel.figure.reset();
            kernel.judged.clear();
            kernel.promoted = false;
        }
    }

private:
    void promote(archive::KernelId incumbent) {
        const auto found = all_.places.find(incumbent);
        if (found == all_.places.end()) return;
        all_.kernels[found->second].promoted = true;
        all_.incumbent = found->second;
    }

    void take_figure(std::size_t place, const archive::VerdictRecord& record) {
        std::optional<verdict::Interval>& figure = all_.kernels[place].figure;
        figure.reset();
        if (record.verdict.bound) {
            const double bound = record.verdict.bound->seconds;
            const double rank = std::max(bound, record.verdict.bound->weighed);
            if (bound > 0) figure = verdict::Interval{bound, rank, rank, 1};
            return;
        }
        const auto reading = engineer::read_screen(record.verdict);
        if (!record.score || !reading) return;
        double half = reading->half_width;
        if (record.incumbent) {
            const auto found = all_.places.find(*record.incumbent);
            if (found != all_.places.end()) half = std::hypot(half, half_widths_[found->second]);
        }
        half_widths_[place] = half;
        figure = verdict::Interval{std::exp(*record.score - half), std::exp(*record.score),
                                   std::exp(*record.score + half), 0.95};
    }

    void take_judgement(std::size_t place, archive::VerdictRecord record) {
        const bool again = record.trial == archive::Trial::Confirm;
        std::string& judged = all_.kernels[place].judged;
        if (record.verdict.bound) {
            judged = "verified again";
        } else if (record.verdict.speedup) {
            judged = fmt::format("{} {} over {}", again ? "measured again:" : "judged:",
                                 report::format_interval(record.verdict.speedup->ratio),
                                 name_of(record.verdict.speedup->baseline));
        }
        record.verdict.samples.clear();
        if (!again) {
            selected_[place] = std::move(record.verdict);
            return;
        }
        all_.last = TwiceJudged{place, std::nullopt, std::move(record.verdict)};
        if (const auto found = selected_.find(place); found != selected_.end())
            all_.last->selected = found->second;
    }

    PageKernels& all_;
    std::vector<double> half_widths_;  // of logs of figures
    std::vector<bool> quarantined_;
    std::map<std::size_t, verdict::Verdict> selected_;
};

// Of what is no result no figure is repeated: what it seemed to be was not so.
std::string trial_line(const archive::VerdictRecord& record, Fate fate) {
    const bool right = verdict::is_right(record.verdict.status);
    return fmt::format("{}: {}", archive::trial_name(record.trial),
                       right && fate != Fate::Right ? "passed, and proves nothing"
                                                    : verdict::headline(record.verdict));
}

}  // namespace

Result<PageKernels> PageKernels::read(archive::Archive& archive) {
    PageKernels all;
    CUPEL_TRY(all.asks, archive.asks());
    std::map<archive::KernelId, std::size_t> first_ask;
    for (std::size_t i = 0; i < all.asks.size(); ++i)
        if (const auto made = all.asks[i].kernel) first_ask.try_emplace(*made, i);
    std::vector<std::size_t> quarantined;
    CUPEL_DO(archive.each_kernel([&](const archive::KernelRecord& record) -> Result<void> {
        const std::size_t place = all.kernels.size();
        page::Kernel kernel;
        kernel.number = record.id;
        for (const archive::KernelId parent : record.parents) {
            if (const auto found = all.places.find(parent); found != all.places.end())
                kernel.parents.push_back(found->second);
        }
        if (const auto ask = first_ask.find(record.id); ask != first_ask.end()) {
            all.asked[place] = ask->second;
            describe_asked(kernel, all.asks[ask->second]);
        } else {
            describe_unasked(kernel, record, all.kernels);
        }
        if (record.quarantined) quarantined.push_back(place);
        if (all.began.empty()) all.began = record.at;
        all.ended = std::max(all.ended, record.at);
        all.places[record.id] = place;
        all.kernels.push_back(std::move(kernel));
        return {};
    }));
    Judgements judgements(all);
    for (const std::size_t place : quarantined)
        judgements.quarantine(place);
    CUPEL_DO(archive.each_verdict([&](archive::VerdictRecord record) -> Result<void> {
        judgements.take(std::move(record));
        return {};
    }));
    judgements.finish();
    return all;
}

std::vector<page::Spent> PageKernels::spending() const {
    std::map<std::tuple<Maker, std::string, std::string>, page::Spent> rows;
    const auto row_of = [&](Maker maker, const std::string& author,
                            const std::string& way) -> page::Spent& {
        page::Spent& row = rows[{maker, author, way}];
        row.maker = maker;
        row.author = author;
        row.way = way;
        return row;
    };
    for (const page::Kernel& kernel : kernels) {
        page::Spent& row = row_of(kernel.maker, kernel.author, kernel.way);
        ++row.kernels;
        row.right += kernel.fate == Fate::Right ? 1 : 0;
        row.promoted += kernel.promoted ? 1 : 0;
        row.trial_seconds += kernel.seconds;
    }
    for (const archive::Ask& ask : asks) {
        page::Kernel whose;
        describe_asked(whose, ask);
        page::Spent& row = row_of(whose.maker, whose.author, whose.way);
        ++row.asked;
        row.dollars += whose.dollars;
        row.tokens += whose.tokens;
        row.asked_seconds += whose.asked_seconds;
    }
    std::vector<page::Spent> list;
    list.reserve(rows.size());
    for (auto& [who, row] : rows)
        list.push_back(std::move(row));
    return list;
}

std::optional<std::size_t> PageKernels::best() const {
    if (!incumbent || kernels.at(*incumbent).fate != Fate::Right) return std::nullopt;
    return incumbent;
}

Result<page::Texts> PageKernels::texts(archive::Archive& archive, std::size_t place,
                                       bool whole) const {
    const page::Kernel& kernel = kernels.at(place);
    page::Texts texts;
    CUPEL_TRY(const auto verdicts, archive.verdicts(kernel.number));
    for (const archive::VerdictRecord& record : verdicts) {
        texts.trials.push_back(trial_line(record, kernel.fate));
        texts.detail = record.verdict.detail;
    }
    if (!verdicts.empty()) texts.findings = verdicts.back().verdict.findings;
    auto ask = asked.find(place);
    if (ask == asked.end() && kernel.way == "setting") ask = asked.find(kernel.parents.front());
    if (ask != asked.end()) texts.idea = asks[ask->second].idea;
    if (!whole) return texts;
    CUPEL_TRY(auto record, archive.kernel(kernel.number));
    if (!record) return texts;
    texts.source = std::move(record->kernel.source);
    texts.schedule = std::move(record->kernel.schedule);
    if (kernel.parents.empty()) return texts;
    CUPEL_TRY(const auto parent, archive.kernel(kernels[kernel.parents.front()].number));
    if (parent) texts.change = engineer::change_between(parent->kernel.source, texts.source);
    return texts;
}

}  // namespace cupel::cli
