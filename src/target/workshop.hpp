// SPDX-License-Identifier: Apache-2.0
// One run of a tool on untrusted text, in its cell: files in, files out. Compilers work here, and
// whatever else reads what a stranger wrote.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "jail/jail.hpp"
#include "os/files.hpp"

namespace cupel::target {

struct CompileLimits {                                    // the defaults are those of kernels
    std::chrono::milliseconds time{60'000};               // by the wall clock and of the processor
    std::uint64_t memory_bytes = std::uint64_t{4} << 30;  // address space of each process
    std::uint64_t file_bytes = std::uint64_t{64} << 20;   // of each file written
};

// How the temporary folders begin. (Those of earlier versions carried no lock: another name.)
inline constexpr std::string_view kCompiling = "cupel-compiling-";
inline constexpr std::string_view kMeasuring = "cupel-measuring-";

struct WorkFile {
    std::string name;        // below /source: "kernel.cu", "include/cmath"
    std::string_view bytes;  // must outlive the call of work()
};

// Paths are those inside the cell: /source (read-only), /out and /tmp (writable and empty).
struct Job {
    std::vector<std::string> argv;
    std::vector<WorkFile> files;
    std::vector<jail::Bind> binds;  // the tool, its libraries, what else it needs of the host
    // No clock is told: the same text makes the same bytes, today and at a stranger's.
    std::vector<std::string> environment = {"PATH=/usr/bin:/bin", "LC_ALL=C", "TMPDIR=/tmp",
                                            "SOURCE_DATE_EPOCH=0"};
    CompileLimits limits = {};
    bool may_fork = true;  // compilers are drivers of other programs
};

// What came of it. The folders are removed with it.
class Work {
public:
    os::Exit exit;
    bool timed_out = false;
    std::string text;  // standard output and error, the first 64 KiB, with the cell's paths
    double seconds = 0;

    [[nodiscard]] bool succeeded() const;
    // The tool was ended by that signal, or says so of a program that it started. (Within a cell a
    // signal is a status of 128 + its number.)
    [[nodiscard]] bool died_of(int signal_number) const;
    // The file /out/<name> as it lies there; nothing where there is none. Never through a link,
    // which a subverted tool may have left. More than max_bytes: an error.
    [[nodiscard]] Result<std::optional<std::string>> take(std::string_view name,
                                                          std::uint64_t max_bytes) const;
    // The text with the cell's paths: where there are no namespaces, tools see those of the host.
    [[nodiscard]] std::string with_cell_paths(std::string words) const;

private:
    explicit Work(os::TempDir root) : root_(std::move(root)) {}
    os::TempDir root_;
    friend Result<Work> work(const Job& job);
};

// Runs to the end or to its limits, and returns when nothing of it is left. An Error only where the
// machine is at fault (no such tool, no cell, a full disk).
[[nodiscard]] Result<Work> work(const Job& job);

// Which limit ended the run, in one line: "compiling took longer than 60.0 s". Nothing where none
// did. `doing` and `product` name the run and its result.
[[nodiscard]] std::optional<std::string> limit_met(
    const Work& done, const CompileLimits& limits, std::string_view doing = "compiling",
    std::string_view product = "the compiled object");

// What the tools say of themselves, a line each: "cc1plus: out of memory allocating ...". Whatever
// names a place in a source may quote it; where such a line is an error, that is why the text was
// refused, and nothing else is heard.
[[nodiscard]] std::string tools_words(std::string_view diagnostics);
// The first line with an error in it, without file and position; empty where there is none.
[[nodiscard]] std::string first_error(std::string_view diagnostics);

// What any compiler needs of the host: /usr, which is public on any system.
[[nodiscard]] std::vector<jail::Bind> system_binds();
// Adds the path under its own name, if it exists.
void show(std::vector<jail::Bind>& binds, const std::filesystem::path& path);

[[nodiscard]] std::string replaced(std::string text, std::string_view from, std::string_view to);

}  // namespace cupel::target
