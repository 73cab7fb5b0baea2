// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <ranges>

#include "base/text.hpp"
#include "jail/jail.hpp"

namespace cupel::jail {
namespace {

using namespace std::chrono_literals;

constexpr const char* kLoader = "/lib64/ld-linux-x86-64.so.2";

// What kernels are linked with, whether or not the program itself is. (libgomp: OpenMP; libmvec:
// the C library's functions of vectors, which g++ calls of itself in loops with fast mathematics.)
constexpr std::string_view kKernelLibraries =
    "libgomp.so.1 libstdc++.so.6 libgcc_s.so.1 libm.so.6 libmvec.so.1 libpthread.so.0";

struct Library {
    std::filesystem::path name;  // as programs ask for it
    std::filesystem::path host;
};

// A line of the loader's listing: "libm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f...)".
std::optional<Library> parse(std::string_view line) {
    line = trim(line);
    const std::size_t arrow = line.find(" => /");
    const std::size_t address = line.rfind(" (0x");
    if (arrow == std::string_view::npos || address == std::string_view::npos) return std::nullopt;
    return Library{line.substr(0, arrow), line.substr(arrow + 4, address - arrow - 4)};
}

Result<std::vector<Bind>> list_libraries(const std::filesystem::path& program,
                                         const std::vector<std::string>& others) {
    std::string preloaded(kKernelLibraries);
    for (const std::string& other : others)
        preloaded += ' ' + other;
    // The loader itself is asked: nobody else knows all its rules.
    const os::Command listing = {
        .argv = {kLoader, "--list", program.string()},
        .environment = {"LD_PRELOAD=" + preloaded},
    };
    CUPEL_TRY(const os::Output output, os::run(listing, 20s));
    if (output.timed_out || output.exit.by_signal || output.exit.code != 0) {
        const std::string how =
            output.timed_out
                ? "no answer within 20 s"
                : fmt::format("{} {}", output.exit.by_signal ? "killed by signal" : "exit status",
                              output.exit.code);
        return fail(Errc::Invalid, fmt::format("list the libraries of {}: {} {}", program.string(),
                                               how, trim(output.text)));
    }
    std::vector<Library> libraries;
    for (const std::string& line : split(output.text, '\n')) {
        if (auto library = parse(line)) libraries.push_back(std::move(*library));
    }
    const auto libc = std::ranges::find(libraries, "libc.so.6", &Library::name);
    if (libc == libraries.end()) {
        return fail(Errc::Invalid, program.string() + " is not linked with the C library");
    }
    // Inside there is no loader cache, so all are put where it looks anyway: beside the C library.
    const std::filesystem::path folder = libc->host.parent_path();
    std::vector<Bind> binds = {{.host = kLoader, .inside = kLoader}};
    for (const Library& library : libraries) {
        binds.push_back({.host = library.host, .inside = folder / library.name.filename()});
    }
    return binds;
}

}  // namespace

Result<std::vector<Bind>> library_binds(const std::filesystem::path& program,
                                        const std::vector<std::string>& others) {
    static std::mutex mutex;
    static std::map<std::pair<std::filesystem::path, std::vector<std::string>>, std::vector<Bind>>
        known;
    const std::scoped_lock lock(mutex);
    const auto found = known.find({program, others});
    if (found != known.end()) return found->second;
    CUPEL_TRY(std::vector<Bind> binds, list_libraries(program, others));
    return known.emplace(std::pair(program, others), std::move(binds)).first->second;
}

}  // namespace cupel::jail
