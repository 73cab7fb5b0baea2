// SPDX-License-Identifier: Apache-2.0
#include "cli/mcp_orders.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "cli/options.hpp"
#include "cli/workplace.hpp"
#include "os/clock.hpp"
#include "task/task.hpp"

namespace cupel::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr double kLongestQuick = 60;    // seconds
constexpr double kLongestJudge = 1800;  // ... emulated ones take minutes
constexpr double kLongestDoctor = 600;  // ...
constexpr double kFinish = 1800;        // ... that a search may take beyond its budget, to certify
constexpr double kSearchGrace = 120;    // ... to certify what it found when it is cancelled
constexpr const char* kTaskFile = "task.task";

// A word that cannot be an option, a path or hidden: letters, digits and _, and what else is given,
// but not first.
bool is_plain_name(std::string_view name, std::string_view others) {
    constexpr std::size_t kLongest = 100;
    const auto is_word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    };
    return !name.empty() && name.size() <= kLongest && is_word(name.front()) &&
           std::ranges::all_of(name,
                               [&](char c) { return is_word(c) || others.find(c) != others.npos; });
}

std::string text_of(const Json& arguments, const char* name) {
    return arguments.value(name, std::string());
}

// The file of a task that is called by its name: as a whole path, so that no file of the same name
// in the working directory is taken for it.
Result<std::string> find_task_file(const std::string& name) {
    const std::vector<std::string> folders = search_folders("tasks");
    const std::vector<std::string> known = task::list(folders);
    if (is_plain_name(name, "") && std::ranges::binary_search(known, name)) {
        for (const std::string& folder : folders) {
            const fs::path path = fs::absolute(fs::path(folder) / (name + ".task"));
            std::error_code ignored;
            if (fs::is_regular_file(path, ignored)) return path.string();
        }
    }
    const auto near = nearest_name(name, known);
    return fail(Errc::Usage, "task: there is none of that name; " +
                                 (near ? fmt::format("did you mean {}?", *near)
                                       : std::string("the tool `tasks` lists them")));
}

struct TaskArgument {
    std::string word;  // as cupel is told it
    std::string name;  // for people
    std::string text;
};

Result<TaskArgument> add_task_of(const Json& arguments, JobOrder& order) {
    const std::string name = text_of(arguments, "task");
    std::string text = text_of(arguments, "task_text");
    if (name.empty() == text.empty()) {
        return fail(Errc::Usage,
                    "give either task, the name of one, or task_text, the text of one of your own");
    }
    TaskArgument task{.word = kTaskFile, .name = "a task of the client's", .text = text};
    if (text.empty()) {
        CUPEL_TRY(task.word, find_task_file(name));
        CUPEL_TRY(task.text, os::read_file(task.word, std::size_t{1} << 20));
        task.name = name;
    } else {
        order.files.push_back({kTaskFile, std::move(text)});
        order.own_task = true;
    }
    order.arguments.push_back(task.word);
    return task;
}

// "N=1024" for each size that is replaced; the names are not looked at.
std::vector<std::string> size_words(const Json& arguments) {
    std::vector<std::string> words;
    const auto sizes = arguments.find("sizes");
    if (sizes == arguments.end()) return words;
    for (const auto& [name, value] : sizes->items())
        words.push_back(fmt::format("{}={}", name, value.get<std::int64_t>()));
    return words;
}

Result<void> add_sizes_of(const Json& arguments, JobOrder& order) {
    for (std::string& word : size_words(arguments)) {
        if (!is_plain_name(word, "=")) return fail(Errc::Usage, "sizes: a name is no word");
        order.arguments.emplace_back("--set");
        order.arguments.push_back(std::move(word));
    }
    return {};
}

// The number is always told, so that one content is one whether the client names it or not.
Result<int> add_threads_of(const Json& arguments, JobOrder& order) {
    CUPEL_TRY(const int threads, resolve_threads(arguments.value("threads", 0)));
    order.arguments.emplace_back("--threads");
    order.arguments.push_back(std::to_string(threads));
    return threads;
}

void add_option_of(const Json& arguments, const char* name, JobOrder& order) {
    const auto found = arguments.find(name);
    if (found == arguments.end()) return;
    order.arguments.push_back(fmt::format("--{}", name));
    order.arguments.push_back(found->get<std::string>());
}

// The newest comes last in a list; two of one second have two names.
std::string run_name(const std::string& task) {
    std::string time = os::utc_timestamp();
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    return fmt::format("mcp-{}-{}-{:04x}", task, time, random_u64() >> 48U);
}

std::string conditions_text(const TaskArgument& task, const Json& arguments, int threads) {
    std::string text = task.name;
    for (const std::string& word : size_words(arguments))
        text += " " + word;
    return text + fmt::format(", {}, {} thread{}", arguments.value("target", "cpu"), threads,
                              threads == 1 ? "" : "s");
}

}  // namespace

JobOrder tasks_order() {
    return {.kind = "tasks",
            .what = "the list of tasks",
            .arguments = {"show"},
            .files = {},
            .own_task = false,
            .measures = false,
            .longest = kLongestQuick,
            .content = {},
            .conditions = {}};
}

Result<JobOrder> task_order(const Json& arguments) {
    JobOrder order = tasks_order();
    order.kind = "task";
    CUPEL_TRY(const TaskArgument task, add_task_of(arguments, order));
    order.what = task.name;
    order.arguments.emplace_back("--brief");
    CUPEL_DO(add_sizes_of(arguments, order));
    CUPEL_TRY(const int threads, add_threads_of(arguments, order));
    static_cast<void>(threads);
    return order;
}

Result<JobOrder> judge_order(const Json& arguments) {
    JobOrder order;
    order.kind = "judge";
    order.arguments = {"judge"};
    order.longest = kLongestJudge;
    const std::string target = arguments.value("target", "cpu");
    const std::string file = target == "cpu" ? "kernel.cpp" : "kernel.cu";
    const std::string kernel = text_of(arguments, "kernel");
    CUPEL_TRY(const TaskArgument task, add_task_of(arguments, order));
    order.arguments.push_back(file);
    order.files.push_back({file, kernel});
    CUPEL_DO(add_sizes_of(arguments, order));
    CUPEL_TRY(const int threads, add_threads_of(arguments, order));
    add_option_of(arguments, "target", order);
    add_option_of(arguments, "gpu", order);
    order.what = conditions_text(task, arguments, threads);
    const std::string gpu = text_of(arguments, "gpu");
    order.conditions = hash_parts({{task.text, order.what, gpu}});
    order.content = hash_parts({{order.conditions, kernel}});
    return order;
}

Result<JobOrder> optimize_order(const Json& arguments) {
    JobOrder order;
    order.kind = "optimize";
    order.arguments = {"optimize"};
    order.grace = kSearchGrace;
    CUPEL_TRY(const TaskArgument task, add_task_of(arguments, order));
    CUPEL_DO(add_sizes_of(arguments, order));
    CUPEL_TRY(const int threads, add_threads_of(arguments, order));
    add_option_of(arguments, "target", order);
    add_option_of(arguments, "gpu", order);
    const int seconds = arguments.value("seconds", 60);
    order.longest = seconds + kFinish;
    const std::string run = run_name(arguments.contains("task") ? task.name : "task");
    for (std::string word : {std::string("--budget"), fmt::format("{}s", seconds),
                             std::string("--run"), fs::absolute(fs::path("runs") / run).string()})
        order.arguments.push_back(std::move(word));
    if (const int most = arguments.value("evaluations", 0); most > 0) {
        order.arguments.emplace_back("--budget");
        order.arguments.push_back(fmt::format("{}evals", most));
    }
    order.what =
        fmt::format("{}, {} s, run {}", conditions_text(task, arguments, threads), seconds, run);
    return order;
}

Result<JobOrder> verify_order(const Json& arguments) {
    constexpr const char* kFile = "certificate.json";
    JobOrder order;
    order.kind = "verify";
    order.longest = kLongestJudge;
    order.what = "a certificate";
    order.arguments = {"verify", kFile};
    order.files.push_back({kFile, text_of(arguments, "certificate")});
    if (arguments.value("recompute_only", false)) order.arguments.emplace_back("--recompute-only");
    const std::string key = text_of(arguments, "key");
    if (key.empty()) return order;
    if (!is_plain_name(key, "")) return fail(Errc::Usage, "key: a fingerprint is hex digits");
    order.arguments.emplace_back("--key");
    order.arguments.push_back(key);
    return order;
}

Result<JobOrder> run_order(const Json& arguments) {
    JobOrder order = tasks_order();
    order.kind = "run";
    order.what = text_of(arguments, "run");
    const std::vector<std::string> known = run_names();
    if (!is_plain_name(order.what, ".-") || !std::ranges::binary_search(known, order.what))
        return fail(Errc::Usage, "run: there is none of that name; the tool `history` lists them");
    order.arguments.push_back(fs::absolute(fs::path("runs") / order.what).string());
    if (const int kernel = arguments.value("kernel", 0); kernel > 0) {
        order.arguments.emplace_back("--kernel");
        order.arguments.push_back(std::to_string(kernel));
    }
    return order;
}

Result<JobOrder> doctor_order(const Json& arguments) {
    JobOrder order;
    order.kind = "doctor";
    order.what = "this machine";
    order.arguments = {"doctor"};
    order.longest = kLongestDoctor;
    CUPEL_TRY(const int threads, add_threads_of(arguments, order));
    static_cast<void>(threads);
    return order;
}

}  // namespace cupel::cli
