// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "base/text.hpp"
#include "os/child.hpp"
#include "os/files.hpp"
#include "target/device_compile.hpp"

namespace cupel::target {
namespace fs = std::filesystem;
namespace {

constexpr const char* kInstall =
    "no compiler of CUDA device code: install NVRTC (apt-get install cuda-nvrtc-13-0 from NVIDIA's "
    "repository, or pip install nvidia-cuda-nvrtc) or nvcc, and set CUPEL_CUDA to the toolkit's "
    "folder if it is not /usr/local/cuda";

std::vector<fs::path> toolkits() {
    std::vector<fs::path> folders;
    if (const char* const chosen = os::environment("CUPEL_CUDA")) folders.emplace_back(chosen);
    folders.emplace_back("/usr/local/cuda");
    return folders;
}

// libnvrtc.so, or the newest libnvrtc.so.N: a runtime package has no name without a number.
std::optional<fs::path> library_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (auto it = fs::directory_iterator(folder, error); !error && it != fs::end(it);
         it.increment(error)) {
        auto name = it->path().filename().string();
        if (name == "libnvrtc.so" || name.starts_with("libnvrtc.so.")) names.push_back(name);
    }
    if (names.empty()) return std::nullopt;
    // "so.9" is older than "so.13", and a name without a number is first choice.
    std::ranges::sort(names, [](const std::string& a, const std::string& b) {
        return std::pair(a.size(), a) < std::pair(b.size(), b);
    });
    return folder / (names.front() == "libnvrtc.so" ? names.front() : names.back());
}

std::optional<fs::path> find_library() {
    std::vector<fs::path> folders;
    for (const auto& root : toolkits()) {
        for (const char* part : {"lib64", "lib", "targets/x86_64-linux/lib"})
            folders.push_back(root / part);
    }
    for (const char* folder : {"/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/local/lib"})
        folders.emplace_back(folder);
    for (const auto& folder : folders) {
        if (auto found = library_in(folder)) return found;
    }
    return std::nullopt;
}

// The folder above include/cuda_fp16.h: beside the program or library, or a toolkit of its own.
std::string toolkit_of(const fs::path& program) {
    auto folders = toolkits();
    folders.insert(folders.begin(), program.parent_path().parent_path());
    for (const auto& root : folders) {
        std::error_code error;
        if (root == "/usr" || !fs::exists(root / "include/cuda_fp16.h", error)) continue;
        auto real = fs::canonical(root, error);
        if (!error) return real;
    }
    return "";
}

// The first line of the tool's answer that has the word in it.
Result<std::string> ask_version(std::vector<std::string> argv, std::string_view word) {
    os::Command ask;
    ask.argv = std::move(argv);
    ask.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
    CUPEL_TRY(const auto answer, os::run(std::move(ask), std::chrono::seconds(20)));
    if (!answer.timed_out && !answer.exit.by_signal && answer.exit.code == 0) {
        for (const auto& line : split(answer.text, '\n')) {
            if (line.find(word) != std::string::npos) return std::string(trim(line));
        }
    }
    return fail(Errc::Missing, std::string(trim(answer.text)));
}

std::unexpected<Error> lacking(std::string_view what) {
    return fail(Errc::Missing, fmt::format("{} was not found. {}", what, kInstall));
}

Result<DeviceCompiler> find_nvrtc() {
    const auto library = find_library();
    if (!library) return lacking("libnvrtc");
    std::error_code error;
    const auto real = fs::canonical(*library, error);
    if (error) return lacking(library->string());
    const auto program = os::program_folder() / "cupel-nvrtc";
    if (!fs::exists(program, error)) return lacking(program.string());
    auto version = ask_version({program.string(), real.string(), "--version"}, "NVRTC");
    if (!version) return std::unexpected(std::move(version.error()).in(real.string()));
    return DeviceCompiler{.kind = "nvrtc",
                          .program = real.string(),
                          .version = *version,
                          .toolkit = toolkit_of(real)};
}

Result<DeviceCompiler> find_nvcc() {
    std::vector<fs::path> candidates;
    for (const auto& root : toolkits())
        candidates.push_back(root / "bin/nvcc");
    if (auto found = os::find_program("nvcc")) candidates.push_back(*found);
    for (const auto& candidate : candidates) {
        std::error_code error;
        const auto real = fs::canonical(candidate, error);
        if (error) continue;
        CUPEL_TRY(auto version, ask_version({real.string(), "--version"}, "release"));
        return DeviceCompiler{.kind = "nvcc",
                              .program = real.string(),
                              .version = "nvcc: " + version,
                              .toolkit = toolkit_of(real)};
    }
    return lacking("nvcc");
}

Result<DeviceCompiler> find_clang() {
    const auto found = os::find_program("clang++-19");
    if (!found) return lacking("clang++-19");
    std::error_code error;
    const auto real = fs::canonical(*found, error);
    if (error) return lacking(found->string());
    CUPEL_TRY(auto version, ask_version({real.string(), "--version"}, "clang"));
    const auto toolkit = toolkit_of(real);
    if (toolkit.empty()) return lacking("the headers of CUDA, which clang needs,");
    return DeviceCompiler{.kind = "clang",
                          .program = real.string(),
                          .version = version + " (a way out: neither NVRTC nor nvcc)",
                          .toolkit = toolkit};
}

}  // namespace

Result<DeviceCompiler> find_device_compiler() {
    using Find = Result<DeviceCompiler> (*)();
    constexpr std::array<std::pair<std::string_view, Find>, 3> kWays = {
        {{"nvrtc", find_nvrtc}, {"nvcc", find_nvcc}, {"clang", find_clang}}};
    const char* const chosen = os::environment("CUPEL_DEVICE_CXX");
    if (chosen == nullptr) {
        for (const auto& [kind, find] : kWays) {
            if (auto found = find()) return found;
        }
        return fail(Errc::Missing, kInstall);
    }
    if (std::string_view(chosen) == "none") {
        return fail(Errc::Missing,
                    "CUPEL_DEVICE_CXX=none: no compiler of CUDA device code is used");
    }
    for (const auto& [kind, find] : kWays) {
        if (kind == chosen) return find();
    }
    return fail(Errc::Usage,
                fmt::format("CUPEL_DEVICE_CXX={}: expected nvrtc, nvcc, clang or none", chosen));
}

}  // namespace cupel::target
