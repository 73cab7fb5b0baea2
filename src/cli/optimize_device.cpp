// SPDX-License-Identifier: Apache-2.0
// optimize --target cuda, where no GPU is: schedules are printed as CUDA C++, each is verified on
// the emulator, and those that are right are ranked by what they cannot beat on a named GPU. How
// fast they are is not known here, and is not claimed.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/device_bound.hpp"
#include "cli/run_folder.hpp"
#include "cli/signals.hpp"
#include "cli/workplace.hpp"
#include "device/device.hpp"
#include "os/clock.hpp"
#include "referee/device_trial.hpp"
#include "target/device_compile.hpp"

namespace cupel::cli {
namespace {

constexpr int kDefaultTrials = 12;
constexpr double kDefaultSearch = 120;  // seconds; what is being tried is tried to its end
constexpr const char* kNaive = "naive";
constexpr const char* kNotTimed =
    "verified on the emulator; no speedup was measured: no GPU was used";

// A kernel that was tried.
struct Tried {
    std::string schedule;  // one verb a line, or "naive"
    std::string source;
    referee::DeviceTrial trial;
    DeviceBound bound;  // where it was accepted
    std::string file = {};

    [[nodiscard]] bool right() const { return trial.verdict.status == verdict::Status::Accepted; }
    [[nodiscard]] bool counted() const { return right() && bound.sample.why_not.empty(); }
};

struct Wanted {
    std::string schedule;
    std::string source;
};

// The naive kernel first: what all others are to be compared with.
Result<std::vector<Wanted>> wanted_kernels(const task::Task& task) {
    std::vector<Wanted> all;
    CUPEL_TRY(std::string naive, device::print_naive(task));
    all.push_back({.schedule = kNaive, .source = std::move(naive)});
    CUPEL_TRY(const std::vector<schedule::Trace> traces, device::candidates(task));
    for (const schedule::Trace& trace : traces) {
        CUPEL_TRY(std::string text, device::print_kernel(task, trace));
        all.push_back({.schedule = schedule::print_trace(trace), .source = std::move(text)});
    }
    return all;
}

// All ceilings together: what tells kernels with the same bound apart. More of anything is worse.
double load_of(const gpu::Bound& bound) {
    double sum = 0;
    for (const gpu::LaunchBound& launch : bound.launches)
        for (const gpu::Ceiling& one : launch.ceilings)
            sum += one.seconds;
    return sum;
}

// Right and counted, right, and the rest; then the lower bound first.
bool ranks_before(const Tried& a, const Tried& b) {
    if (a.right() != b.right()) return a.right();
    if (a.counted() != b.counted()) return a.counted();
    const double ours = a.bound.bound.seconds;
    const double theirs = b.bound.bound.seconds;
    // Bounds within a thousandth of each other say nothing.
    if (std::abs(ours - theirs) > 1e-3 * std::max(ours, theirs)) return ours < theirs;
    return load_of(a.bound.bound) < load_of(b.bound.bound);
}

std::string one_line(const std::string& schedule) {
    std::vector<std::string> verbs;
    for (const std::string& line : split(schedule, '\n'))
        if (!line.empty()) verbs.push_back(line);
    return join(verbs, ", ");
}

class Search {
public:
    Search(const Options& options, const task::Task& task, gpu::Sheet sheet, Console& console)
        : options_(options), task_(task), sheet_(std::move(sheet)), console_(console) {}

    Result<std::vector<Tried>> run(const referee::Options& tuning) {
        CUPEL_TRY(std::vector<Wanted> all, wanted_kernels(task_));
        const auto most = static_cast<std::size_t>(
            options_.budget.evaluations.value_or(options_.budget.seconds ? 1000 : kDefaultTrials));
        const double seconds = options_.budget.seconds.value_or(kDefaultSearch);
        const std::int64_t begin = os::now_ns();
        std::vector<Tried> tried;
        for (Wanted& one : all) {
            const bool spent = tried.size() >= most || os::seconds_since(begin) > seconds;
            if (stop_requested() || (spent && !tried.empty())) break;
            console_.status("verify",
                            fmt::format("kernel {} of {}: {}", tried.size() + 1,
                                        std::min(all.size(), most), one_line(one.schedule)));
            auto made = try_one(std::move(one), tuning);
            if (!made && made.error().code == Errc::Interrupted) break;
            if (!made) return std::unexpected(std::move(made).error());
            tried.push_back(*std::move(made));
        }
        std::ranges::stable_sort(tried, ranks_before);
        return tried;
    }

private:
    Result<Tried> try_one(Wanted wanted, const referee::Options& tuning) {
        Tried made{.schedule = std::move(wanted.schedule),
                   .source = std::move(wanted.source),
                   .trial = {},
                   .bound = {}};
        const referee::DeviceKernel kernel{.source = made.source, .file_name = "kernel.cu"};
        const referee::DeviceOptions asked{.threads = tuning.threads,
                                           .architecture = sheet_.architecture,
                                           .stop = tuning.stop,
                                           .progress = {}};
        CUPEL_TRY(made.trial, referee::try_device(task_, kernel, asked));
        if (made.right()) {
            CUPEL_TRY(made.bound, bound_device(task_, kernel, asked, made.trial, sheet_));
            referee::hold_to_own_sizes(made.bound.sample, made.trial);
        }
        return made;
    }

    const Options& options_;
    const task::Task& task_;
    gpu::Sheet sheet_;
    Console& console_;
};

// ---- the result ----

std::string bound_column(const Tried& one) {
    if (!one.right()) return verdict::headline(one.trial.verdict);
    return one.counted() ? bound_words(one.bound.bound)
                         : "not counted: " + one.bound.sample.why_not;
}

report::Card table_of(const task::Task& task, const std::vector<Tried>& tried,
                      const gpu::Sheet& sheet, const std::string& folder) {
    const bool any = !tried.empty() && tried.front().right();
    report::Card card{
        .title = task.name + " in CUDA",
        .seal = any ? "verified, not timed" : "nothing verified",
        .tone = any ? report::tone_of(verdict::Status::Accepted)
                    : report::tone_of(verdict::Status::NotResolved),
        .headline = any ? fmt::format("best bound on {}: {}, by {}", sheet.name,
                                      bound_words(tried.front().bound.bound), tried.front().file)
                        : std::string("no kernel was verified"),
        .rows = {},
        .footer = kNotTimed};
    for (const Tried& one : tried) {
        std::string first = bound_column(one);
        if (one.right()) first = one.file + ": not faster than " + first;
        const std::string label =
            one.right() ? fmt::format("{}", &one - tried.data() + 1) : std::string("refused");
        card.rows.push_back({label, {std::move(first), one_line(one.schedule)}});
    }
    if (any && tried.front().counted()) {
        for (report::Row& row : bound_rows(tried.front().bound))
            card.rows.push_back(std::move(row));
    }
    card.rows.push_back({"run", {folder}});
    return card;
}

nlohmann::json tried_json(const Tried& one) {
    nlohmann::json object = {{"schedule", one.schedule},
                             {"status", verdict::status_name(one.trial.verdict.status)},
                             {"reason", one.trial.verdict.reason},
                             {"findings", one.trial.findings},
                             {"file", nullptr},
                             {"bound", nullptr}};
    if (one.right()) {
        object["file"] = one.file;
        object["bound"] = bound_json(one.bound);
    }
    return object;
}

nlohmann::json search_json(const task::Task& task, const std::vector<Tried>& tried,
                           const gpu::Sheet& sheet, const std::string& folder) {
    nlohmann::json kernels = nlohmann::json::array();
    for (const Tried& one : tried)
        kernels.push_back(tried_json(one));
    return {{"run", folder},
            {"task", task.name},
            {"target", "cuda"},
            {"timed", false},
            {"note", kNotTimed},
            {"gpu", sheet.id},
            {"verified", std::ranges::count_if(tried, &Tried::right)},
            {"kernels", std::move(kernels)}};
}

Result<void> write_kernels(const RunFolder& folder, std::vector<Tried>& tried) {
    int number = 0;
    for (Tried& one : tried) {
        if (!one.right()) continue;
        one.file = fmt::format("kernel-{:02}.cu", ++number);
        CUPEL_DO(folder.write(one.file, one.source));
    }
    return {};
}

Result<int> search_in(const RunFolder& folder, const Options& options, const gpu::Sheet& sheet,
                      Console& console) {
    const task::Task& task = folder.task();
    const referee::Options tuning = tuning_for(folder.threads(), console);
    CUPEL_TRY(const referee::Referee::Admission admission, admit_alone(task, tuning));
    if (!admission.admitted) {
        folder.discard();
        console.document({{"status", "task_refused"}, {"reason", admission.reason}});
        console.print("task refused: " + admission.reason);
        return verdict::exit_code(verdict::Status::TaskRefused);
    }
    CUPEL_TRY(std::vector<Tried> tried, Search(options, task, sheet, console).run(tuning));
    if (tried.empty()) {
        folder.discard();
        console.print("nothing was tried\n");
        return kInterrupted;
    }
    CUPEL_DO(write_kernels(folder, tried));
    const std::string path = folder.path().string();
    const report::Card card = table_of(task, tried, sheet, path);
    const nlohmann::json document = search_json(task, tried, sheet, path);
    constexpr std::size_t kColumns = 92;
    CUPEL_DO(folder.write("summary.txt", report::draw(card, report::Style{}, kColumns)));
    CUPEL_DO(folder.write(kDeviceKernels, document.dump(2) + "\n"));
    console.document(document);
    console.print(card);
    return verdict::exit_code(tried.front().right() ? verdict::Status::Accepted
                                                    : verdict::Status::NotResolved);
}

}  // namespace

Result<int> run_optimize_device(const Options& options, Console& console) {
    if (!options.resume.empty())
        return fail(Errc::Usage, "--resume: a run for cuda is short, and begun anew");
    if (options.subject.empty())
        return fail(Errc::Usage, "cupel optimize: TASK is required (cupel show lists them)");
    CUPEL_TRY(const int threads, resolve_threads(options.threads));
    CUPEL_TRY(const task::Task task, load_task(options));
    CUPEL_TRY(const gpu::Sheet sheet, find_sheet(options.gpu));
    CUPEL_DO(target::find_device_compiler());  // before a folder is left that no run could begin
    CUPEL_TRY(const RunFolder folder, RunFolder::create(options.run, task, threads));
    auto code = search_in(folder, options, sheet, console);
    if (!code) folder.discard();
    return code;
}

}  // namespace cupel::cli
