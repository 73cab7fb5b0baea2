// SPDX-License-Identifier: Apache-2.0
// optimize --target cuda, where no GPU is: kernels of schedules, models and programs are verified
// on the emulator, and those that are right are ranked by what they cannot beat on a named GPU. How
// fast they are is not known here, and is not claimed.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/text.hpp"
#include "cli/briefs.hpp"
#include "cli/commands.hpp"
#include "cli/device_judge.hpp"
#include "cli/device_table.hpp"
#include "cli/live_progress.hpp"
#include "cli/run_conditions.hpp"
#include "cli/run_folder.hpp"
#include "cli/run_page.hpp"
#include "cli/signals.hpp"
#include "cli/spending.hpp"
#include "cli/workplace.hpp"
#include "cli/writers.hpp"
#include "device/device.hpp"
#include "os/clock.hpp"
#include "target/device_compile.hpp"

namespace cupel::cli {
namespace {

constexpr int kDefaultTrials = 12;
constexpr double kDeviceSeconds = 120;  // what is being tried is tried to its end
constexpr double kDeviceWithWriters = 600;
constexpr int kPatience = 32;  // a trial takes seconds

// What Ctrl-C means: a search ends, what it found is verified again all the same.
struct DeviceStage {
    bool searching = false;  // from here on the folder holds something to go on with
    bool verifying = false;
    [[nodiscard]] bool should_stop() const { return !verifying && stop_requested(); }
};

engineer::Options device_search(const Options& options, const DeviceStage& stage) {
    engineer::Options search;
    const bool writers = has_writers(options);
    const bool unlimited = !options.budget.seconds && !options.budget.evaluations;
    search.seconds = options.budget.seconds.value_or(writers ? kDeviceWithWriters : kDeviceSeconds);
    if (options.budget.evaluations && !options.budget.seconds) search.seconds = 0;
    search.evaluations =
        options.budget.evaluations.value_or(unlimited && !writers ? kDefaultTrials : 0);
    search.patience = kPatience;
    search.seed = options.seed.value_or(search.seed);
    search.stop = [&stage] { return stage.should_stop(); };
    return search;
}

// What a search selected is tried again on fresh questions (law 11); the first that is right again.
Result<std::optional<archive::KernelId>> verify_again(
    DeviceJudge& judge, archive::Archive& archive, const std::vector<engineer::Finalist>& finalists,
    Console& console) {
    for (const engineer::Finalist& finalist : finalists) {
        console.status("verify", "the best once more, on fresh questions");
        const std::int64_t begin = os::now_ns();
        CUPEL_TRY(const verdict::Verdict verdict, judge.judge(finalist.kernel));
        archive::NewVerdict record;
        record.kernel = finalist.id;
        record.trial = archive::Trial::Confirm;
        record.verdict = verdict;
        record.score = finalist.score;
        record.seconds = os::seconds_since(begin);
        CUPEL_DO(archive.record_verdict(record));
        if (verdict::is_right(verdict.status)) return finalist.id;
        console.note("a kernel that was right before is not: " + verdict::headline(verdict));
    }
    return std::nullopt;
}

struct Workshop {
    const RunFolder& folder;
    archive::Archive& archive;
    DeviceJudge& judge;
};

Result<engineer::Outcome> search(const Workshop& shop, const Options& options, ModelSetup models,
                                 DeviceStage& stage, Console& console) {
    const engineer::Options how = device_search(options, stage);
    CUPEL_DO(keep_device_conditions(shop.archive, shop.judge.sheet().name, how.seed));
    const std::int64_t begin = os::now_ns();
    // A model that is waited for is given up when the time is over.
    const auto stop = [begin, limit = how.seconds] {
        return stop_requested() || (limit > 0 && os::seconds_since(begin) >= limit);
    };
    CUPEL_TRY(engineer::Brief brief, device_brief(shop.folder, shop.judge.sheet()));
    CUPEL_TRY(const auto writers,
              Writers::open(std::move(models), options, {shop.folder, shop.archive},
                            std::move(brief), stop));
    LivePage page(shop.archive, shop.folder.path());
    LiveProgress live(console, *writers, page);
    const std::unique_ptr<engineer::Space> space = device_space(shop.folder.task());
    CUPEL_TRY(engineer::Outcome found,
              engineer::optimize(*space, {shop.judge, shop.archive, &live, writers->all()}, how));
    writers->complain(console);
    console.note(fmt::format("search ended: {}; {} kernels tried in {}",
                             engineer::stop_reason(found.stop), found.evaluations,
                             format_seconds(found.seconds)));
    return found;
}

Result<int> tell(const Workshop& shop, const engineer::Outcome& found,
                 std::optional<archive::KernelId> winner, Console& console) {
    const std::string name = shop.folder.path().string();
    if (found.evaluations == 0 && !winner) {
        console.print(fmt::format("nothing was tried; cupel optimize --resume {} goes on\n", name));
        return found.stop == engineer::Stop::Asked
                   ? kInterrupted
                   : verdict::exit_code(verdict::Status::NotResolved);
    }
    CUPEL_TRY(DeviceTable table, DeviceTable::read(shop.archive, winner));
    CUPEL_DO(table.write_kernels(shop.archive, shop.folder));
    CUPEL_TRY(const SpendingTable spending, SpendingTable::read(shop.archive, shop.folder, found));
    const DeviceTable::Ended ended{.task = shop.folder.task().name,
                                   .folder = name,
                                   .sheet = shop.judge.sheet(),
                                   .search = found,
                                   .spending = spending,
                                   .bound = shop.judge.last_bound()};
    const report::Card card = table.card(ended);
    const nlohmann::json document = table.json(ended);
    constexpr std::size_t kColumns = 92;
    CUPEL_DO(shop.folder.write("summary.txt", report::draw(card, report::Style{}, kColumns)));
    // The names of models and folders are the user's bytes, which need not be UTF-8.
    constexpr auto kReplace = nlohmann::json::error_handler_t::replace;
    CUPEL_DO(shop.folder.write(kDeviceKernels, document.dump(2, ' ', false, kReplace) + "\n"));
    console.document(document);
    console.print(card);
    return verdict::exit_code(winner ? verdict::Status::Accepted : verdict::Status::NotResolved);
}

struct DeviceRun {
    RunFolder folder;
    gpu::Sheet sheet;
};

Result<int> search_in(const DeviceRun& run, const Options& options, ModelSetup models,
                      DeviceStage& stage, Console& console) {
    const auto& [folder, sheet] = run;
    CUPEL_TRY(archive::Archive archive, folder.open_archive());
    if (const auto& damaged = archive.set_aside()) {
        console.note(fmt::format("the archive was damaged ({}); it was moved to {}",
                                 archive.damage(), damaged->string()));
    }
    const referee::Options tuning = tuning_for(folder.threads(), console);
    CUPEL_TRY(const referee::Referee::Admission admission, admit_alone(folder.task(), tuning));
    if (!admission.admitted) {
        console.document({{"status", "task_refused"}, {"reason", admission.reason}});
        console.print("task refused: " + admission.reason);
        return verdict::exit_code(verdict::Status::TaskRefused);
    }
    CUPEL_DO(device::print_naive(folder.task()));  // a formula that cannot be printed is refused
    stage.searching = true;
    DeviceJudge judge(folder.task(), sheet,
                      {.threads = tuning.threads,
                       .architecture = sheet.architecture,
                       .stop = [&stage] { return stage.should_stop(); },
                       .progress = {}});
    const Workshop shop{folder, archive, judge};
    CUPEL_TRY(const engineer::Outcome found,
              search(shop, options, std::move(models), stage, console));
    stage.verifying = true;
    CUPEL_TRY(const auto winner, verify_again(judge, archive, found.finalists, console));
    leave_page(archive, folder.path(), console);
    return tell(shop, found, winner, console);
}

Result<RunFolder> open_device_folder(const Options& options) {
    if (!options.resume.empty()) {
        if (!options.subject.empty() || !options.run.empty() || !options.sizes.empty()) {
            return fail(Errc::Usage,
                        "--resume takes task, sizes and folder from the run: give none of them");
        }
        CUPEL_TRY(RunFolder folder, RunFolder::reopen(options.resume));
        if (target_of_run(folder.path()).name == "cuda") return folder;
        return fail(Errc::Usage, fmt::format("--resume {}: a run for the CPU goes on there; leave "
                                             "--target cuda out",
                                             options.resume));
    }
    if (options.subject.empty())
        return fail(Errc::Usage, "cupel optimize: TASK is required (cupel show lists them)");
    CUPEL_TRY(const int threads, resolve_threads(options.threads));
    CUPEL_TRY(const task::Task task, load_task(options));
    CUPEL_DO(find_sheet(options.gpu));
    CUPEL_DO(target::find_device_compiler());  // before a folder is left that no run could begin
    return RunFolder::create(options.run, task, threads, {.name = "cuda", .gpu = options.gpu});
}

Result<DeviceRun> open_device_run(const Options& options) {
    CUPEL_TRY(RunFolder folder, open_device_folder(options));
    // Bounds by another sheet would not be comparable: the run's own goes on.
    CUPEL_TRY(gpu::Sheet sheet, find_sheet(target_of_run(folder.path()).gpu));
    return DeviceRun{.folder = std::move(folder), .sheet = std::move(sheet)};
}

}  // namespace

Result<int> run_optimize_device(const Options& options, Console& console) {
    CUPEL_TRY(ModelSetup models, check_writers(options));
    if (options.budget.dollars && models.voices.empty())
        console.note("nothing here costs money: the budget in usd is not touched");
    CUPEL_TRY(const DeviceRun run, open_device_run(options));
    DeviceStage stage;
    auto code = search_in(run, options, std::move(models), stage, console);
    if (!stage.searching) run.folder.discard();
    if (!code) return std::unexpected(run.folder.with_way_on(std::move(code).error()));
    return code;
}

}  // namespace cupel::cli
