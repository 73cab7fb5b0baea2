// SPDX-License-Identifier: Apache-2.0
#include "cli/workplace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ranges>

#include "base/hash.hpp"
#include "cli/signals.hpp"
#include "os/files.hpp"
#include "os/source_file.hpp"
#include "os/user_key.hpp"
#include "referee/admit_record.hpp"
#include "rival/rival.hpp"

namespace cupel::cli {

std::filesystem::path shipped_folder(std::string_view what) {
    // The program lies in build/<preset>/bin of the tree that holds tasks/ and attacks/.
    return (os::program_folder() / "../../..").lexically_normal() / what;
}

std::vector<std::string> search_folders(std::string_view what) {
    return {std::string(what), shipped_folder(what).string()};
}

std::optional<task::Task> shipped_task(const std::string& name) {
    // By its path, as a name alone is looked for in the working directory first.
    auto task = task::load((shipped_folder("tasks") / (name + ".task")).string(), {}, {});
    if (!task) return std::nullopt;
    return *std::move(task);
}

Result<task::Task> load_task(const Options& options) {
    return task::load(options.subject, search_folders("tasks"), options.sizes);
}

namespace {

namespace fs = std::filesystem;
constexpr std::string_view kRuns = "runs";

bool holds_run(const fs::path& folder) {
    std::error_code ignored;
    return fs::exists(folder / "archive.db", ignored) || fs::exists(folder / "run.json", ignored) ||
           fs::exists(folder / "certificate.json", ignored);
}

}  // namespace

std::vector<std::string> run_names() {
    std::vector<std::string> names;
    std::error_code problem;
    for (fs::directory_iterator at(kRuns, problem), end; !problem && at != end;
         at.increment(problem)) {
        if (holds_run(at->path())) names.push_back(at->path().filename().string());
    }
    std::ranges::sort(names);
    return names;
}

fs::path find_run(const std::string& name) {
    fs::path written = name;
    if (name.empty() || holds_run(written)) return written;
    const fs::path usual = kRuns / written;
    return holds_run(usual) ? usual : written;
}

std::string measured_text(const target::Ceilings& ceilings, std::int64_t unix_now) {
    struct Unit {
        std::int64_t seconds;
        std::string_view name;
    };
    constexpr std::array kUnits = {Unit{86'400, "day"}, Unit{3600, "hour"}, Unit{60, "minute"}};
    std::string text = "measured now";
    for (const Unit& unit : kUnits) {
        const std::int64_t count = (unix_now - ceilings.measured) / unit.seconds;
        if (count < 1) continue;
        text = fmt::format("measured {} {}{} ago", count, unit.name, count == 1 ? "" : "s");
        break;
    }
    if (!target::was_busy(ceilings)) return text;
    return text + fmt::format(
                      " while others took {:.0f} % of the processors: too low, perhaps; "
                      "cupel doctor measures again",
                      100 * ceilings.disturbed);
}

schedule::Width width_of(const target::Machine& machine, int threads) {
    schedule::Width width;
    width.vector_bytes = machine.vector_bytes;
    width.registers = machine.vector_registers;
    width.threads = threads;
    // A machine that hides a cache keeps the assumption for it.
    if (machine.l1_bytes > 0) width.l1_bytes = machine.l1_bytes;
    if (machine.l2_bytes > 0) width.l2_bytes = machine.l2_bytes;
    if (machine.l3_bytes > 0) width.l3_bytes = machine.l3_bytes / std::max(1, threads);
    return width;
}

referee::Options tuning_for(int threads, Console& console) {
    referee::Options tuning;
    tuning.threads = threads;
    tuning.stop = stop_requested;
    tuning.progress = [&console](std::string_view what, double share) {
        console.status("referee", share > 0 ? fmt::format("{} {:.0f} %", what, 100 * share)
                                            : std::string(what));
    };
    return tuning;
}

namespace {

struct Panel {
    std::vector<referee::Baseline> members;
    std::vector<std::string> absent;  // and why
};

// "onednn", and "onednn 2" where a task names two of its calls.
std::string name_in(const Panel& panel, const std::string& library) {
    const auto same = std::ranges::count_if(panel.members, [&](const referee::Baseline& member) {
        return member.name == library || member.name.starts_with(library + " ");
    });
    return same == 0 ? library : fmt::format("{} {}", library, same + 1);
}

// A word that means nothing would leave the panel as it is, and who wrote it would not know.
Result<bool> leaves_rivals_out() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in Cupel changes the environment
    const char* const wanted = std::getenv("CUPEL_RIVALS");
    const std::string_view word = wanted == nullptr ? "" : wanted;
    if (word.empty() || word == "none") return !word.empty();
    return fail(Errc::Invalid,
                fmt::format("CUPEL_RIVALS is '{}'; it may be 'none', which leaves all libraries "
                            "out, or not set",
                            word));
}

Result<Panel> panel_of(const task::Task& task, int threads) {
    CUPEL_TRY(std::vector<schedule::BaselineText> texts, schedule::print_baselines(task));
    Panel panel;
    for (schedule::BaselineText& text : texts) {
        panel.members.push_back({.name = std::move(text.name), .source = std::move(text.source)});
    }
    const int vector_bytes = target::this_machine().vector_bytes;
    CUPEL_TRY(const bool none, leaves_rivals_out());
    for (const std::string& baseline : task.baselines) {
        const rival::Line line = rival::read(baseline);
        if (none) {
            panel.absent.push_back(line.library + " was left out (CUPEL_RIVALS=none)");
            continue;
        }
        auto library = rival::find(line.library, vector_bytes, threads);
        if (!library && library.error().code == Errc::Missing) {
            panel.absent.push_back(std::move(library).error().text);
            continue;
        }
        if (!library) return std::unexpected(std::move(library).error().in("task " + task.name));
        panel.members.push_back({.name = name_in(panel, line.library),
                                 .source = rival::print(task, line),
                                 .ours = false,
                                 .library = {.version = std::move(library->version),
                                             .link = std::move(library->link),
                                             .shared = std::move(library->shared),
                                             .environment = std::move(library->environment)}});
    }
    return panel;
}

}  // namespace

Result<std::unique_ptr<referee::Referee>> open_referee(task::Task task, referee::Options tuning,
                                                       std::optional<referee::Baseline> another) {
    CUPEL_TRY(Panel panel, panel_of(task, tuning.threads));
    tuning.absent = std::move(panel.absent);
    if (another) panel.members.push_back(*std::move(another));
    if (tuning.progress) tuning.progress("compiling the baselines, starting the oracle", 0);
    return referee::Referee::open(std::move(task), std::move(panel.members), std::move(tuning));
}

void note_absent(const referee::Referee& referee, Console& console, std::size_t told) {
    for (const std::string& absent : referee.options().absent | std::views::drop(told))
        console.note("a smaller panel: " + absent);
}

Result<referee::Signer> find_signer() {
    auto key = os::user_key();
    if (key) return referee::Signer{.key = *std::move(key), .missing = ""};
    if (key.error().code == Errc::Missing)
        return referee::Signer{.key = std::nullopt, .missing = std::move(key).error().text};
    return fail(Errc::Corrupt, std::move(key).error().text);
}

Result<void> keep_aa_record(referee::Referee& referee, Console& console) {
    constexpr std::uint64_t kOneIn = 8;
    constexpr std::int64_t kFew = 1;
    if (referee.aa().test.runs >= kFew && random_u64() % kOneIn != 0) return {};
    console.status("ruler", "trying a baseline against itself, for the record of this machine");
    const auto verdict = referee.judge_against_itself();
    if (verdict) return {};
    if (verdict.error().code == Errc::Interrupted) return std::unexpected(verdict.error());
    // A record that cannot be written holds up nobody; it is said, as what it would have said is
    // not on the certificate.
    console.note("the A/A record of this machine could not be kept: " + verdict.error().text);
    return {};
}

Result<std::string> read_kernel_text(const std::string& path) {
    CUPEL_TRY(std::string text, os::read_file(path, kLargestKernel));
    if (path.ends_with(".ptx")) return text;
    return os::with_includes(text, path, kLargestKernel);
}

verdict::Verdict refusal_of(const task::Task& task, const referee::Referee::Admission& admission,
                            std::string_view source, int threads) {
    verdict::Verdict verdict;
    verdict.status = verdict::Status::TaskRefused;
    verdict.law = 9;
    verdict.reason = admission.reason;
    verdict.kernel_hash = hash_hex(source);
    verdict.precision = task.precision;
    verdict.threads = threads;
    verdict::set_isolation(verdict, referee::isolation());
    return verdict;
}

Result<referee::Referee::Admission> admit_alone(const task::Task& task,
                                                const referee::Options& tuning) {
    // A referee measures the machine when it is opened, which an admission that is kept needs not.
    if (const auto key = referee::admission_key(task, tuning.threads)) {
        if (auto kept = referee::find_admission(*key)) return *std::move(kept);
    }
    CUPEL_TRY(std::vector<schedule::BaselineText> texts, schedule::print_baselines(task));
    CUPEL_CHECK(!texts.empty());
    std::vector<referee::Baseline> naive;
    naive.push_back(
        {.name = std::move(texts.front().name), .source = std::move(texts.front().source)});
    CUPEL_TRY(const auto referee, referee::Referee::open(task, std::move(naive), tuning));
    return referee->admit_once();
}

Result<verdict::Verdict> judge_admitted(referee::Referee& referee, const verdict::Kernel& kernel) {
    CUPEL_TRY(const referee::Referee::Admission admission, referee.admit_once());
    if (admission.admitted) return referee.judge(kernel);
    return refusal_of(referee.task(), admission, kernel.source, referee.options().threads);
}

Result<verdict::Kernel> print_schedule_file(const task::Task& task, const std::string& path,
                                            int threads) {
    constexpr std::size_t kLargest = std::size_t{64} << 10;
    CUPEL_TRY(const std::string text, os::read_file(path, kLargest));
    const auto in_file = [&](Error error) {
        error.text = fmt::format("{}: {}", path, error.text);
        return std::unexpected(std::move(error));
    };
    const auto trace = schedule::parse_trace(text);
    if (!trace) return in_file(trace.error());
    auto source = schedule::print_kernel(task, width_of(target::this_machine(), threads), *trace);
    if (!source) return in_file(source.error());
    return verdict::Kernel{
        .source = std::move(*source), .schedule = schedule::print_trace(*trace), .origin = "user"};
}

}  // namespace cupel::cli
