// SPDX-License-Identifier: Apache-2.0
#include "cli/run_folder.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "cli/workplace.hpp"
#include "os/clock.hpp"
#include "os/files.hpp"

namespace cupel::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kArchive = "archive.db";
constexpr const char* kRun = "run.json";
constexpr const char* kLock = "run.lock";

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

json describe(const task::Task& task, int threads, const RunTarget& target) {
    json sizes = json::object();
    for (const task::Size& size : task.sizes) {
        if (!size.derived) sizes[size.name] = size.value;
    }
    json run = {{"task", task.name},
                {"text", task.text},
                {"sizes", std::move(sizes)},
                {"threads", threads},
                {"target", target.name}};
    if (!target.gpu.empty()) run["gpu"] = target.gpu;
    return run;
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

// Of these, what is not there yet.
std::vector<fs::path> missing_of(std::vector<fs::path> paths) {
    std::error_code ignored;
    std::erase_if(
        paths, [&](const fs::path& path) { return fs::exists(fs::symlink_status(path, ignored)); });
    return paths;
}

// Everything that a run which has not begun puts into its folder, the folder, and those around it.
std::vector<fs::path> footprint(const fs::path& folder, const std::string& task) {
    const std::string archive = kArchive;
    std::vector<fs::path> paths;
    for (const std::string& name : {std::string(kRun), task + ".task", archive, archive + "-wal",
                                    archive + "-shm", std::string(kLock)})
        paths.push_back(folder / name);
    for (fs::path at = folder; !at.empty() && at != at.root_path(); at = at.parent_path())
        paths.push_back(at);
    return paths;
}

Error run_is_there(const fs::path& path) {
    return {Errc::Usage, fmt::format("--run {0}: a run is there already; go on with it by "
                                     "--resume {0}",
                                     path.string())};
}

// Two that search in one folder would try the same kernels, and ask and pay for the same answers.
Result<os::Fd> lock_folder(const fs::path& path, std::string_view option) {
    auto lock = os::lock_file(path / kLock);
    if (!lock && lock.error().code == Errc::NotFound) lock.error().code = Errc::Io;
    if (!lock || lock->valid()) return lock;
    return fail(Errc::Usage, fmt::format("{} {}: another cupel is at work there; wait until it "
                                         "has ended, or stop it",
                                         option, path.string()));
}

}  // namespace

RunTarget target_of_run(const fs::path& folder) {
    RunTarget target;
    const auto text = os::read_file(folder / kRun);
    const json run = text ? json::parse(*text, nullptr, false) : json();
    if (!run.is_object()) return target;
    const auto word = [&](const char* name) {
        const auto found = run.find(name);
        return found != run.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    if (word("target") == "cuda") target = {.name = "cuda", .gpu = word("gpu")};
    target.task = word("task");
    target.text = word("text");
    const json sizes = run.value("sizes", json::object());
    for (const auto& [name, size] : sizes.items()) {
        if (!size.is_number_integer()) continue;
        target.sizes += fmt::format("{}{} = {}", target.sizes.empty() ? "" : ", ", name,
                                    size.get<std::int64_t>());
    }
    return target;
}

Result<RunFolder> RunFolder::create(const std::string& wanted, const task::Task& task, int threads,
                                    const RunTarget& target) {
    const fs::path path = wanted.empty() ? free_default_path(task.name) : fs::path(wanted);
    std::error_code problem;
    if (fs::exists(path / kRun, problem)) return std::unexpected(run_is_there(path));
    std::vector<fs::path> made = missing_of(footprint(path, task.name));
    fs::create_directories(path, problem);
    // Whatever the reason, the folder cannot be had here: no wrong use, even where /proc says "no
    // such file".
    if (problem) {
        const Errc code = problem == std::errc::no_space_on_device ? Errc::Full : Errc::Io;
        return fail(code, fmt::format("run folder {}: {}", path.string(), problem.message()));
    }
    RunFolder folder(path, task, threads);
    auto lock = lock_folder(path, "--run");
    if (!lock && lock.error().code == Errc::Usage) return std::unexpected(std::move(lock).error());
    // One that held the lock before may have begun a run.
    if (fs::exists(path / kRun, problem)) return std::unexpected(run_is_there(path));
    folder.made_ = std::move(made);
    // Written before anything is measured: a folder that cannot be written is known now.
    Result<void> written;
    if (lock) {
        folder.lock_ = std::move(*lock);
        written = folder.write(task.name + ".task", task.text);
    } else {
        written = std::unexpected(std::move(lock).error());
    }
    if (written) written = folder.write(kRun, describe(task, threads, target).dump(2) + "\n");
    if (written) return folder;
    folder.discard();
    return std::unexpected(std::move(written).error());
}

void RunFolder::discard() const {
    std::error_code ignored;
    // Not recursive: a folder that others have put something into stays.
    for (const fs::path& path : made_)
        fs::remove(path, ignored);
}

Result<RunFolder> RunFolder::reopen(const std::string& name) {
    const std::string path = find_run(name).string();
    std::error_code ignored;
    if (fs::exists(fs::path(path) / kDeviceKernels, ignored) && target_of_run(path).name == "cpu") {
        return fail(Errc::Usage,
                    fmt::format("--resume {}: a run for cuda by a Cupel that kept no archive of "
                                "them; it is begun anew",
                                path));
    }
    auto text = os::read_file(fs::path(path) / kRun);
    if (!text) {
        return fail(Errc::Usage,
                    fmt::format("--resume {}: no run is there ({})", path, text.error().text));
    }
    try {
        CUPEL_TRY(Description description, read_description(*text));
        RunFolder folder(path, std::move(description.task), description.threads);
        CUPEL_TRY(folder.lock_, lock_folder(path, "--resume"));
        return folder;
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

Error RunFolder::with_way_on(Error error) const {
    const std::string name = path_.string();
    if (error.code == Errc::Full) {
        error.text = fmt::format(
            "run folder {0}: {1}; free some space, then `cupel optimize --resume {0}` goes on",
            name, error.text);
    } else if (error.code == Errc::Io) {
        error.text = fmt::format("run folder {}: {}", name, error.text);
    }
    return error;
}

Result<void> RunFolder::write(const std::string& name, std::string_view content) const {
    auto written = os::write_file_atomically(path_ / name, content);
    // "No such file" of a folder that was just made is the world's doing, not a wrong name of the
    // user's.
    if (!written && written.error().code == Errc::NotFound) written.error().code = Errc::Io;
    return written;
}

}  // namespace cupel::cli
