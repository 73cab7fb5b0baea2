// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "base/text.hpp"
#include "task/task.hpp"

namespace cupel::task {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExtension = ".task";
constexpr std::uintmax_t kMaxFile = std::uintmax_t{1} << 20;

bool is_file(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

Result<std::string> read_text(const fs::path& path) {
    std::error_code wrong;
    const std::uintmax_t size = fs::file_size(path, wrong);
    if (wrong) return fail(Errc::Io, fmt::format("{}: {}", path.string(), wrong.message()));
    if (size > kMaxFile) {
        return fail(Errc::Invalid, fmt::format("{}: {} bytes; a task file has at most {}",
                                               path.string(), size, kMaxFile));
    }
    std::ifstream in(path, std::ios::binary);
    std::string text(static_cast<std::size_t>(size), '\0');
    in.read(text.data(), static_cast<std::streamsize>(size));
    if (!in) return fail(Errc::Io, fmt::format("{}: cannot be read", path.string()));
    return text;
}

}  // namespace

std::vector<std::string> list(std::span<const std::string> folders) {
    std::vector<std::string> names;
    for (const std::string& folder : folders) {
        std::error_code ignored;
        for (fs::directory_iterator it(folder, ignored), end; !ignored && it != end;
             it.increment(ignored)) {
            const fs::path& path = it->path();
            if (path.extension() == kExtension && is_file(path)) {
                names.push_back(path.stem().string());
            }
        }
    }
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

Result<Task> load(std::string_view name, std::span<const std::string> folders,
                  std::span<const Override> overrides) {
    std::vector<fs::path> candidates = {fs::path(name)};
    for (const std::string& folder : folders) {
        candidates.push_back(fs::path(folder) / (std::string(name) + std::string(kExtension)));
    }
    for (const fs::path& path : candidates) {
        if (name.empty() || !is_file(path)) continue;
        CUPEL_TRY(const std::string text, read_text(path));
        return parse(text, path.string(), overrides);
    }
    const auto near = nearest_name(name, list(folders));
    return fail(
        Errc::NotFound,
        fmt::format("no task '{}', neither as a file nor in {}{}", name,
                    folders.empty() ? "a task folder" : fmt::format("{}", fmt::join(folders, ", ")),
                    near ? fmt::format("; did you mean '{}'?", *near)
                         : std::string("; `cupel show` lists them all")));
}

}  // namespace cupel::task
