// SPDX-License-Identifier: Apache-2.0
#include "cli/device_bound.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <future>

#include "base/text.hpp"
#include "cli/workplace.hpp"

namespace cupel::cli {
namespace {

constexpr std::size_t kShownCeilings = 4;

const target::DeviceResources* resources_of(const target::Assembled& assembled,
                                            const std::string& kernel) {
    const auto found =
        std::ranges::find(assembled.kernels, kernel, &target::DeviceResources::kernel);
    return found == assembled.kernels.end() ? nullptr : &*found;
}

// By the instructions that the whole file has: one with other factors, and all may be of that kind.
bool multiplies_only_tf32(const std::string& ptx) {
    bool any = false;
    for (const std::string& line : split(ptx, '\n')) {
        const bool multiplies = line.contains("mma.sync") || line.contains("mma.mma");
        if (multiplies && !line.contains(".tf32.tf32")) return false;
        any = any || multiplies;
    }
    return any;
}

std::vector<gpu::LaunchWork> work_of_launches(const DeviceBound& made) {
    std::vector<gpu::LaunchWork> all;
    const bool only_tf32 = multiplies_only_tf32(made.sample.ptx);
    for (const referee::SampledLaunch& one : made.sample.launches) {
        gpu::LaunchWork work{.kernel = one.plain_name,
                             .blocks = one.blocks,
                             .counted = one.counted,
                             .needs = {.threads = static_cast<std::int64_t>(one.threads),
                                       .shared_bytes = static_cast<std::int64_t>(one.shared_bytes),
                                       .registers = {}},
                             .counters = one.counters,
                             .only_tf32 = only_tf32,
                             .bytes_read = one.bytes_read,
                             .bytes_written = one.bytes_written};
        if (const auto* const known = resources_of(made.assembled, one.kernel))
            work.needs.registers = known->registers;
        all.push_back(std::move(work));
    }
    return all;
}

std::string ceilings_text(const std::vector<gpu::Ceiling>& ceilings) {
    std::vector<std::string> words;
    for (const gpu::Ceiling& one : ceilings) {
        if (words.size() == kShownCeilings) break;
        words.push_back(fmt::format("{} {}", one.name, format_seconds(one.seconds)));
    }
    return join(words, ", ");
}

std::string registers_text(const target::Assembled& assembled, const std::string& kernel) {
    const target::DeviceResources* const known = resources_of(assembled, kernel);
    if (known == nullptr) {
        return "registers and spills are not known: " +
               (assembled.unknown.empty() ? "ptxas does not name the kernel" : assembled.unknown);
    }
    std::string text = fmt::format("{} registers a thread, ", known->registers);
    const std::int64_t spilled = known->spill_store_bytes + known->spill_load_bytes;
    text += spilled == 0 ? "no spills" : fmt::format("{} bytes spilled", spilled);
    return text + fmt::format(", {} bytes of static shared memory", known->static_shared_bytes);
}

nlohmann::json ceilings_json(const std::vector<gpu::Ceiling>& ceilings) {
    nlohmann::json object = nlohmann::json::object();
    for (const gpu::Ceiling& one : ceilings)
        object[one.name] = one.seconds;
    return object;
}

nlohmann::json launch_bound_json(const DeviceBound& made, std::size_t i) {
    const gpu::LaunchBound& launch = made.bound.launches[i];
    const referee::SampledLaunch& counted = made.sample.launches[i];
    nlohmann::json object = {{"kernel", launch.kernel},
                             {"blocks", counted.blocks},
                             {"blocks_counted", counted.counted},
                             {"threads", counted.threads},
                             {"shared_bytes", counted.shared_bytes},
                             {"seconds", launch.seconds()},
                             {"at_work", launch.at_work},
                             {"ceilings", ceilings_json(launch.ceilings)},
                             {"occupancy",
                              {{"blocks", launch.occupancy.blocks},
                               {"warps", launch.occupancy.warps},
                               {"share", launch.occupancy.share},
                               {"limited_by", launch.occupancy.limited_by}}},
                             {"registers", nullptr}};
    if (const auto* const known = resources_of(made.assembled, counted.kernel)) {
        object["registers"] = known->registers;
        object["spill_bytes"] = known->spill_store_bytes + known->spill_load_bytes;
        object["stack_bytes"] = known->stack_bytes;
        object["static_shared_bytes"] = known->static_shared_bytes;
    }
    return object;
}

// By the registers that the assembler gave: such a launch fails on the GPU.
void refuse_what_does_not_fit(DeviceBound& made) {
    const std::vector<gpu::LaunchWork> works = work_of_launches(made);
    for (std::size_t i = 0; i < std::min(works.size(), made.bound.launches.size()); i++) {
        const gpu::Occupancy& found = made.bound.launches[i].occupancy;
        if (found.blocks > 0) continue;
        made.sample.refused = true;
        made.sample.why_not =
            fmt::format("at {}: {}: {}, on {}", made.sample.shape, works[i].kernel,
                        gpu::to_words(made.sheet, works[i].needs, found), made.sheet.name);
        return;
    }
}

// Blocks of it emulated and counted, and its text assembled; weighed with nothing yet.
Result<DeviceBound> count_at_own_sizes(const task::Task& task, const referee::DeviceKernel& kernel,
                                       const referee::DeviceOptions& options,
                                       const gpu::Sheet& sheet) {
    DeviceBound made{.sheet = sheet};
    CUPEL_TRY(made.sample, referee::sample_device(task, kernel, options));
    if (made.sample.ptx.empty()) return made;
    CUPEL_TRY(made.assembled, target::assemble_device(made.sample.ptx, sheet.architecture));
    if (made.assembled.refused && !made.sample.refused) {
        made.sample.refused = true;
        made.sample.why_not = made.assembled.unknown;
    }
    return made;
}

}  // namespace

gpu::Demand demand_of(const task::Task& task) {
    const task::Counts counts = task::count(task);
    return {.bytes = counts.bytes(),
            .flops = counts.flops,
            .product_flops = counts.product_flops,
            .precision = task.precision};
}

Result<gpu::Sheet> find_sheet(const std::string& gpu) {
    return gpu::load_sheet(gpu, search_folders("gpus"));
}

Result<WeighedTrial> try_and_weigh(const task::Task& task, const referee::DeviceKernel& kernel,
                                   const referee::DeviceOptions& options, const gpu::Sheet& sheet) {
    std::future<Result<DeviceBound>> counting;  // ends before what it looks at does
    referee::DeviceOptions asked = options;
    asked.when_promising = [&] {
        const auto when = options.threads > 1 ? std::launch::async : std::launch::deferred;
        counting =
            std::async(when, [&] { return count_at_own_sizes(task, kernel, options, sheet); });
    };
    WeighedTrial weighed;
    CUPEL_TRY(weighed.trial, referee::try_device(task, kernel, asked));
    if (weighed.trial.verdict.status != verdict::Status::Accepted) return weighed;
    CUPEL_CHECK(counting.valid());
    CUPEL_TRY(DeviceBound made, counting.get());
    referee::add_traffic(weighed.trial, made.sample);
    made.bound = gpu::bound_of(sheet, demand_of(task), work_of_launches(made));
    refuse_what_does_not_fit(made);
    weighed.bound = std::move(made);
    return weighed;
}

std::string bound_words(const gpu::Bound& bound) {
    return fmt::format("{} ({})", format_seconds(bound.seconds), bound.binds);
}

std::vector<report::Row> bound_rows(const DeviceBound& made) {
    std::vector<std::string> lines = {
        fmt::format("{}: at best {}, by published peaks: a bound, not a time", made.sheet.name,
                    bound_words(made.bound)),
        fmt::format("any kernel for the formula there: {}", ceilings_text(made.bound.formula))};
    if (!made.sample.why_not.empty()) {
        lines.push_back("of this kernel nothing was counted: " + made.sample.why_not);
        return {{"bound", lines}};
    }
    std::vector<std::string> occupancies;
    const std::vector<gpu::LaunchWork> works = work_of_launches(made);
    for (std::size_t i = 0; i < made.bound.launches.size(); i++) {
        const gpu::LaunchBound& launch = made.bound.launches[i];
        const referee::SampledLaunch& counted = made.sample.launches[i];
        lines.push_back(fmt::format("{}, counted on {} of {} blocks at {}: {}", launch.kernel,
                                    counted.counted, counted.blocks, made.sample.shape,
                                    ceilings_text(launch.ceilings)));
        occupancies.push_back(fmt::format("{}: {}", launch.kernel,
                                          to_words(made.sheet, works[i].needs, launch.occupancy)));
        occupancies.push_back(registers_text(made.assembled, counted.kernel));
    }
    return {{"bound", lines}, {"occupancy", occupancies}};
}

nlohmann::json bound_json(const DeviceBound& made) {
    nlohmann::json launches = nlohmann::json::array();
    for (std::size_t i = 0; i < made.bound.launches.size(); i++)
        launches.push_back(launch_bound_json(made, i));
    return {{"is", "a lower bound from published peaks, not a time"},
            {"gpu", made.sheet.id},
            {"gpu_name", made.sheet.name},
            {"sources", made.sheet.sources},
            {"shape", made.sample.shape},
            {"seconds", made.bound.seconds},
            {"weighed", made.bound.weighed},
            {"binds", made.bound.binds},
            {"formula", ceilings_json(made.bound.formula)},
            {"launches", std::move(launches)},
            {"not_counted", made.sample.why_not},
            {"registers_unknown", made.assembled.unknown}};
}

}  // namespace cupel::cli
