// SPDX-License-Identifier: Apache-2.0
#include "cli/attack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/text.hpp"
#include "cli/options.hpp"
#include "os/files.hpp"

namespace cupel::cli {
namespace {

constexpr std::size_t kLargestAttack = std::size_t{1} << 20;

Result<void> read_statuses(Attack& attack, std::string_view words) {
    for (const std::string& word : split(words, '|')) {
        const auto status = verdict::status_from(trim(word));
        if (!status) {
            return fail(Errc::Invalid,
                        fmt::format("{}: expect: {} is no status", attack.name, word));
        }
        attack.expected.push_back(*status);
    }
    return {};
}

Result<void> read_sizes(Attack& attack, std::string_view words) {
    for (const std::string& word : split(words, ' ')) {
        if (trim(word).empty()) continue;
        CUPEL_TRY(task::Override size, parse_size(trim(word)));
        attack.sizes.push_back(std::move(size));
    }
    return {};
}

// One line of the head; words that are no key are prose.
Result<void> read_line(Attack& attack, std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return {};
    const std::string_view key = trim(line.substr(0, colon));
    const std::string_view value = trim(line.substr(colon + 1));
    if (key == "attack") attack.what = value;
    if (key == "task") attack.task = value;
    if (key == "reason") attack.reason = value;
    if (key == "twin") attack.twin = value;
    if (key == "expect") return read_statuses(attack, value);
    if (key == "set") return read_sizes(attack, value);
    return {};
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

}  // namespace

Result<Attack> parse_attack(std::string_view name, std::string source) {
    Attack attack;
    attack.name = name;
    for (const std::string& line : split(source, '\n')) {
        if (!line.starts_with("//")) break;
        CUPEL_DO(read_line(attack, std::string_view(line).substr(2)));
    }
    attack.source = std::move(source);
    if (attack.what.empty()) return attack;  // a twin
    if (attack.task.empty()) return fail(Errc::Invalid, attack.name + ": its head names no task");
    if (attack.expected.empty())
        return fail(Errc::Invalid, attack.name + ": its head expects no verdict");
    return attack;
}

Result<std::vector<Attack>> read_attacks(const std::filesystem::path& folder) {
    std::error_code problem;
    std::vector<std::filesystem::path> paths;
    for (std::filesystem::directory_iterator at(folder, problem), end; !problem && at != end;
         at.increment(problem)) {
        if (at->path().extension() == ".cpp") paths.push_back(at->path());
    }
    if (problem) {
        return fail(Errc::NotFound,
                    fmt::format("attacks in {}: {}", folder.string(), problem.message()));
    }
    std::ranges::sort(paths);
    std::vector<Attack> attacks;
    for (const std::filesystem::path& path : paths) {
        CUPEL_TRY(std::string source, os::read_file(path, kLargestAttack));
        CUPEL_TRY(Attack attack, parse_attack(path.stem().string(), std::move(source)));
        if (!attack.what.empty()) attacks.push_back(std::move(attack));
    }
    return attacks;
}

bool is_expected(const Attack& attack, const verdict::Verdict& verdict) {
    return std::ranges::find(attack.expected, verdict.status) != attack.expected.end() &&
           lower(verdict.reason + " " + verdict.detail).find(lower(attack.reason)) !=
               std::string::npos;
}

}  // namespace cupel::cli
