// SPDX-License-Identifier: Apache-2.0
// admit: does the task pin its function down (law 9)?
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/workplace.hpp"
#include "os/clock.hpp"

namespace cupel::cli {
namespace {

using Admission = referee::Referee::Admission;
using Control = referee::Referee::Control;
using Ruling = referee::Referee::Ruling;

nlohmann::json to_json(const std::string& task, const Admission& admission, double seconds) {
    auto controls = nlohmann::json::array();
    for (const Control& control : admission.controls) {
        controls.push_back(
            {{"kind", control.kind},
             {"name", control.name},
             {"ruling", referee::ruling_name(control.ruling)},
             {"rejected", control.rejected},
             {"how", control.how},
             {"margin", control.margin > 0 ? nlohmann::json(control.margin) : nlohmann::json()}});
    }
    return {{"task", task},
            {"status", admission.admitted ? "accepted" : "task_refused"},
            {"reason", admission.reason},
            {"controls", std::move(controls)},
            {"seconds", seconds}};
}

std::vector<std::string> kinds_of(const Admission& admission) {
    std::vector<std::string> kinds;
    for (const Control& control : admission.controls) {
        if (std::ranges::find(kinds, control.kind) == kinds.end()) kinds.push_back(control.kind);
    }
    return kinds;
}

// "14 rejected, 2 equivalent"
std::string tally(const std::vector<const Control*>& controls) {
    std::vector<std::string> parts;
    for (const Ruling ruling :
         {Ruling::Rejected, Ruling::Equivalent, Ruling::Unreached, Ruling::Accepted}) {
        const auto count =
            std::ranges::count(controls, ruling, [](const Control* one) { return one->ruling; });
        if (count > 0) parts.push_back(fmt::format("{} {}", count, referee::ruling_name(ruling)));
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

// How many of a kind, the one that was told from the truth by the least, and all that were not.
report::Row row_of(const std::string& kind, const Admission& admission) {
    std::vector<const Control*> controls;
    const Control* weakest = nullptr;
    for (const Control& control : admission.controls) {
        if (control.kind != kind) continue;
        controls.push_back(&control);
        const bool measured = control.ruling == Ruling::Rejected && control.margin > 1;
        if (measured && (weakest == nullptr || control.margin < weakest->margin))
            weakest = &control;
    }
    report::Row row{.label = kind, .lines = {tally(controls)}};
    if (weakest != nullptr) {
        row.lines.push_back(
            fmt::format("weakest, {:.3g} times the tolerance: {}", weakest->margin, weakest->name));
    }
    for (const Control* control : controls) {
        if (control->ruling == Ruling::Rejected) continue;
        const bool accepted = control->ruling == Ruling::Accepted;
        row.lines.push_back(
            fmt::format("{}: {}: {}", accepted ? "ACCEPTED" : referee::ruling_name(control->ruling),
                        control->name, control->how));
    }
    return row;
}

report::Card card_of(const std::string& task, const Admission& admission, double seconds) {
    report::Card card;
    card.title = task;
    card.seal = admission.admitted ? "admitted" : "refused";
    card.tone = admission.admitted ? report::Tone::Good : report::Tone::Bad;
    card.headline =
        admission.admitted ? "every wrong answer was told from a right one" : admission.reason;
    for (const std::string& kind : kinds_of(admission))
        card.rows.push_back(row_of(kind, admission));
    card.footer =
        fmt::format("{} controls in {}", admission.controls.size(), format_seconds(seconds));
    return card;
}

}  // namespace

Result<int> run_admit(const Options& options, Console& console) {
    CUPEL_DO(check_target(options.target));
    CUPEL_TRY(const int threads, resolve_threads(options.threads));
    CUPEL_TRY(task::Task task, load_task(options));
    CUPEL_TRY(const auto referee, open_referee(std::move(task), tuning_for(threads, console)));
    const std::int64_t begin = os::now_ns();
    CUPEL_TRY(const Admission admission, referee->admit());
    const double seconds = os::seconds_since(begin);
    console.document(to_json(referee->task().name, admission, seconds));
    console.print(card_of(referee->task().name, admission, seconds));
    return verdict::exit_code(admission.admitted ? verdict::Status::Accepted
                                                 : verdict::Status::TaskRefused);
}

}  // namespace cupel::cli
