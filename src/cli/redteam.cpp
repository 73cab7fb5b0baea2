// SPDX-License-Identifier: Apache-2.0
// redteam: every known cheat against this referee, and many honest kernels.
//
// Cheats are judged in full, in little time: what matters is the verdict, not a narrow interval.
// Honest kernels are screened: every answer is checked as in a judgement, and only their being
// turned away would be news.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>

#include "cli/attack.hpp"
#include "cli/commands.hpp"
#include "cli/signals.hpp"
#include "cli/workplace.hpp"
#include "referee/device_count.hpp"
#include "referee/device_trial.hpp"
#include "referee/device_whole.hpp"

namespace cupel::cli {
namespace {

namespace fs = std::filesystem;

constexpr double kJudgeSeconds = 0.6;
constexpr double kScreenSeconds = 0.1;
constexpr double kWindowTimeout = 3.0;
constexpr double kEmulatedSeconds = 20.0;

struct Trial {
    Exhibit exhibit;
    verdict::Verdict verdict;
    std::string problem;  // the referee failed instead of deciding

    // An attack that is paid for as if it were right, though its head does not say that it is right
    // but no faster.
    [[nodiscard]] bool was_accepted() const {
        return !exhibit.honest && problem.empty() && verdict::is_right(verdict.status) &&
               !is_expected(exhibit, verdict);
    }
    [[nodiscard]] bool passed() const {
        if (!problem.empty()) return false;
        return exhibit.honest ? verdict::is_right(verdict.status) : is_expected(exhibit, verdict);
    }
    [[nodiscard]] std::string said() const {
        return problem.empty() ? verdict::headline(verdict) : problem;
    }
};

struct Score {
    int attacks = 0;
    int stopped = 0;  // with the verdict that its head names
    int accepted = 0;
    int honest = 0;
    int rejected = 0;
};

Score score_of(const std::vector<Trial>& trials) {
    Score score;
    for (const Trial& trial : trials) {
        if (trial.exhibit.honest) {
            ++score.honest;
            score.rejected += trial.passed() ? 0 : 1;
            continue;
        }
        ++score.attacks;
        score.stopped += trial.passed() ? 1 : 0;
        score.accepted += trial.was_accepted() ? 1 : 0;
    }
    return score;
}

Result<fs::path> find_folder() {
    for (const std::string& folder : search_folders("attacks")) {
        std::error_code ignored;
        if (fs::is_directory(folder, ignored)) return fs::path(folder);
    }
    return fail(Errc::NotFound, "no attacks/ folder here, nor beside this program");
}

// Tasks that only attacks have lie beside them.
std::vector<std::string> task_folders() {
    std::vector<std::string> folders = search_folders("tasks");
    for (const std::string& folder : search_folders("attacks")) {
        folders.push_back(folder);
        folders.push_back(folder + "/device");
    }
    return folders;
}

// Those whose name contains the word, and the twins of those.
Result<std::vector<Exhibit>> choose(const fs::path& folder, std::string_view ending,
                                    const std::string& word) {
    CUPEL_TRY(const std::vector<Exhibit> all, read_exhibits(folder, ending));
    const auto named = [&](const Exhibit& exhibit) {
        return exhibit.name.find(word) != std::string::npos;
    };
    const auto wanted = [&](const Exhibit& exhibit) {
        return named(exhibit) || std::ranges::any_of(all, [&](const Exhibit& attack) {
                   return named(attack) && attack.twin == exhibit.name + std::string(ending);
               });
    };
    std::vector<Exhibit> chosen;
    std::ranges::copy_if(all, std::back_inserter(chosen), wanted);
    if (chosen.empty())
        return fail(Errc::NotFound, "no attack in " + folder.string() + " has that name");
    // One referee for each task and size, one after the other.
    std::ranges::stable_sort(chosen, {}, &Exhibit::court);
    return chosen;
}

Result<std::unique_ptr<referee::Referee>> open_court(const Exhibit& first, int threads,
                                                     Console& console) {
    CUPEL_TRY(task::Task task, task::load(first.task, task_folders(), first.sizes));
    task.baselines.clear();  // what is on trial here is the referee
    referee::Options tuning = tuning_for(threads, console);
    tuning.progress = nullptr;
    tuning.judge_seconds = kJudgeSeconds;
    tuning.screen_seconds = kScreenSeconds;
    tuning.window_timeout = kWindowTimeout;
    return open_referee(std::move(task), std::move(tuning));
}

Result<verdict::Verdict> screen(const verdict::Kernel& kernel, referee::Referee& referee) {
    CUPEL_TRY(verdict::Screening found, referee.screen(kernel, nullptr));
    return std::move(found.verdict);
}

Result<Trial> try_exhibit(const Exhibit& exhibit, referee::Referee& referee) {
    const verdict::Kernel kernel{.source = exhibit.source, .schedule = "", .origin = "attack"};
    auto verdict = exhibit.honest ? screen(kernel, referee) : referee.judge(kernel);
    // Law 11, as for any winner: of a dozen attacks that are right and as quick as the baseline,
    // one in forty comes out ahead by chance. Only who does so twice is paid.
    if (!exhibit.honest && verdict && verdict->status == verdict::Status::Faster) {
        CUPEL_TRY(const verdict::Verdict again, referee.judge(kernel));
        verdict = referee::reconcile(*verdict, again);
    }
    if (verdict) return Trial{exhibit, std::move(*verdict), ""};
    // One attack that confuses the referee must not hide the others.
    const Errc code = verdict.error().code;
    if (code == Errc::Broken || code == Errc::Io) return Trial{exhibit, {}, verdict.error().text};
    return std::unexpected(std::move(verdict).error().in(exhibit.name));
}

Result<std::vector<Trial>> try_all(const std::vector<Exhibit>& exhibits, int threads,
                                   Console& console) {
    std::vector<Trial> trials;
    std::unique_ptr<referee::Referee> referee;
    std::string court;
    for (auto at = exhibits.begin(); at != exhibits.end(); ++at) {
        const auto progress = [&](std::string_view what) {
            console.status("redteam",
                           fmt::format("{} of {}: {}", trials.size() + 1, exhibits.size(), what));
        };
        if (at->court() != court) {
            court = at->court();
            progress("compiling what concerns " + court);
            referee.reset();
            CUPEL_TRY(referee, open_court(*at, threads, console));
            std::vector<verdict::Kernel> kernels;
            for (auto same = at; same != exhibits.end() && same->court() == court; ++same) {
                kernels.push_back({.source = same->source, .schedule = "", .origin = "attack"});
            }
            referee->prepare(kernels);
        }
        progress(at->what);
        CUPEL_TRY(Trial trial, try_exhibit(*at, *referee));
        trials.push_back(std::move(trial));
    }
    return trials;
}

// What passes at small sizes is tried at the task's own, as a judgement does. Honest kernels are
// spared it: there it takes seconds each.
Result<referee::DeviceTrial> try_emulated(const Exhibit& exhibit, const task::Task& task,
                                          int threads) {
    const referee::DeviceKernel kernel{.source = exhibit.source, .file_name = exhibit.name + ".cu"};
    const referee::DeviceOptions options{.threads = threads,
                                         .job_seconds = kEmulatedSeconds,
                                         .own_answers = true,
                                         .stop = stop_requested};
    CUPEL_TRY(referee::DeviceTrial trial, referee::try_device(task, kernel, options));
    if (exhibit.honest || trial.verdict.status != verdict::Status::Accepted) return trial;
    CUPEL_TRY(const auto sample, referee::sample_device(task, kernel, options));
    referee::hold_to_own_sizes(sample, trial);
    CUPEL_DO(referee::hold_whole(task, kernel, options, sample, trial));
    return trial;
}

// Device code, on the emulator.
Result<std::vector<Trial>> try_all_emulated(const std::vector<Exhibit>& exhibits, int threads,
                                            Console& console) {
    std::vector<Trial> trials;
    const std::vector<std::string> tasks = task_folders();
    for (const Exhibit& exhibit : exhibits) {
        console.status("redteam", fmt::format("{} of {}: {}", trials.size() + 1, exhibits.size(),
                                              exhibit.what));
        CUPEL_TRY(const task::Task task, task::load(exhibit.task, tasks, exhibit.sizes));
        auto tried = try_emulated(exhibit, task, threads);
        if (tried) {
            trials.push_back({exhibit, std::move(tried->verdict), ""});
        } else if (tried.error().code == Errc::Broken) {
            trials.push_back({exhibit, {}, tried.error().text});
        } else {
            return std::unexpected(std::move(tried).error().in(exhibit.name));
        }
    }
    return trials;
}

nlohmann::json to_json(const std::vector<Trial>& trials) {
    const Score score = score_of(trials);
    nlohmann::json json = {{"attacks", score.attacks},
                           {"accepted", score.accepted},
                           {"honest", score.honest},
                           {"rejected", score.rejected}};
    auto misses = nlohmann::json::array();
    auto alarms = nlohmann::json::array();
    auto others = nlohmann::json::array();  // stopped, but not with the verdict its head names
    auto details = nlohmann::json::array();
    for (const Trial& trial : trials) {
        const std::string& name = trial.exhibit.name;
        if (trial.was_accepted()) {
            misses.push_back(name);
        } else if (!trial.passed()) {
            (trial.exhibit.honest ? alarms : others).push_back(name);
        }
        details.push_back(
            {{trial.exhibit.honest ? "honest" : "attack", name},
             {"court", trial.exhibit.court()},
             {"passed", trial.passed()},
             {"status", trial.problem.empty() ? verdict::status_name(trial.verdict.status) : ""},
             {"reason", trial.problem.empty() ? trial.verdict.reason : trial.problem},
             {"seconds", trial.verdict.wall_seconds}});
    }
    json["misses"] = std::move(misses);
    json["false_alarms"] = std::move(alarms);
    json["other_verdicts"] = std::move(others);
    json["trials"] = std::move(details);
    return json;
}

report::Card card_of(const std::vector<Trial>& trials) {
    report::Card card;
    card.title = "red team";
    for (const Trial& trial : trials) {
        const bool honest = trial.exhibit.honest;
        if (honest && trial.passed()) continue;  // their number is said; that they pass is no news
        const std::string mark = honest                 ? "FALSE ALARM"
                                 : trial.was_accepted() ? "MISSED"
                                 : trial.passed()       ? "caught"
                                                        : "other";
        card.rows.push_back({mark, {trial.exhibit.what + ": " + trial.said()}});
    }
    const Score score = score_of(trials);
    const bool sound = std::ranges::all_of(trials, &Trial::passed);
    card.seal = sound ? "sound" : "broken";
    card.tone = sound ? report::Tone::Good : report::Tone::Bad;
    card.headline = fmt::format(
        "{} of {} attacks got the verdict they must get; {} of {} honest kernels passed",
        score.stopped, score.attacks, score.honest - score.rejected, score.honest);
    return card;
}

}  // namespace

Result<int> run_redteam(const Options& options, Console& console) {
    CUPEL_TRY(const int threads, resolve_threads(options.threads));
    CUPEL_TRY(const fs::path folder, find_folder());
    const bool emulated = options.target == "emu";
    if (!emulated) CUPEL_DO(check_target(options.target));
    const fs::path of_target = emulated ? folder / "device" : folder;
    CUPEL_TRY(const std::vector<Exhibit> exhibits,
              choose(of_target, emulated ? ".cu" : ".cpp", options.only));
    CUPEL_TRY(const std::vector<Trial> trials, emulated
                                                   ? try_all_emulated(exhibits, threads, console)
                                                   : try_all(exhibits, threads, console));
    console.document(to_json(trials));
    console.print(card_of(trials));
    // A cheat that gets through is a bug of the referee, and so is an honest kernel that does not.
    return std::ranges::all_of(trials, &Trial::passed) ? 0 : kOwnBug;
}

}  // namespace cupel::cli
