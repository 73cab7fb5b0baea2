// SPDX-License-Identifier: Apache-2.0
// judge: one kernel of the user's against the baselines.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <optional>

#include "cli/commands.hpp"
#include "cli/workplace.hpp"

namespace cupel::cli {
namespace {

Result<verdict::Kernel> read_kernel(const std::string& path) {
    auto source = read_kernel_text(path);
    if (!source) return std::unexpected(std::move(source).error().in("kernel"));
    return verdict::Kernel{.source = std::move(*source), .schedule = "", .origin = "user"};
}

// A kernel, or a schedule that prints one.
Result<verdict::Kernel> read_candidate(const task::Task& task, const std::string& path,
                                       int threads) {
    if (path.ends_with(".schedule")) return print_schedule_file(task, path, threads);
    return read_kernel(path);
}

Result<std::optional<referee::Baseline>> read_opponent(const std::string& path) {
    if (path.empty()) return std::nullopt;
    CUPEL_TRY(verdict::Kernel kernel, read_kernel(path));
    return referee::Baseline{
        .name = "your " + std::filesystem::path(path).filename().string(),
        .source = std::move(kernel.source),
        .ours = false,
    };
}

// What to do where the interval is too wide for a claim.
std::string hint(const verdict::Verdict& verdict, const Options& options) {
    if (verdict.status != verdict::Status::NotResolved || verdict.law || options.seconds > 0)
        return "";
    return "; --seconds 60 measures longer";
}

}  // namespace

Result<int> run_judge(const Options& options, Console& console) {
    if (is_device_file(options.file)) return run_judge_device(options, console);
    CUPEL_DO(check_target(options.target));
    CUPEL_TRY(const int threads, resolve_threads(options.threads));
    CUPEL_TRY(task::Task task, load_task(options));
    CUPEL_TRY(const verdict::Kernel kernel, read_candidate(task, options.file, threads));
    CUPEL_TRY(std::optional<referee::Baseline> opponent, read_opponent(options.against));
    referee::Options tuning = tuning_for(threads, console);
    if (options.seconds > 0) tuning.judge_seconds = options.seconds;
    CUPEL_TRY(const auto referee,
              open_referee(std::move(task), std::move(tuning), std::move(opponent)));
    note_absent(*referee, console);
    CUPEL_DO(keep_aa_record(*referee, console));
    const std::size_t absent = referee->options().absent.size();
    CUPEL_TRY(const verdict::Verdict verdict, judge_admitted(*referee, kernel));
    note_absent(*referee, console, absent);

    auto document = verdict::to_json(verdict);
    console.document(document);
    console.print(report::Card{
        .title = fmt::format("{}: {}", referee->task().name, options.file),
        .seal = report::seal_of(verdict.status),
        .tone = report::tone_of(verdict.status),
        .headline = verdict::headline(verdict),
        .rows = report::verdict_rows(verdict),
        .footer = fmt::format("judged in {:.1f} s{}", verdict.wall_seconds, hint(verdict, options)),
    });
    return verdict::exit_code(verdict.status);
}

}  // namespace cupel::cli
