// SPDX-License-Identifier: Apache-2.0
#include "target/device_compile.hpp"

#include <fmt/format.h>

#include <optional>

#include "base/bundle.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "target/artefacts.hpp"
#include "target/device_plan.hpp"
#include "target/device_ptx.hpp"
#include "target/device_source.hpp"
#include "target/device_text.hpp"

namespace cupel::target {
namespace fs = std::filesystem;
namespace {

constexpr const char* kDeviceInside = "/source/kernel.cu";
constexpr const char* kPreludeInside = "/source/cupel.h";
constexpr const char* kPtxInside = "/out/kernel.ptx";

struct DeviceSource {
    std::string text;  // as compilers see it
    std::string prelude;
    std::string file_name;           // as its author calls it
    std::vector<std::string> files;  // of which it says that they are its own: LineMarks
};

std::string virtual_architecture(const DeviceCompiler& compiler) {
    auto name = compiler.architecture;
    if (name.starts_with("sm_")) name.replace(0, 3, "compute_");
    return name;
}

// Whether NVRTC takes what says nothing for the device's.
enum class Unmarked { Refused, OfDevice };

std::vector<std::string> nvrtc_line(const DeviceCompiler& compiler, Unmarked unmarked) {
    std::vector<std::string> line = {"/cupel-nvrtc", compiler.program, kDeviceInside, kPtxInside,
                                     "-I",           "/source/include"};
    if (!compiler.toolkit.empty()) {
        // CUDA 13 keeps <cuda/...> and <cub/...> in a folder of their own.
        for (const char* part : {"/include", "/include/cccl"}) {
            line.insert(line.end(), {"-I", compiler.toolkit + part});
        }
    }
    line.insert(line.end(), {"-include", kPreludeInside, "--",
                             "--gpu-architecture=" + virtual_architecture(compiler), "--std=c++17",
                             "--generate-line-info"});
    if (unmarked == Unmarked::OfDevice) line.emplace_back("--device-as-default-execution-space");
    return line;
}

std::vector<std::string> nvcc_line(const DeviceCompiler& compiler) {
    // The host's <limits> are functions of the host, where NVRTC has NVIDIA's.
    return {compiler.program,    "-ptx",       "-arch=" + virtual_architecture(compiler),
            "-lineinfo",         "-std=c++17", "--expt-relaxed-constexpr",
            "--extended-lambda", "-include",   kPreludeInside,
            kDeviceInside,       "-o",         kPtxInside};
}

std::vector<std::string> clang_line(const DeviceCompiler& compiler) {
    return {
        compiler.program, "-x", "cuda", "--cuda-device-only", "-S",
        "--cuda-gpu-arch=" + compiler.architecture,
        // A path of its own argument is one that the cell can translate; this one is the host's.
        "--cuda-path=" + compiler.toolkit, "-Wno-unknown-cuda-version", "-I", "/source/include",
        "-I", compiler.toolkit + "/include/cccl", "-O3", "-gline-tables-only", "-fno-verbose-asm",
        "-std=c++17", "-include", kPreludeInside, kDeviceInside, "-o", kPtxInside};
}

// NVRTC sees itself, its libraries and CUDA's headers: nothing else of /usr.
Result<std::vector<jail::Bind>> nvrtc_binds(const DeviceCompiler& compiler) {
    const auto program = os::program_folder() / "cupel-nvrtc";
    CUPEL_TRY(auto binds, jail::library_binds(program, {"libpthread.so.0", "librt.so.1",
                                                        "libdl.so.2", "libm.so.6"}));
    binds.push_back({program, "/cupel-nvrtc", false});
    show(binds, fs::path(compiler.program).parent_path());
    if (!compiler.toolkit.empty()) show(binds, compiler.toolkit + "/include");
    return binds;
}

std::vector<jail::Bind> driver_binds(const DeviceCompiler& compiler) {
    auto binds = system_binds();
    // nvcc, cicc and ptxas lie below one folder, which is /usr or below it as a rule.
    if (!compiler.toolkit.empty() && !compiler.toolkit.starts_with("/usr/"))
        show(binds, compiler.toolkit);
    return binds;
}

Result<Work> run_device_compiler(const DeviceSource& source, const DeviceCompiler& compiler,
                                 const CompileLimits& limits,
                                 Unmarked unmarked = Unmarked::Refused) {
    Job job;
    job.limits = limits;
    job.files = {{"kernel.cu", source.text}, {"cupel.h", source.prelude}};
    if (compiler.kind == "nvrtc") {
        job.argv = nvrtc_line(compiler, unmarked);
        for (const auto& [name, content] : device_headers())
            job.files.push_back({"include/" + name, content});
        // Inside there is no loader cache, and NVRTC loads a second library by its name.
        job.environment.push_back("LD_LIBRARY_PATH=" +
                                  fs::path(compiler.program).parent_path().string());
        CUPEL_TRY(job.binds, nvrtc_binds(compiler));
    } else {
        job.argv = compiler.kind == "nvcc" ? nvcc_line(compiler) : clang_line(compiler);
        // clang's own wrapper asks for it, and CUDA 13 has it no more.
        if (compiler.kind == "clang")
            job.files.push_back({"include/texture_fetch_functions.h", ""});
        job.binds = driver_binds(compiler);
    }
    return work(job);
}

std::string with_authors_name(std::string words, const std::string& file_name) {
    words = replaced(std::move(words), kDeviceInside, file_name);
    words = replaced(std::move(words), kPreludeInside, "cupel.h");
    return replaced(std::move(words), "/source/include/", "");
}

constexpr std::string_view kUnmarked = "without execution space annotations";

// `[&](auto v) {`, and no subscript of an array of functions.
bool begins_lambda(std::string_view line) {
    for (auto open = line.find('['); open != line.npos; open = line.find('[', open + 1)) {
        const auto before = line.find_last_not_of(' ', open == 0 ? 0 : open - 1);
        const bool subscript =
            open > 0 && before != line.npos &&
            (is_name_byte(line[before]) || line[before] == ')' || line[before] == ']');
        const auto close = line.find(']', open);
        const auto next = close == line.npos ? line.npos : line.find_first_not_of(' ', close + 1);
        const bool returned = line.substr(0, open).ends_with("return ");
        if ((!subscript || returned) && next != line.npos && line[next] == '(') return true;
    }
    return false;
}

// NVRTC 13.0 takes a lambda within a kernel for the device's, as nvcc does, but for one with `auto`
// among its parameters: "kernel.cu(6): error: A function without ..." with the line below.
bool only_lambdas_are_unmarked(std::string_view words) {
    const auto lines = split(words, '\n');
    bool found = false;
    for (std::size_t i = 0; i < lines.size(); i++) {
        if (lines[i].find(": error: ") == std::string::npos) continue;
        if (lines[i].find(kUnmarked) == std::string::npos) return false;
        if (i + 1 == lines.size() || !begins_lambda(lines[i + 1])) return false;
        found = true;
    }
    return found;
}

std::string reason_of(const Work& done, const CompileLimits& limits) {
    if (auto reason = limit_met(done, limits, "compiling", "the PTX")) return *reason;
    // NVRTC's own words advise an option that nobody here can set.
    if (done.text.find(kUnmarked) != std::string::npos) {
        return "host code: a function that is neither __global__ nor __device__; the file holds "
               "device code only, and launches are declared by `#pragma cupel launch`";
    }
    const auto error = first_error(done.text);
    return error.empty() ? "the compiler failed" : "does not compile: " + error;
}

// A kernel that surely compiles tells a broken installation from a kernel that breaks the compiler.
Result<void> try_device_compiler(const DeviceCompiler& compiler) {
    const DeviceSource empty{.text = "extern \"C\" __global__ void kernel() {}\n",
                             .prelude = "",
                             .file_name = "",
                             .files = {}};
    CUPEL_TRY(const auto done, run_device_compiler(empty, compiler, {}));
    if (done.succeeded()) return {};
    return fail(Errc::Missing, fmt::format("{} does not compile an empty kernel here: {}",
                                           compiler.program, trim(done.text)));
}

struct BuiltDevice {
    std::string ptx;    // with the cell's paths
    std::string words;  // likewise
    double seconds = 0;
};

Result<std::variant<BuiltDevice, Rejection>> build_device(const DeviceSource& source,
                                                          const DeviceCompiler& compiler,
                                                          const CompileLimits& limits) {
    const std::string& file_name = source.file_name;
    CUPEL_TRY(auto done, run_device_compiler(source, compiler, limits));
    if (!done.succeeded() && compiler.kind == "nvrtc" && only_lambdas_are_unmarked(done.text) &&
        !refuse_host_code(read_device_text(source.text, file_name), true)) {
        CUPEL_TRY(done, run_device_compiler(source, compiler, limits, Unmarked::OfDevice));
    }
    if (!done.succeeded()) {
        if (!done.timed_out && !done.text.contains(kDeviceInside) &&
            !LineMarks(source.text).are_named_in(done.text)) {
            CUPEL_DO(try_device_compiler(compiler));
        }
        done.text = with_authors_name(std::move(done.text), file_name);
        return Rejection{reason_of(done, limits), done.text};
    }
    CUPEL_TRY(auto ptx, done.take("kernel.ptx", limits.file_bytes));
    if (!ptx || ptx_entries(*ptx).empty()) {
        return Rejection{"the file defines no kernel: `__global__ void name(...)`",
                         with_authors_name(std::move(done.text), file_name)};
    }
    return BuiltDevice{done.with_cell_paths(std::move(*ptx)), std::move(done.text), done.seconds};
}

std::string device_key(const DeviceSource& source, const DeviceCompiler& compiler) {
    // Two libraries of one version, of two builds, differ in size.
    std::error_code ignored;
    const auto bytes = std::to_string(fs::file_size(compiler.program, ignored));
    std::vector<std::string_view> parts = {
        "device code, 1", source.text,           source.prelude,   compiler.kind, compiler.program,
        compiler.version, compiler.architecture, compiler.toolkit, bytes};
    for (const auto& [name, content] : device_headers())
        parts.insert(parts.end(), {name, content});
    return hash_parts(parts);
}

DeviceArtefact finish(std::string_view ptx, std::string words, const DeviceSource& source,
                      const DeviceCompiler& compiler) {
    DeviceArtefact made;
    made.ptx = rename_files(ptx, kDeviceInside, source.file_name, source.files);
    made.ptx_hash = hash_hex(made.ptx);
    made.warnings = with_authors_name(std::move(words), source.file_name);
    made.compiler = compiler.version + ", " + compiler.architecture;
    return made;
}

// Nothing where the entry does not exist or is not what was published.
std::optional<DeviceArtefact> from_cache(const ArtefactCache& cache, const std::string& key,
                                         const DeviceSource& source,
                                         const DeviceCompiler& compiler) {
    const auto entry = cache.find(key);
    if (!entry) return std::nullopt;
    const auto ptx = os::read_file(entry->object);
    if (!ptx || hash_hex(*ptx) != entry->object_hash) return std::nullopt;
    auto made = finish(*ptx, entry->diagnostics, source, compiler);
    made.cached = true;
    return made;
}

}  // namespace

Result<std::variant<DeviceArtefact, Rejection>> compile_device(const task::Task& task,
                                                               std::string_view source,
                                                               const std::string& file_name,
                                                               const DeviceCompiler& compiler,
                                                               const CompileLimits& limits) {
    if (source.size() > kMaxDeviceSource) {
        return Rejection{fmt::format("the source is larger than {}",
                                     format_bytes(static_cast<double>(kMaxDeviceSource))),
                         ""};
    }
    const auto text = read_device_text(source, file_name);
    if (const auto at = text.joined.find('\0'); at != std::string::npos)
        return text.refuse(at, "the source holds a NUL byte");
    if (auto refused = refuse_host_code(text, compiler.kind != "nvrtc")) return std::move(*refused);

    DeviceSource given{.text = without_cupel_pragmas(text),
                       .prelude = device_prelude(task),
                       .file_name = file_name,
                       .files = LineMarks(source).files()};
    if (compiler.kind == "nvrtc")
        given.text = without_spaces_of_lambdas(text, std::move(given.text));
    CUPEL_TRY(const auto cache, ArtefactCache::open(ArtefactCache::kDeviceCode));
    const auto key = device_key(given, compiler);
    if (auto known = from_cache(cache, key, given, compiler)) return std::move(*known);

    CUPEL_TRY(auto built, build_device(given, compiler, limits));
    if (auto* rejection = std::get_if<Rejection>(&built)) return std::move(*rejection);
    auto& fresh = std::get<BuiltDevice>(built);
    CUPEL_DO(cache.publish(key, fresh.ptx, fresh.words, fresh.seconds));
    cache.trim_at_times();
    auto made = finish(fresh.ptx, std::move(fresh.words), given, compiler);
    made.seconds = fresh.seconds;
    return made;
}

}  // namespace cupel::target
