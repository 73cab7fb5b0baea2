// SPDX-License-Identifier: Apache-2.0
#include "rival/rival.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/text.hpp"
#include "rival/preludes.hpp"

namespace cupel::rival {
namespace {

namespace fs = std::filesystem;

struct Known {
    std::string_view name;
    std::string_view package;
    std::string_view header;  // below an include folder
    std::vector<std::string_view> linked;
    std::string_view prelude;
};

const std::array<Known, 3>& known() {
    static const std::array<Known, 3> kAll = {
        Known{"openblas", "libopenblas-dev", "cblas.h", {"openblas"}, kOpenBlas},
        Known{"onednn", "libdnnl-dev", "dnnl.hpp", {"dnnl"}, kOneDnn},
        Known{"torch", "libtorch-dev", "ATen/ATen.h", {"torch_cpu", "c10"}, kTorch},
    };
    return kAll;
}

// Where Debian (and most others) put what is installed for all.
constexpr std::array kIncludes = {"/usr/include", "/usr/include/x86_64-linux-gnu"};
constexpr std::array kLibraries = {"/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib"};

bool has_header(std::string_view header) {
    return std::ranges::any_of(kIncludes, [&](const char* folder) {
        std::error_code ignored;
        return fs::exists(fs::path(folder) / header, ignored);
    });
}

struct Shared {
    std::string asked;   // "libdnnl.so.2"
    std::string linked;  // "libdnnl.so.2.6"
};

// Of libX.so, libX.so.2 and libX.so.2.6 programs ask for the second: the shortest with a number.
std::optional<Shared> find_shared(std::string_view library) {
    const std::string stem = fmt::format("lib{}.so", library);
    for (const char* folder : kLibraries) {
        std::error_code problem;
        const fs::path plain = fs::path(folder) / stem;
        if (!fs::exists(plain, problem)) continue;
        std::string asked;
        for (fs::directory_iterator at(folder, problem), end; !problem && at != end;
             at.increment(problem)) {
            const std::string name = at->path().filename().string();
            if (!name.starts_with(stem + '.')) continue;
            if (asked.empty() || name.size() < asked.size()) asked = name;
        }
        return Shared{.asked = asked.empty() ? stem : asked,
                      .linked = fs::canonical(plain, problem).filename().string()};
    }
    return std::nullopt;
}

// Each library finds its best code by itself, except where it does not know the processor: OpenBLAS
// 0.3.21 takes a Zen 5 for one without AVX-512, PyTorch reads files that a cell does not have.
std::vector<std::string> environment(std::string_view name, int vector_bytes, int threads) {
    const bool wide = vector_bytes >= 64;
    if (name == "openblas") {
        return {fmt::format("OPENBLAS_NUM_THREADS={}", threads),
                fmt::format("OPENBLAS_CORETYPE={}", wide ? "SKYLAKEX" : "HASWELL")};
    }
    if (name == "torch") {
        return {fmt::format("OPENBLAS_NUM_THREADS={}", threads),
                fmt::format("OPENBLAS_CORETYPE={}", wide ? "SKYLAKEX" : "HASWELL"),
                fmt::format("ATEN_CPU_CAPABILITY={}", wide ? "avx512" : "avx2")};
    }
    return {};
}

struct Names {
    std::string_view stored;  // as the CPU contract has it
    std::string_view scalar;  // of the preludes
};
Names names_of(task::Type type) {
    switch (type) {
        case task::Type::F64:
            return {"double", "F64"};
        case task::Type::F32:
            return {"float", "F32"};
        case task::Type::F16:
            return {"_Float16", "F16"};
        case task::Type::BF16:
            return {"std::uint16_t", "BF16"};
        case task::Type::I64:
            return {"std::int64_t", "I64"};
        case task::Type::I32:
            return {"std::int32_t", "I32"};
        case task::Type::I8:
            return {"std::int8_t", "I8"};
    }
    return {};
}

}  // namespace

Result<Library> find(std::string_view name, int vector_bytes, int threads) {
    const auto entry = std::ranges::find(known(), name, &Known::name);
    if (entry == known().end()) {
        return fail(Errc::Invalid,
                    fmt::format("baseline {}: expected openblas, onednn or torch", name));
    }
    const auto missing = fail(Errc::Missing, fmt::format("{} is not installed (apt-get install {})",
                                                         name, entry->package));
    if (!has_header(entry->header)) return missing;
    Library library{.name = std::string(name),
                    .version = {},
                    .link = {},
                    .shared = {},
                    .environment = environment(name, vector_bytes, threads)};
    for (const std::string_view linked : entry->linked) {
        const auto shared = find_shared(linked);
        if (!shared) return missing;
        if (library.version.empty()) library.version = shared->linked;
        library.link.push_back(fmt::format("-l{}", linked));
        library.shared.push_back(shared->asked);
    }
    return library;
}

Line read(std::string_view baseline) {
    const std::size_t space = baseline.find_first_of(" \t");
    if (space == std::string_view::npos) return {std::string(baseline), ""};
    return {std::string(baseline.substr(0, space)), std::string(trim(baseline.substr(space)))};
}

std::string print(const task::Task& task, const Line& line) {
    const auto entry = std::ranges::find(known(), line.library, &Known::name);
    CUPEL_CHECK(entry != known().end());
    std::vector<std::string> parameters;
    std::string views;
    const auto add = [&](task::TensorId id, std::string_view qualifier) {
        const task::Tensor& tensor = task.tensor(id);
        const auto [stored, scalar] = names_of(tensor.type);
        parameters.push_back(fmt::format("{}{}* {}_data", qualifier, stored, tensor.name));
        views += fmt::format(
            "  [[maybe_unused]] auto {0} = rival::view({0}_data, rival::{1}, {{{2}}});\n",
            tensor.name, scalar, fmt::join(tensor.shape, ", "));
    };
    for (const task::TensorId id : task.inputs)
        add(id, "const ");
    for (const task::TensorId id : task.outputs)
        add(id, "");
    return fmt::format(
        "// {}: {}\n{}{}\nextern \"C\" void kernel({}) {{\n{}  using namespace rival;\n  {};\n}}\n",
        line.library, line.call, line.library == "torch" ? torch_includes(line.call) : "",
        entry->prelude, join(parameters, ", "), views, line.call);
}

}  // namespace cupel::rival
