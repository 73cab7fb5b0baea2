// SPDX-License-Identifier: Apache-2.0
// show TASK --brief: what whoever writes a kernel must know, of both targets.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/briefs.hpp"
#include "cli/commands.hpp"
#include "cli/workplace.hpp"
#include "device/device.hpp"
#include "schedule/schedule.hpp"
#include "target/cpu.hpp"

namespace cupel::cli {
namespace {

std::string section(std::string_view title, std::string_view text) {
    return fmt::format("--- {}\n{}\n", title, text);
}

}  // namespace

Result<int> show_brief(const Options& options, Console& console) {
    CUPEL_TRY(const task::Task task, load_task(options));
    CUPEL_TRY(const int threads, resolve_threads(options.threads));
    CUPEL_TRY(const std::string naive, schedule::print_naive(task));
    const auto device_naive = device::print_naive(task);  // of some tasks there is none
    auto sizes = nlohmann::json::object();
    for (const task::Size& size : task.sizes)
        sizes[size.name] = size.value;
    auto baselines = nlohmann::json::array();
    for (const std::string& call : task.baselines)
        baselines.push_back(call);
    const std::string header = target::contract_header(task, threads);
    console.document(
        {{"task", task.name},
         {"title", task.title},
         {"text", task.text},
         {"precision", task.precision},
         {"sizes", std::move(sizes)},
         {"threads", threads},
         {"library_baselines", std::move(baselines)},
         {"cpu",
          {{"contract", cpu_contract(threads)}, {"task.hpp", header}, {"naive_kernel", naive}}},
         {"cuda",
          {{"contract", device_contract()},
           {"naive_kernel", device_naive ? nlohmann::json(*device_naive) : nlohmann::json()}}}});
    console.print(section("the task", task.text) +
                  section("a kernel for a CPU", cpu_contract(threads)) +
                  section("task.hpp", header) + section("an honest naive kernel", naive) +
                  section("a kernel in CUDA", device_contract()) +
                  (device_naive ? section("an honest naive one", *device_naive) : ""));
    return 0;
}

}  // namespace cupel::cli
