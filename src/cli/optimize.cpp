// SPDX-License-Identifier: Apache-2.0
// optimize: the main job. Admit the task, search, crown the winner, leave a run folder.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>

#include "base/sign.hpp"
#include "base/text.hpp"
#include "cli/briefs.hpp"
#include "cli/commands.hpp"
#include "cli/crown.hpp"
#include "cli/live_progress.hpp"
#include "cli/memory.hpp"
#include "cli/run_conditions.hpp"
#include "cli/run_folder.hpp"
#include "cli/run_page.hpp"
#include "cli/signals.hpp"
#include "cli/spending.hpp"
#include "cli/workplace.hpp"
#include "cli/writers.hpp"
#include "os/clock.hpp"
#include "referee/certificate.hpp"

namespace cupel::cli {
namespace {

// A whole command without a budget fits in a minute: what set-up takes (14 s on a machine that
// knows nothing yet) and judging the finalists will take is not searched.
constexpr double kDefaultSeconds = 54;
constexpr double kCrownSeconds = 30;
constexpr double kLeastSearch = 8;
constexpr double kMostSearch = 16;
constexpr double kDefaultWithWriters = 600;  // models think long

// What Ctrl-C means depends on how far the run is: a search ends, a judgement of its winner is
// completed.
struct Stage {
    bool searching = false;  // from here on the folder holds something to go on with
    bool certifying = false;
    [[nodiscard]] bool should_stop() const { return !certifying && stop_requested(); }
};

// ---- the stages ----

Result<RunFolder> open_run(const Options& options) {
    const auto signing = [] -> Result<void> {
        CUPEL_DO(
            find_signer());  // a key that must not be used is known before anything is measured
        return {};
    };
    if (!options.resume.empty()) {
        if (!options.subject.empty() || !options.run.empty() || !options.sizes.empty()) {
            return fail(Errc::Usage,
                        "--resume takes task, sizes and folder from the run: give none of them");
        }
        CUPEL_DO(signing());
        return RunFolder::reopen(options.resume);
    }
    if (options.subject.empty())
        return fail(Errc::Usage, "cupel optimize: TASK is required (cupel show lists them)");
    CUPEL_TRY(const int threads, resolve_threads(options.threads));
    CUPEL_TRY(const task::Task task, load_task(options));
    CUPEL_DO(target::find_compiler());  // before a folder is left that no run could begin
    CUPEL_DO(signing());
    return RunFolder::create(options.run, task, threads);
}

// `spent` seconds so far.
engineer::Options search_options(const Options& options, const Stage& stage, double spent) {
    engineer::Options search;
    const bool unlimited = !options.budget.seconds && !options.budget.evaluations;
    const double left =
        std::clamp(kDefaultSeconds - kCrownSeconds - spent, kLeastSearch, kMostSearch);
    const double usual = has_writers(options) ? kDefaultWithWriters : left;
    search.seconds = unlimited ? usual : options.budget.seconds.value_or(0);
    search.evaluations = options.budget.evaluations.value_or(0);
    search.finalists = 2;  // each costs a whole judgement
    search.seed = options.seed.value_or(search.seed);
    search.stop = [&stage] { return stage.should_stop(); };
    return search;
}

// What is known when the run has ended.
struct Ended {
    engineer::Outcome search;
    std::optional<Crowned> winner;
    std::string idea;        // of the winner, in its author's words
    SpendingTable spending;  // on models and programs
    double seconds = 0;      // of the whole command
    std::string signature;   // by whom the certificate is signed, or why by nobody
};

std::string signature_by(const referee::Signer& signer) {
    if (!signer.key) return "unsigned: " + signer.missing;
    return "signed by key " + key_fingerprint(signer.key->public_hex());
}

// What a run works with.
struct Bench {
    const RunFolder& folder;
    referee::Referee& referee;
    archive::Archive& archive;
    std::int64_t begun = 0;  // by os::now_ns(): the command
};

Result<Ended> search_and_crown(const Bench& bench, const engineer::Options& search,
                               Writers& writers, Stage& stage, Console& console) {
    auto& [folder, referee, archive, begun] = bench;
    Ended ended;
    LivePage page(archive, folder.path());
    LiveProgress live(console, writers, page);
    const schedule::Width width = width_of(referee.machine(), referee.options().threads);
    CUPEL_TRY(ended.search, engineer::optimize(referee.task(), width,
                                               {referee, archive, &live, writers.all()}, search));
    writers.complain(console);
    writers.finish();  // nobody asks on while the winner is judged
    console.note(fmt::format("search ended: {}; {} kernels tried in {}",
                             engineer::stop_reason(ended.search.stop), ended.search.evaluations,
                             format_seconds(ended.search.seconds)));
    stage.certifying = true;
    std::vector<engineer::Finalist>& finalists = ended.search.finalists;
    if (stop_requested() && finalists.size() > 1) {
        console.note("certifying the best so far; Ctrl-C again ends at once");
        finalists.resize(1);
    }
    const auto tell = [&](std::string_view what) { console.status("certify", what); };
    CUPEL_DO(keep_aa_record(referee, console));
    CUPEL_TRY(ended.winner, crown(referee, archive, finalists, tell));
    if (ended.winner) {
        CUPEL_TRY(ended.idea, idea_of(archive, ended.winner->finalist.id));
    }
    CUPEL_DO(forget_quarantined(archive));
    return ended;
}

// ---- the result ----

// A resumed run may end with less than it had: what was certified stays, with its kernel.
bool keeps_earlier(const RunFolder& folder, const Ended& ended) {
    std::error_code ignored;
    return ended.winner && ended.winner->claim.status != verdict::Status::Faster &&
           std::filesystem::exists(folder.path() / "certificate.json", ignored);
}

report::Card card_of(const RunFolder& folder, const Ended& ended) {
    CUPEL_CHECK(ended.winner.has_value());
    const Crowned& winner = *ended.winner;
    report::Card card;
    const bool certified = winner.claim.status == verdict::Status::Faster;
    card.title = folder.task().name;
    card.seal = certified ? "certified" : report::seal_of(winner.claim.status);
    card.tone = report::tone_of(winner.claim.status);
    card.headline = verdict::headline(winner.claim);
    card.rows = report::verdict_rows(winner.claim);
    if (!winner.finalist.kernel.schedule.empty()) {
        card.rows.push_back(
            {"schedule", split(std::string(trim(winner.finalist.kernel.schedule)), '\n')});
    }
    card.rows.push_back({"kernel",
                         {keeps_earlier(folder, ended)
                              ? "not written: an earlier certificate and its kernel.cpp stay in " +
                                    folder.path().string()
                              : (folder.path() / "kernel.cpp").string()}});
    if (certified) {
        card.rows.push_back(
            {"certificate", {(folder.path() / "certificate.json").string(), ended.signature}});
    }
    if (auto asked = ended.spending.lines(); !asked.empty())
        card.rows.push_back({"asked", std::move(asked)});
    card.footer = fmt::format("{} kernels tried, {} in all", ended.search.evaluations,
                              format_seconds(ended.seconds));
    return card;
}

nlohmann::json to_json(const RunFolder& folder, const Ended& ended) {
    nlohmann::json json = {{"run", folder.path().string()},
                           {"certificate", nullptr},
                           {"kernel", nullptr},
                           {"evaluations", ended.search.evaluations},
                           {"seconds", ended.seconds},
                           {"stopped", engineer::stop_reason(ended.search.stop)},
                           {"calls", ended.search.spending.calls},
                           {"dollars", ended.search.spending.dollars},
                           {"tokens", ended.search.spending.tokens},
                           {"models_ended", nullptr},
                           {"spending", ended.spending.json()},
                           {"verdict", nullptr}};
    if (const std::string& why = ended.search.spending.ended; !why.empty())
        json["models_ended"] = why;
    if (!ended.winner) return json;
    if (!keeps_earlier(folder, ended)) json["kernel"] = (folder.path() / "kernel.cpp").string();
    json["verdict"] = verdict::to_json(ended.winner->claim);
    json["verdict"].erase("samples");
    if (ended.winner->claim.status == verdict::Status::Faster) {
        json["certificate"] = (folder.path() / "certificate.json").string();
    }
    return json;
}

Result<void> write_results(const RunFolder& folder, const referee::Referee& referee,
                           const referee::Signer& signer, const Ended& ended) {
    if (keeps_earlier(folder, ended)) return {};
    CUPEL_CHECK(ended.winner.has_value());
    const Crowned& winner = *ended.winner;
    CUPEL_DO(folder.write("kernel.cpp", winner.finalist.kernel.source));
    if (winner.claim.status == verdict::Status::Faster) {
        const auto certificate = referee::make_certificate(referee, winner.finalist.kernel,
                                                           winner.claim, winner.selected);
        const std::string text = referee::certificate_text(certificate, signer);
        CUPEL_DO(folder.write("certificate.json", text));
        // Where nothing can be remembered (no key, no home) a run is none the less a run.
        static_cast<void>(memorize(text, ended.idea));
    }
    constexpr std::size_t kSummaryColumns = 92;
    return folder.write("summary.txt",
                        report::draw(card_of(folder, ended), report::Style{}, kSummaryColumns));
}

Result<int> tell(const RunFolder& folder, const Ended& ended, Console& console) {
    console.document(to_json(folder, ended));
    if (ended.winner) {
        console.print(card_of(folder, ended));
        return verdict::exit_code(ended.winner->claim.status);
    }
    const std::string name = folder.path().string();
    console.print(ended.search.evaluations == 0
                      ? fmt::format("nothing was tried; cupel optimize --resume {} goes on\n", name)
                      : fmt::format("no kernel was right and faster; cupel show {} lists every "
                                    "trial\n",
                                    name));
    return ended.search.stop == engineer::Stop::Asked
               ? kInterrupted
               : verdict::exit_code(verdict::Status::NotResolved);
}

Result<int> refuse(const referee::Referee::Admission& admission, Console& console) {
    console.document({{"status", "task_refused"}, {"reason", admission.reason}});
    console.print("task refused: " + admission.reason);
    return verdict::exit_code(verdict::Status::TaskRefused);
}

// From here on the task is admitted.
Result<Ended> search_with_writers(const Bench& bench, const Options& options, ModelSetup models,
                                  Stage& stage, Console& console) {
    auto& [folder, referee, archive, begun] = bench;
    const engineer::Options search = search_options(options, stage, os::seconds_since(begun));
    CUPEL_DO(keep_conditions(archive, referee, search.seed));
    const std::int64_t begin = os::now_ns();
    // A model that is waited for is given up when the time is over.
    const auto stop = [begin, limit = search.seconds] {
        return stop_requested() || (limit > 0 && os::seconds_since(begin) >= limit);
    };
    engineer::Brief brief;
    if (has_writers(options)) {
        CUPEL_TRY(brief, cpu_brief(folder, referee.machine()));
    }
    CUPEL_TRY(const auto writers,
              Writers::open(std::move(models), options, {folder, archive}, std::move(brief), stop));
    CUPEL_TRY(Ended ended, search_and_crown(bench, search, *writers, stage, console));
    CUPEL_TRY(ended.spending, SpendingTable::read(archive, folder, ended.search));
    return ended;
}

Result<int> optimize_in(const RunFolder& folder, const Options& options, ModelSetup models,
                        Stage& stage, Console& console) {
    const std::int64_t begin = os::now_ns();
    CUPEL_TRY(const referee::Signer signer, find_signer());
    if (!signer.key) console.note("the certificate will be unsigned: " + signer.missing);
    CUPEL_TRY(archive::Archive archive, folder.open_archive());
    if (const auto& damaged = archive.set_aside()) {
        console.note(fmt::format("the archive was damaged ({}); it was moved to {}",
                                 archive.damage(), damaged->string()));
    }
    referee::Options tuning = tuning_for(folder.threads(), console);
    tuning.stop = [&stage] { return stage.should_stop(); };
    CUPEL_TRY(const auto referee, open_referee(folder.task(), std::move(tuning)));
    note_absent(*referee, console);
    CUPEL_TRY(const referee::Referee::Admission admission, referee->admit_once());
    if (!admission.admitted) return refuse(admission, console);
    // The task is admitted and the folder is there; from here on every kernel tried is on disk.
    stage.searching = true;
    const std::size_t absent = referee->options().absent.size();
    auto searched = search_with_writers({folder, *referee, archive, begin}, options,
                                        std::move(models), stage, console);
    if (!searched) return std::unexpected(folder.with_way_on(std::move(searched).error()));
    note_absent(*referee, console, absent);
    Ended& ended = *searched;
    ended.seconds = os::seconds_since(begin);
    ended.signature = signature_by(signer);
    if (ended.winner) {
        if (auto written = write_results(folder, *referee, signer, ended); !written)
            return std::unexpected(folder.with_way_on(std::move(written).error()));
    }
    leave_page(archive, folder.path(), console);
    return tell(folder, ended, console);
}

}  // namespace

Result<int> run_optimize(const Options& options, Console& console) {
    if (options.target == "cuda" ||
        (!options.resume.empty() && target_of_run(find_run(options.resume)).name == "cuda"))
        return run_optimize_device(options, console);
    CUPEL_DO(check_target(options.target));
    CUPEL_TRY(ModelSetup models, check_writers(options));
    if (options.budget.dollars && models.voices.empty())
        console.note("nothing here costs money: the budget in usd is not touched");
    CUPEL_TRY(const RunFolder folder, open_run(options));
    Stage stage;
    const auto code = optimize_in(folder, options, std::move(models), stage, console);
    if (!stage.searching) folder.discard();
    return code;
}

}  // namespace cupel::cli
