// SPDX-License-Identifier: Apache-2.0
// admit: does the task pin its function down (law 9)?
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/workplace.hpp"

namespace cupel::cli {
namespace {

using Admission = referee::Referee::Admission;

nlohmann::json to_json(const std::string& task, const Admission& admission) {
    auto controls = nlohmann::json::array();
    for (const auto& control : admission.controls) {
        controls.push_back(
            {{"name", control.name}, {"rejected", control.rejected}, {"how", control.how}});
    }
    return {{"task", task},
            {"status", admission.admitted ? "accepted" : "task_refused"},
            {"reason", admission.reason},
            {"controls", std::move(controls)}};
}

report::Card card_of(const std::string& task, const Admission& admission) {
    report::Card card;
    card.title = task;
    card.seal = admission.admitted ? "admitted" : "refused";
    card.tone = admission.admitted ? report::Tone::Good : report::Tone::Bad;
    card.headline =
        admission.admitted ? "every wrong answer was told from a right one" : admission.reason;
    for (const auto& control : admission.controls) {
        card.rows.push_back(
            {control.rejected ? "rejected" : "ACCEPTED", {control.name + ": " + control.how}});
    }
    card.footer = fmt::format("{} controls", admission.controls.size());
    return card;
}

}  // namespace

Result<int> run_admit(const Options& options, Console& console) {
    CUPEL_DO(check_target(options.target));
    CUPEL_TRY(const int threads, resolve_threads(options.threads));
    CUPEL_TRY(task::Task task, load_task(options));
    CUPEL_TRY(const auto referee, open_referee(std::move(task), tuning_for(threads, console)));
    CUPEL_TRY(const Admission admission, referee->admit());
    console.document(to_json(referee->task().name, admission));
    console.print(card_of(referee->task().name, admission));
    return verdict::exit_code(admission.admitted ? verdict::Status::Accepted
                                                 : verdict::Status::TaskRefused);
}

}  // namespace cupel::cli
