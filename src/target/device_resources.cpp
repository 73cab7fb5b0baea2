// SPDX-License-Identifier: Apache-2.0
#include "target/device_resources.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <optional>

#include "base/text.hpp"
#include "os/child.hpp"
#include "os/files.hpp"
#include "target/workshop.hpp"

namespace cupel::target {
namespace fs = std::filesystem;
namespace {

constexpr CompileLimits kAssemblerLimits = {.time = std::chrono::seconds(30)};

std::optional<fs::path> find_assembler() {
    std::vector<fs::path> places;
    if (const char* const chosen = os::environment("CUPEL_CUDA"))
        places.push_back(fs::path(chosen) / "bin/ptxas");
    places.emplace_back("/usr/local/cuda/bin/ptxas");
    std::error_code error;
    for (const fs::path& place : places) {
        auto real = fs::canonical(place, error);
        if (!error) return real;
    }
    const auto found = os::find_program("ptxas");
    if (!found) return std::nullopt;
    auto real = fs::canonical(*found, error);
    return error ? std::nullopt : std::optional(real);
}

// The whole number before `what`: 376 in "Used 18 registers, 376 bytes smem" before " bytes smem".
std::int64_t number_before(std::string_view line, std::string_view what) {
    const std::size_t end = line.find(what);
    if (end == std::string_view::npos) return 0;
    std::size_t begin = end;
    while (begin > 0 && line[begin - 1] >= '0' && line[begin - 1] <= '9')
        begin--;
    std::int64_t number = 0;
    std::from_chars(line.data() + begin, line.data() + end, number);
    return number;
}

// A text for a later CUDA than this assembler's, or for another GPU than it was asked for, may be
// right.
bool may_be_right_elsewhere(std::string_view fatal) {
    return fatal.starts_with("Unsupported .version ") ||
           fatal.starts_with("Unsupported .target ") ||
           fatal.starts_with("SM version specified by .target is higher") ||
           fatal.find("cannot be compiled for architecture") != std::string_view::npos;
}

struct Complaint {
    std::string what;
    bool of_the_text = false;
};

// "ptxas kernel.ptx, line 31; error   : Illegal operand", "ptxas fatal   : Unresolved extern
// function 'f'": what comes behind, of the first. What is "fatal" ends the reading.
Complaint first_complaint(std::string_view words) {
    for (const std::string& line : split(words, '\n')) {
        const bool fatal = line.find("fatal ") < line.find(": ");
        const std::size_t at = line.find(fatal ? "fatal " : "error ");
        const std::size_t colon = line.find(": ", at);
        if (at == std::string::npos || colon == std::string::npos) continue;
        auto what = std::string(trim(line.substr(colon + 2)));
        const bool excused = fatal && may_be_right_elsewhere(what);
        return {std::move(what), !excused};
    }
    return {"failed", false};
}

}  // namespace

std::vector<DeviceResources> read_resources(std::string_view words) {
    constexpr std::string_view kEntry = "Compiling entry function '";
    std::vector<DeviceResources> kernels;
    for (const std::string& line : split(words, '\n')) {
        if (const std::size_t at = line.find(kEntry); at != std::string::npos) {
            const std::string rest = line.substr(at + kEntry.size());
            kernels.push_back({.kernel = rest.substr(0, rest.find('\''))});
        }
        if (kernels.empty()) continue;
        DeviceResources& kernel = kernels.back();
        if (line.find(" bytes stack frame") != std::string::npos) {
            // A function that is called has a frame of its own, and is not told apart.
            kernel.stack_bytes =
                std::max(kernel.stack_bytes, number_before(line, " bytes stack frame"));
            kernel.spill_store_bytes += number_before(line, " bytes spill stores");
            kernel.spill_load_bytes += number_before(line, " bytes spill loads");
        } else if (line.find(": Used ") != std::string::npos) {
            kernel.registers = number_before(line, " registers");
            kernel.static_shared_bytes = number_before(line, " bytes smem");
        }
    }
    return kernels;
}

Result<Assembled> assemble_device(std::string_view ptx, const std::string& architecture) {
    const auto program = find_assembler();
    if (!program)
        return Assembled{.unknown = "ptxas was not found (it comes with nvcc, in CUDA's bin/)"};
    Job job;
    job.argv = {program->string(),    "-v", "-arch=" + architecture,
                "/source/kernel.ptx", "-o", "/out/kernel.cubin"};
    job.files = {{"kernel.ptx", ptx}};
    job.binds = system_binds();
    if (!program->string().starts_with("/usr/")) show(job.binds, program->parent_path());
    job.limits = kAssemblerLimits;
    CUPEL_TRY(const Work done, work(job));
    if (!done.succeeded()) {
        const auto limit = limit_met(done, job.limits, "assembling", "the machine code");
        const Complaint first = first_complaint(done.text);
        return Assembled{.unknown = "ptxas: " + limit.value_or(first.what),
                         .refused = !limit && first.of_the_text};
    }
    Assembled made{.kernels = read_resources(done.text)};
    if (made.kernels.empty()) made.unknown = "ptxas says nothing of any kernel";
    return made;
}

}  // namespace cupel::target
