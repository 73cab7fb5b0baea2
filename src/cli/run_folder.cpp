// SPDX-License-Identifier: Apache-2.0
#include "cli/run_folder.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "os/clock.hpp"
#include "os/files.hpp"

namespace cupel::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kArchive = "archive.db";
constexpr const char* kRun = "run.json";

// "2026-11-22T02:30:00Z" -> "20261122-023000"
std::string compact_time() {
    std::string time = os::utc_timestamp();
    std::erase_if(time, [](char c) { return c == '-' || c == ':' || c == 'Z'; });
    std::ranges::replace(time, 'T', '-');
    return time;
}

fs::path free_default_path(const std::string& task) {
    const std::string base = fmt::format("runs/{}-{}", task, compact_time());
    fs::path path = base;
    std::error_code ignored;
    for (int i = 2; fs::exists(path, ignored); ++i)
        path = fmt::format("{}-{}", base, i);
    return path;
}

json describe(const task::Task& task, int threads) {
    json sizes = json::object();
    for (const task::Size& size : task.sizes) {
        if (!size.derived) sizes[size.name] = size.value;
    }
    return {{"task", task.name},
            {"text", task.text},
            {"sizes", std::move(sizes)},
            {"threads", threads}};
}

struct Description {
    task::Task task;
    int threads = 1;
};
// nlohmann throws on what is missing or of another type.
Result<Description> read_description(const std::string& text) {
    const json run = json::parse(text);
    std::vector<task::Override> sizes;
    for (const auto& [name, value] : run.at("sizes").items())
        sizes.push_back({name, value.get<std::int64_t>()});
    Description description;
    CUPEL_TRY(description.task, task::parse(run.at("text").get<std::string>(),
                                            run.at("task").get<std::string>() + ".task", sizes));
    CUPEL_TRY(description.threads, resolve_threads(run.at("threads").get<int>()));
    return description;
}

}  // namespace

Result<RunFolder> RunFolder::create(const std::string& wanted, const task::Task& task,
                                    int threads) {
    const fs::path path = wanted.empty() ? free_default_path(task.name) : fs::path(wanted);
    std::error_code problem;
    if (fs::exists(path / kRun, problem)) {
        return fail(Errc::Usage,
                    fmt::format("--run {0}: a run is there already; go on with it by --resume {0}",
                                path.string()));
    }
    fs::create_directories(path, problem);
    // Whatever the reason, the folder cannot be had here: no wrong use, even where /proc says "no
    // such file".
    if (problem) {
        const Errc code = problem == std::errc::no_space_on_device ? Errc::Full : Errc::Io;
        return fail(code, fmt::format("run folder {}: {}", path.string(), problem.message()));
    }
    RunFolder folder(path, task, threads);
    // Written before anything is measured: a folder that cannot be written is known now.
    CUPEL_DO(folder.write(task.name + ".task", task.text));
    CUPEL_DO(folder.write(kRun, describe(task, threads).dump(2) + "\n"));
    return folder;
}

Result<RunFolder> RunFolder::reopen(const std::string& path) {
    auto text = os::read_file(fs::path(path) / kRun);
    if (!text) {
        return fail(Errc::Usage,
                    fmt::format("--resume {}: no run is there ({})", path, text.error().text));
    }
    try {
        CUPEL_TRY(Description description, read_description(*text));
        return RunFolder(path, std::move(description.task), description.threads);
    } catch (const json::exception& error) {
        return fail(Errc::Corrupt,
                    fmt::format("{}/{} is damaged, so nothing can go on there (its kernels are "
                                "still shown by `cupel show {}`): {}",
                                path, kRun, path, error.what()));
    }
}

Result<archive::Archive> RunFolder::open_archive() const {
    return archive::Archive::open(path_ / kArchive);
}

Result<void> RunFolder::write(const std::string& name, std::string_view content) const {
    auto written = os::write_file_atomically(path_ / name, content);
    // "No such file" of a folder that was just made is the world's doing, not a wrong name of the
    // user's.
    if (!written && written.error().code == Errc::NotFound) written.error().code = Errc::Io;
    return written;
}

}  // namespace cupel::cli
