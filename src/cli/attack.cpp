// SPDX-License-Identifier: Apache-2.0
#include "cli/attack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/text.hpp"
#include "cli/options.hpp"
#include "os/files.hpp"
#include "os/source_file.hpp"

namespace cupel::cli {
namespace {

constexpr std::size_t kLargestExhibit = std::size_t{1} << 20;

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

Result<void> read_statuses(Exhibit& exhibit, std::string_view words) {
    for (const std::string& word : split(words, '|')) {
        const auto status = verdict::status_from(trim(word));
        if (!status) {
            return fail(Errc::Invalid,
                        fmt::format("{}: expect: {} is no status", exhibit.name, word));
        }
        exhibit.expected.push_back(*status);
    }
    return {};
}

Result<void> read_sizes(Exhibit& exhibit, std::string_view words) {
    for (const std::string& word : split(words, ' ')) {
        if (trim(word).empty()) continue;
        CUPEL_TRY(task::Override size, parse_size(trim(word)));
        exhibit.sizes.push_back(std::move(size));
    }
    return {};
}

void read_reasons(Exhibit& exhibit, std::string_view words) {
    for (const std::string& word : split(words, '|')) {
        if (!trim(word).empty()) exhibit.reasons.push_back(lower(std::string(trim(word))));
    }
}

// One line of the head; words that are no key are prose.
Result<void> read_line(Exhibit& exhibit, std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return {};
    const std::string_view key = trim(line.substr(0, colon));
    const std::string_view value = trim(line.substr(colon + 1));
    if (key == "attack" || key == "honest") {
        if (!exhibit.what.empty()) {
            return fail(Errc::Invalid, exhibit.name + ": its head says twice what it is");
        }
        exhibit.what = value;
        exhibit.honest = key == "honest";
    }
    if (key == "task") exhibit.task = value;
    if (key == "reason") read_reasons(exhibit, value);
    if (key == "twin") exhibit.twin = value;
    if (key == "expect") return read_statuses(exhibit, value);
    if (key == "set") return read_sizes(exhibit, value);
    return {};
}

Result<void> check_head(const Exhibit& exhibit) {
    const auto wrong = [&](std::string_view words) {
        return fail(Errc::Invalid, fmt::format("{}: its head {}", exhibit.name, words));
    };
    if (exhibit.what.empty()) return wrong("says neither `attack:` nor `honest:`");
    if (exhibit.task.empty()) return wrong("names no task");
    if (!exhibit.honest && exhibit.expected.empty()) return wrong("expects no verdict");
    const bool expects =
        !exhibit.expected.empty() || !exhibit.reasons.empty() || !exhibit.twin.empty();
    if (exhibit.honest && expects) return wrong("is that of an honest kernel, which must pass");
    return {};
}

Result<void> check_twins(const std::vector<Exhibit>& exhibits, std::string_view ending) {
    for (const Exhibit& attack : exhibits) {
        if (attack.twin.empty()) continue;
        const auto is_twin = [&](const Exhibit& other) {
            return other.honest && other.task == attack.task &&
                   other.name + std::string(ending) == attack.twin;
        };
        if (std::ranges::any_of(exhibits, is_twin)) continue;
        return fail(Errc::Invalid, fmt::format("{}: its twin {} is no honest kernel of {} here",
                                               attack.name, attack.twin, attack.task));
    }
    return {};
}

}  // namespace

std::string Exhibit::court() const {
    std::string text = task;
    for (const task::Override& size : sizes)
        text += fmt::format(" {}={}", size.name, size.value);
    return text;
}

Result<Exhibit> parse_exhibit(std::string_view name, std::string source) {
    Exhibit exhibit;
    exhibit.name = name;
    for (const std::string& line : split(source, '\n')) {
        if (!line.starts_with("//")) break;
        CUPEL_DO(read_line(exhibit, std::string_view(line).substr(2)));
    }
    exhibit.source = std::move(source);
    CUPEL_DO(check_head(exhibit));
    return exhibit;
}

Result<std::vector<Exhibit>> read_exhibits(const std::filesystem::path& folder,
                                           std::string_view ending) {
    std::error_code problem;
    std::vector<std::filesystem::path> paths;
    for (std::filesystem::directory_iterator at(folder, problem), end; !problem && at != end;
         at.increment(problem)) {
        if (at->path().extension() == ending) paths.push_back(at->path());
    }
    if (problem) {
        return fail(Errc::NotFound,
                    fmt::format("attacks in {}: {}", folder.string(), problem.message()));
    }
    std::ranges::sort(paths);
    std::vector<Exhibit> exhibits;
    for (const std::filesystem::path& path : paths) {
        CUPEL_TRY(std::string source, os::read_file(path, kLargestExhibit));
        CUPEL_TRY(Exhibit exhibit, parse_exhibit(path.stem().string(), std::move(source)));
        CUPEL_TRY(exhibit.source, os::with_includes(exhibit.source, path, kLargestExhibit));
        exhibits.push_back(std::move(exhibit));
    }
    CUPEL_DO(check_twins(exhibits, ending));
    return exhibits;
}

bool is_expected(const Exhibit& attack, const verdict::Verdict& verdict) {
    if (std::ranges::find(attack.expected, verdict.status) == attack.expected.end()) return false;
    if (attack.reasons.empty() || verdict::is_right(verdict.status)) return true;
    const std::string said = lower(verdict.reason + " " + verdict.detail);
    return std::ranges::any_of(attack.reasons, [&](const std::string& words) {
        return said.find(words) != std::string::npos;
    });
}

}  // namespace cupel::cli
