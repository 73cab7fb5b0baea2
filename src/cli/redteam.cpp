// SPDX-License-Identifier: Apache-2.0
// redteam: every known cheat against this referee, and its honest twin.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/text.hpp"
#include "cli/attack.hpp"
#include "cli/commands.hpp"
#include "cli/signals.hpp"
#include "cli/workplace.hpp"
#include "os/files.hpp"

namespace cupel::cli {
namespace {

namespace fs = std::filesystem;

struct Trial {
    Attack attack;
    verdict::Verdict verdict;
    std::optional<verdict::Verdict> twin;
    std::string problem;  // the referee failed instead of deciding

    // Paid for as if it were right, though its head does not say that it is right but no faster.
    [[nodiscard]] bool was_accepted() const {
        return problem.empty() && verdict::is_right(verdict.status) &&
               !is_expected(attack, verdict);
    }
    [[nodiscard]] bool twin_was_rejected() const {
        return twin && !verdict::is_right(twin->status);
    }
    [[nodiscard]] bool passed() const {
        return problem.empty() && is_expected(attack, verdict) && !twin_was_rejected();
    }
};

Result<fs::path> find_folder() {
    for (const std::string& folder : search_folders("attacks")) {
        std::error_code ignored;
        if (fs::is_directory(folder, ignored)) return fs::path(folder);
    }
    return fail(Errc::NotFound, "no attacks/ folder here, nor beside this program");
}

// One referee for all attacks on the same task; opened on first use, closed when the next task
// comes.
class Court {
public:
    Court(int threads, Console& console) : threads_(threads), console_(console) {}

    Result<verdict::Verdict> judge(const Attack& attack, const std::string& source) {
        const std::string key = key_of(attack);
        if (key != key_) {
            referee_.reset();
            CUPEL_TRY(task::Task task,
                      task::load(attack.task, search_folders("tasks"), attack.sizes));
            referee::Options tuning = tuning_for(threads_, console_);
            tuning.progress = nullptr;
            tuning.judge_seconds = 1.0;  // what matters here is the verdict, not a narrow interval
            tuning.window_timeout = 5.0;
            CUPEL_TRY(referee_, open_referee(std::move(task), std::move(tuning)));
            key_ = key;
        }
        return referee_->judge({.source = source, .schedule = "", .origin = "attack"});
    }

    // A twin of several attacks is judged once.
    Result<verdict::Verdict> judge_once(const Attack& attack, const std::string& source) {
        const std::string key = key_of(attack) + "\n" + source;
        if (const auto known = judged_.find(key); known != judged_.end()) return known->second;
        CUPEL_TRY(verdict::Verdict verdict, judge(attack, source));
        return judged_.emplace(key, std::move(verdict)).first->second;
    }

    static std::string key_of(const Attack& attack) {
        std::string key = attack.task;
        for (const task::Override& size : attack.sizes)
            key += fmt::format(" {}={}", size.name, size.value);
        return key;
    }

private:
    int threads_;
    Console& console_;
    std::string key_;
    std::unique_ptr<referee::Referee> referee_;
    std::map<std::string, verdict::Verdict> judged_;
};

Result<Trial> try_attack(const Attack& attack, const fs::path& folder, Court& court) {
    Trial trial;
    trial.attack = attack;
    CUPEL_TRY(trial.verdict, court.judge(attack, attack.source));
    if (attack.twin.empty()) return trial;
    CUPEL_TRY(const std::string source, os::read_file(folder / attack.twin));
    CUPEL_TRY(trial.twin, court.judge_once(attack, source));
    return trial;
}

Result<std::vector<Trial>> try_all(std::vector<Attack> attacks, const fs::path& folder,
                                   Court& court, Console& console) {
    std::ranges::stable_sort(attacks, {}, Court::key_of);
    std::vector<Trial> trials;
    for (const Attack& attack : attacks) {
        console.status("redteam",
                       fmt::format("{} of {}: {}", trials.size() + 1, attacks.size(), attack.what));
        auto trial = try_attack(attack, folder, court);
        if (!trial && trial.error().code != Errc::Invalid) {
            return std::unexpected(std::move(trial).error().in(attack.name));
        }
        // One attack that confuses the referee must not hide the others.
        if (!trial) trial = Trial{attack, {}, std::nullopt, trial.error().text};
        trials.push_back(std::move(*trial));
    }
    return trials;
}

nlohmann::json to_json(const std::vector<Trial>& trials) {
    nlohmann::json json = {
        {"attacks", trials.size()}, {"accepted", 0}, {"honest", 0}, {"rejected", 0}};
    auto misses = nlohmann::json::array();
    auto alarms = nlohmann::json::array();
    auto others = nlohmann::json::array();  // stopped, but not with the verdict its head names
    auto details = nlohmann::json::array();
    int accepted = 0;
    int honest = 0;
    int rejected = 0;
    for (const Trial& trial : trials) {
        const std::string& name = trial.attack.name;
        if (trial.was_accepted()) {
            ++accepted;
            misses.push_back(name);
        } else if (!trial.problem.empty() || !is_expected(trial.attack, trial.verdict)) {
            others.push_back(name);
        }
        if (trial.twin) ++honest;
        if (trial.twin_was_rejected()) {
            ++rejected;
            alarms.push_back(name + ": " + trial.attack.twin);
        }
        details.push_back(
            {{"attack", name},
             {"status", verdict::status_name(trial.verdict.status)},
             {"reason", trial.problem.empty() ? trial.verdict.reason : trial.problem},
             {"twin", trial.twin ? nlohmann::json(verdict::status_name(trial.twin->status))
                                 : nlohmann::json()}});
    }
    json["accepted"] = accepted;
    json["honest"] = honest;
    json["rejected"] = rejected;
    json["misses"] = std::move(misses);
    json["false_alarms"] = std::move(alarms);
    json["other_verdicts"] = std::move(others);
    json["trials"] = std::move(details);
    return json;
}

report::Card card_of(const std::vector<Trial>& trials) {
    report::Card card;
    card.title = "red team";
    std::size_t held = 0;
    for (const Trial& trial : trials) {
        held += trial.passed() ? 1U : 0U;
        const std::string mark = trial.was_accepted() ? "MISSED"
                                 : trial.passed()     ? "caught"
                                                      : "other";
        const std::string said =
            trial.problem.empty() ? verdict::headline(trial.verdict) : trial.problem;
        std::vector<std::string> lines = {trial.attack.what + ": " + said};
        if (trial.twin && trial.twin_was_rejected()) {
            lines.push_back("its honest twin was rejected: " + verdict::headline(*trial.twin));
        }
        card.rows.push_back({mark, std::move(lines)});
    }
    const bool sound = held == trials.size();
    card.seal = sound ? "sound" : "broken";
    card.tone = sound ? report::Tone::Good : report::Tone::Bad;
    card.headline =
        fmt::format("{} of {} attacks got the verdict they must get, their honest twins passed",
                    held, trials.size());
    return card;
}

}  // namespace

Result<int> run_redteam(const Options& options, Console& console) {
    CUPEL_TRY(const int threads, resolve_threads(options.threads));
    CUPEL_TRY(const fs::path folder, find_folder());
    CUPEL_TRY(std::vector<Attack> attacks, read_attacks(folder));
    std::erase_if(attacks, [&](const Attack& attack) {
        return attack.name.find(options.only) == std::string::npos;
    });
    if (attacks.empty())
        return fail(Errc::NotFound, "no attack in " + folder.string() + " has that name");
    Court court(threads, console);
    CUPEL_TRY(const std::vector<Trial> trials, try_all(std::move(attacks), folder, court, console));
    console.document(to_json(trials));
    console.print(card_of(trials));
    // A cheat that gets through is a bug of the referee, and so is an honest kernel that does not.
    return std::ranges::all_of(trials, &Trial::passed) ? 0 : kOwnBug;
}

}  // namespace cupel::cli
