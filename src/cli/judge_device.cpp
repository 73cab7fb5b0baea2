// SPDX-License-Identifier: Apache-2.0
// judge, of CUDA device code: on the emulator, and where --target cuda asks for it on a GPU too, so
// right or wrong. Times that were seen on a GPU are told, and nothing is claimed by them.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/device_bound.hpp"
#include "cli/workplace.hpp"
#include "referee/device_coverage.hpp"
#include "referee/device_trial.hpp"
#include "referee/device_whole.hpp"
#include "referee/emulator_client.hpp"

namespace cupel::cli {
namespace {

using referee::CountedLaunch;
using referee::DeviceTrial;

std::string percent(std::uint64_t part, std::uint64_t whole) {
    return fmt::format("{:.0f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

// Counts, which say where time would go; a GPU may still be slow for another reason.
std::string work_of(const CountedLaunch& launch) {
    const emulator::Counters& counted = launch.counters;
    std::string words =
        fmt::format("{}: {} instructions of warps", launch.kernel, counted.warp_instructions);
    if (counted.global_sectors > 0) {
        words += fmt::format(", {} of the bytes in its global sectors asked for",
                             percent(counted.global_bytes, 32 * counted.global_sectors));
    }
    if (counted.shared_requests > 0) {
        words += fmt::format(", {:.2f} wavefronts a shared access",
                             static_cast<double>(counted.shared_wavefronts) /
                                 static_cast<double>(counted.shared_requests));
    }
    if (counted.branches > 0) {
        words += fmt::format(", {} of branches diverge",
                             percent(counted.divergent_branches, counted.branches));
    }
    return words;
}

nlohmann::json launch_json(const CountedLaunch& launch) {
    const emulator::Counters& counted = launch.counters;
    return {{"shape", launch.shape},
            {"kernel", launch.kernel},
            {"shared_bytes", launch.shared_bytes},
            {"warp_instructions", counted.warp_instructions},
            {"lane_instructions", counted.lane_instructions},
            {"half_flops", counted.half_flops},
            {"single_flops", counted.single_flops},
            {"double_flops", counted.double_flops},
            {"tensor_flops", counted.tensor_flops},
            {"global_requests", counted.global_requests},
            {"global_sectors", counted.global_sectors},
            {"global_bytes", counted.global_bytes},
            {"unique_bytes_read", counted.unique_bytes_read},
            {"unique_bytes_written", counted.unique_bytes_written},
            {"shared_requests", counted.shared_requests},
            {"shared_wavefronts", counted.shared_wavefronts},
            {"shared_conflicts", counted.shared_conflicts},
            {"barriers", counted.barriers},
            {"branches", counted.branches},
            {"divergent_branches", counted.divergent_branches},
            {"atomics", counted.atomics},
            {"atomic_collisions", counted.atomic_collisions}};
}

// How long all launches took each time, on the GPU: median, and from the least to the most.
std::string seen_words(std::vector<double> seconds) {
    std::ranges::sort(seconds);
    return fmt::format("{}, the median of {} runs from cold caches ({} to {}), by the GPU's clock",
                       format_seconds(seconds[seconds.size() / 2]), seconds.size(),
                       format_seconds(seconds.front()), format_seconds(seconds.back()));
}

nlohmann::json coverage_json(const referee::InputCoverage& one) {
    return {{"input", one.input},       {"shape", one.shape},   {"runs", one.runs},
            {"elements", one.elements}, {"unread", one.unread}, {"first", one.first}};
}

// What ended the trial, or of a right kernel what of its inputs it leaves out.
std::vector<std::string> findings_of(const DeviceTrial& trial) {
    using verdict::Status;
    std::vector<std::string> findings = trial.findings;
    const Status status = trial.verdict.status;
    if (status == Status::Accepted || (status == Status::Wrong && findings.empty()))
        findings = referee::coverage_words(trial.coverage);
    return findings;
}

nlohmann::json trial_json(const DeviceTrial& trial, const std::optional<DeviceBound>& bound) {
    nlohmann::json object = verdict::to_json(trial.verdict);
    object["findings"] = findings_of(trial);
    object["shapes"] = trial.shapes;
    object["checks_made"] = trial.checks;
    object["checks_not_made"] = trial.unchecked;
    object["coverage"] = nlohmann::json::array();
    for (const referee::InputCoverage& one : trial.coverage)
        object["coverage"].push_back(coverage_json(one));
    object["same_bits"] = nullptr;
    if (trial.same_bits) object["same_bits"] = *trial.same_bits;
    object["device_compiler"] = trial.compiler;
    object["launches"] = nlohmann::json::array();
    for (const CountedLaunch& launch : trial.launches)
        object["launches"].push_back(launch_json(launch));
    object["gpu"] = nullptr;
    if (!trial.device.empty()) {
        object["gpu"] = {{"device", trial.device},
                         {"seconds", trial.seconds},
                         {"is", "seen on the device's clock; no baseline was beside it"}};
    }
    object["bound"] = bound ? bound_json(*bound) : nlohmann::json();
    return object;
}

report::Card trial_card(const std::string& title, const DeviceTrial& trial,
                        const std::optional<DeviceBound>& bound) {
    const verdict::Verdict& verdict = trial.verdict;
    report::Card card{
        .title = title,
        .seal = report::seal_of(verdict.status),
        .tone = report::tone_of(verdict.status),
        .headline = verdict::headline(verdict),
        .rows = report::verdict_rows(verdict),
        .footer = trial.device.empty()
                      ? fmt::format("emulated in {:.1f} s, not timed: no GPU was used",
                                    verdict.wall_seconds)
                      : fmt::format("tried in {:.1f} s; no speedup is claimed: no "
                                    "baseline was timed beside it",
                                    verdict.wall_seconds)};
    if (!trial.seconds.empty()) card.rows.push_back({"seen", {seen_words(trial.seconds)}});
    if (trial.findings.size() > 1) card.rows.push_back({"found", trial.findings});
    card.rows.push_back({"scaled to", trial.shapes});
    if (const std::vector<std::string> unread = referee::coverage_words(trial.coverage);
        !unread.empty()) {
        card.rows.push_back({"inputs", unread});
    } else if (!trial.coverage.empty()) {
        card.rows.push_back({"inputs", {"read to the last element at each shape that was tried"}});
    }
    if (trial.same_bits && !*trial.same_bits) {
        card.rows.push_back(
            {"bits", {"the answer's last bits depend on the order of warps and blocks"}});
    }
    if (!trial.checks.empty()) card.rows.push_back({"watched", trial.checks});
    if (!trial.unchecked.empty()) card.rows.push_back({"not watched", trial.unchecked});
    if (!trial.launches.empty()) {
        report::Row work{.label = "work", .lines = {}};
        for (const CountedLaunch& launch : trial.launches)
            work.lines.push_back(work_of(launch));
        card.rows.push_back(std::move(work));
    }
    for (report::Row& row : bound ? bound_rows(*bound) : std::vector<report::Row>())
        card.rows.push_back(std::move(row));
    if (!trial.compiler.empty()) card.rows.push_back({"compiler", {trial.compiler}});
    return card;
}

// What the GPU says of a kernel that the emulator has accepted, put beside that.
Result<void> try_on_gpu(const task::Task& task, const referee::DeviceKernel& kernel,
                        const referee::DeviceOptions& options, DeviceTrial& trial) {
    CUPEL_TRY(DeviceTrial seen, referee::try_gpu(task, kernel, options));
    if (seen.verdict.status == verdict::Status::Accepted)
        seen.verdict.reason = "verified on the emulator, and " + seen.verdict.reason;
    seen.verdict.wall_seconds += trial.verdict.wall_seconds;
    trial.verdict = std::move(seen.verdict);
    trial.findings.insert(trial.findings.end(), seen.findings.begin(), seen.findings.end());
    trial.shapes.insert(trial.shapes.end(), seen.shapes.begin(), seen.shapes.end());
    trial.device = std::move(seen.device);
    trial.seconds = std::move(seen.seconds);
    return {};
}

}  // namespace

bool is_device_file(const std::string& path) {
    return path.ends_with(".cu") || path.ends_with(".ptx");
}

Result<int> run_judge_device(const Options& options, Console& console) {
    const bool on_gpu = options.target == "cuda";
    if (on_gpu) {
        if (auto gpu = referee::name_gpu(); !gpu) {
            return fail(gpu.error().code, "target cuda: " + gpu.error().text +
                                              "; use --target emu, which needs no GPU");
        }
    }
    if (!options.against.empty()) {
        return fail(Errc::Usage,
                    "--against: device code is not timed here, so it is compared with nothing");
    }
    if (options.seconds > 0) {
        return fail(Errc::Usage,
                    "--seconds: it says how long to time, and device code is not timed");
    }
    CUPEL_TRY(const int threads, resolve_threads(options.threads));
    CUPEL_TRY(const task::Task task, load_task(options));
    CUPEL_TRY(const gpu::Sheet sheet, find_sheet(options.gpu));
    auto source = read_kernel_text(options.file);
    if (!source) return std::unexpected(std::move(source).error().in("kernel"));
    const referee::DeviceKernel kernel{
        .source = *std::move(source),
        .file_name = std::filesystem::path(options.file).filename().string()};
    const referee::Options tuning = tuning_for(threads, console);
    CUPEL_TRY(const referee::Referee::Admission admission, admit_alone(task, tuning));
    DeviceTrial trial;
    std::optional<DeviceBound> bound;
    if (admission.admitted) {
        const referee::DeviceOptions asked{.threads = threads,
                                           .architecture = sheet.architecture,
                                           .own_answers = true,
                                           .stop = tuning.stop,
                                           .progress = tuning.progress};
        CUPEL_TRY(WeighedTrial weighed, try_and_weigh(task, kernel, asked, sheet));
        trial = std::move(weighed.trial);
        bound = std::move(weighed.bound);
        if (bound) {
            referee::hold_to_own_sizes(bound->sample, trial);
            CUPEL_DO(referee::hold_whole(task, kernel, asked, bound->sample, trial));
            if (trial.verdict.status != verdict::Status::Accepted) bound.reset();
        }
        if (on_gpu && trial.verdict.status == verdict::Status::Accepted)
            CUPEL_DO(try_on_gpu(task, kernel, asked, trial));
    } else {
        trial.verdict = refusal_of(task, admission, kernel.source, threads);
        trial.verdict.target = "emu";
    }
    console.document(trial_json(trial, bound));
    console.print(trial_card(fmt::format("{}: {}", task.name, options.file), trial, bound));
    return verdict::exit_code(trial.verdict.status);
}

}  // namespace cupel::cli
