// SPDX-License-Identifier: Apache-2.0
// What a GPU makes of the kernels of this tree: see bench/silicon.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/text.hpp"
#include "cli/attack.hpp"
#include "device/device.hpp"
#include "referee/device_trial.hpp"
#include "schedule/schedule.hpp"
#include "target/device_ptx.hpp"

namespace {

namespace fs = std::filesystem;
using namespace cupel;

constexpr double kJobSeconds = 20;

[[noreturn]] void give_up(const std::string& why) {
    (void)std::fprintf(stderr, "silicon: %s\n", why.c_str());
    std::exit(1);
}

template <class T>
T must(Result<T> result) {
    if (!result) give_up(result.error().text);
    return *std::move(result);
}

task::Task load(const std::string& name, const std::vector<task::Override>& sizes) {
    const std::vector<std::string> folders = {"tasks", "attacks/device"};
    return must(task::load(name, folders, sizes));
}

struct Entry {
    std::string name;  // "softmax 3", "attack waits_for_ever"
    std::string task;
    std::vector<task::Override> sizes;
    std::string kind;  // "printed", "honest" or "attack"
    std::string what;  // the schedule, or what the file says of itself
    std::string source;
};

std::vector<Entry> printed(const std::string& name, std::size_t most) {
    const task::Task task = load(name, {});
    std::vector<Entry> all;
    const auto add = [&](std::string what, std::string source) {
        all.push_back({.name = fmt::format("{} {}", task.name, all.size()),
                       .task = name,
                       .sizes = {},
                       .kind = "printed",
                       .what = std::move(what),
                       .source = std::move(source)});
    };
    add("naive", must(device::print_naive(task)));
    for (const schedule::Trace& trace : must(device::candidates(task))) {
        if (all.size() > most) break;
        std::string verbs = schedule::print_trace(trace);
        std::ranges::replace(verbs, '\n', ';');
        add(std::move(verbs), must(device::print_kernel(task, trace)));
    }
    return all;
}

std::vector<Entry> exhibits() {
    std::vector<Entry> all;
    for (cli::Exhibit& one : must(cli::read_exhibits("attacks/device", ".cu"))) {
        all.push_back({.name = one.name,
                       .task = one.task,
                       .sizes = one.sizes,
                       .kind = one.honest ? "honest" : "attack",
                       .what = one.what,
                       .source = std::move(one.source)});
    }
    return all;
}

// What the compiler made of it at the task's own sizes, with the launches that the source declares:
// a machine with a GPU needs no compiler then.
std::string packed(const Entry& entry, referee::DeviceBuilder& builder) {
    const task::Task task = load(entry.task, entry.sizes);
    const auto built = must(builder.build(task, {.source = entry.source, .file_name = "k.cu"}));
    if (const auto* const rejection = std::get_if<target::Rejection>(&built)) {
        (void)std::fprintf(stderr, "%s: not packed: %s\n", entry.name.c_str(),
                           rejection->reason.c_str());
        return {};
    }
    std::string text;
    bool goes_on = false;
    for (const std::string& line : split(entry.source, '\n')) {
        const bool begins = trim(line).starts_with("#pragma cupel");
        if (begins || goes_on) text += line + "\n";
        goes_on = (begins || goes_on) && line.ends_with("\\");
    }
    return text + std::get<referee::DeviceCode>(built).ptx;
}

void pack(const fs::path& folder, std::size_t most, const std::vector<std::string>& tasks) {
    fs::create_directories(folder);
    std::vector<Entry> all;
    for (const std::string& task : tasks)
        std::ranges::move(printed(task, most), std::back_inserter(all));
    if (most > 0) std::ranges::move(exhibits(), std::back_inserter(all));
    referee::DeviceBuilder builder("sm_90");
    std::ofstream index(folder / "index");
    int number = 0;
    for (const Entry& entry : all) {
        const std::string text = packed(entry, builder);
        if (text.empty()) continue;
        const std::string file = fmt::format("{:03}.ptx", number++);
        std::ofstream(folder / file) << text;
        nlohmann::json sizes = nlohmann::json::object();
        for (const task::Override& size : entry.sizes)
            sizes[size.name] = size.value;
        index << nlohmann::json{{"file", file},   {"name", entry.name}, {"task", entry.task},
                                {"sizes", sizes}, {"kind", entry.kind}, {"what", entry.what}}
                     .dump()
              << "\n";
    }
    (void)std::printf("%d of %zu packed\n", number, all.size());
}

// Those of the index whose kind is named, the `part`th of `parts`.
void run(const fs::path& folder, const std::string& kind, int part, int parts) {
    std::ifstream index(folder / "index");
    int number = 0;
    for (std::string line; std::getline(index, line);) {
        auto entry = nlohmann::json::parse(line);
        if (kind.find(entry["kind"]) == std::string::npos || number++ % parts != part) continue;
        std::vector<task::Override> sizes;
        for (const auto& [name, value] : entry["sizes"].items())
            sizes.push_back({.name = name, .value = value});
        const task::Task task = load(entry["task"].get<std::string>(), sizes);
        std::ifstream file(folder / std::string(entry["file"]));
        const referee::DeviceKernel kernel{.source = {std::istreambuf_iterator<char>(file), {}},
                                           .file_name = "kernel.ptx"};
        const auto trial =
            referee::try_gpu(task, kernel, {.threads = 4, .job_seconds = kJobSeconds});
        entry["status"] = trial ? verdict::status_name(trial->verdict.status) : "error";
        entry["reason"] = trial ? trial->verdict.reason : trial.error().text;
        if (trial) {
            entry["device"] = trial->device;
            entry["seconds"] = trial->seconds;
            entry["worst"] = trial->verdict.evidence.worst_error;
            entry["missing"] = trial->verdict.isolation.missing;
        }
        std::cout << entry.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                  << std::endl;
    }
}

}  // namespace

int main(int count, char** words) {
    const std::vector<std::string> all(words, words + count);
    if (count >= 5 && all[1] == "pack") {
        pack(all[2], std::stoul(all[3]), {all.begin() + 4, all.end()});
    } else if (count == 6 && all[1] == "run") {
        run(all[2], all[3], std::stoi(all[4]), std::stoi(all[5]));
    } else {
        give_up("usage: silicon pack FOLDER MOST TASK... | silicon run FOLDER KINDS PART PARTS");
    }
}
