// SPDX-License-Identifier: Apache-2.0
// A run folder: archive.db (every kernel tried), run.json (what is needed to go on), the task file,
// run.lock (held by whoever is at work there), page.html (the run to look at), prices.json where
// models are asked; when the run has
// ended also kernel.cpp, certificate.json and summary.txt, or of device code kernel-01.cu, ...,
// kernels.json and summary.txt. Files appear whole or not at all.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "archive/archive.hpp"
#include "cli/options.hpp"
#include "os/fd.hpp"

namespace cupel::cli {

// In the folder of a run for CUDA: every kernel that was tried, with its bound.
inline constexpr const char* kDeviceKernels = "kernels.json";

// What the kernels of a run are for.
struct RunTarget {
    std::string name = "cpu";  // or "cuda"
    std::string gpu = {};      // whose sheet bounds are by
    std::string task = {};     // the task's name
    std::string text = {};     // ... and its file
    std::string sizes = {};    // "B = 64, N = 256"
};
// As run.json says; "cpu" where nothing says otherwise.
[[nodiscard]] RunTarget target_of_run(const std::filesystem::path& folder);

class RunFolder {
public:
    // A new folder: `wanted`, or runs/<task>-<time> where that is empty. Usage if it holds a run
    // already, or another process is at work there.
    [[nodiscard]] static Result<RunFolder> create(const std::string& wanted, const task::Task& task,
                                                  int threads, const RunTarget& target = {});
    // An earlier run: its folder, or its name in runs/. Usage where another process is at work
    // there.
    [[nodiscard]] static Result<RunFolder> reopen(const std::string& name);

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] const task::Task& task() const noexcept { return task_; }
    [[nodiscard]] int threads() const noexcept { return threads_; }

    [[nodiscard]] Result<archive::Archive> open_archive() const;
    // Takes back what create() made and what was put there since; what was there before stays. For
    // a run that never began.
    void discard() const;
    // With the folder, and how to go on: a disk that fills up in the middle ends the command, not
    // the run.
    [[nodiscard]] Error with_way_on(Error error) const;
    [[nodiscard]] Result<void> write(const std::string& name, std::string_view content) const;

private:
    RunFolder(std::filesystem::path path, task::Task task, int threads)
        : path_(std::move(path)), task_(std::move(task)), threads_(threads) {}

    std::filesystem::path path_;
    task::Task task_;
    int threads_;
    std::vector<std::filesystem::path> made_;  // files, then folders from the inside out
    os::Fd lock_;                              // nobody else is at work in the folder
};

}  // namespace cupel::cli
