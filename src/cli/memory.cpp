// SPDX-License-Identifier: Apache-2.0
#include "cli/memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "engineer/memory.hpp"
#include "os/append.hpp"
#include "os/files.hpp"
#include "os/user_key.hpp"
#include "referee/certificate.hpp"

namespace cupel::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostCertificates = 500;  // looked at
constexpr std::size_t kMostRules = 200;         // lines that are kept
constexpr std::size_t kRulesShown = 5;
constexpr double kAlike = 0.3;  // below that another task's kernel teaches nothing
constexpr std::size_t kMostForgotten = 10'000;
constexpr const char* kRules = "rules.txt";
constexpr const char* kForgotten = "forgotten.txt";

// The certificate, if it holds together, claims a speedup, and was signed by this user.
Result<referee::Certificate> read_own(std::string_view text, const std::string& own_key) {
    CUPEL_TRY(referee::Certificate certificate, referee::read_certificate(text));
    CUPEL_DO(referee::recompute(certificate));
    if (certificate.signature.key.empty() || certificate.signature.key != own_key)
        return fail(Errc::Corrupt, "it is not signed by this user's key");
    if (certificate.claim.status != verdict::Status::Faster || !certificate.claim.speedup)
        return fail(Errc::Invalid, "it claims no speedup");
    if (hash_hex(certificate.kernel.source) != certificate.claim.kernel_hash)
        return fail(Errc::Corrupt, "its kernel is not the one that was judged");
    return certificate;
}

std::vector<fs::path> certificates_in(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code problem;
    for (fs::directory_iterator at(folder, problem), end; !problem && at != end;
         at.increment(problem)) {
        if (at->path().extension() == ".json") files.push_back(at->path());
    }
    std::ranges::sort(files);
    if (files.size() > kMostCertificates) files.resize(kMostCertificates);
    return files;
}

std::string sizes_of(const task::Task& task) {
    std::string text;
    for (const task::Size& size : task.sizes)
        text += fmt::format("{}{}={}", text.empty() ? "" : " ", size.name, size.value);
    return text;
}

bool is_same(const task::Task& a, const task::Task& b) {
    return a.text == b.text && sizes_of(a) == sizes_of(b);
}

fs::path idea_beside(fs::path certificate) {
    return certificate.replace_extension(".idea");
}

engineer::Example example_of(const referee::Certificate& certificate, const fs::path& file) {
    CUPEL_CHECK(certificate.claim.speedup.has_value());
    const verdict::Speedup& speedup = *certificate.claim.speedup;
    const auto idea = os::read_file(idea_beside(file), 4096);
    // Whoever may write there may have written anything.
    return {certificate.task.text, certificate.kernel.source,
            fmt::format("{}: {:.2f}x over {}, certified", sizes_of(certificate.task),
                        speedup.ratio.low, speedup.baseline),
            idea ? engineer::plain_words(*idea) : std::string()};
}

std::set<std::string> forgotten_in(const fs::path& folder) {
    const auto text = os::read_file(folder / kForgotten, 4 << 20);
    if (!text) return {};
    const std::vector<std::string> lines = split(*text, '\n');
    return {lines.begin(), lines.end()};
}

std::vector<std::string> rules_in(const fs::path& folder) {
    const auto text = os::read_file(folder / kRules, 1 << 20);
    if (!text) return {};
    std::map<std::string, int> counts;
    for (const std::string& line : split(*text, '\n'))
        if (engineer::is_rule(line)) ++counts[line];
    std::vector<std::pair<int, std::string>> ranked;
    ranked.reserve(counts.size());
    for (const auto& [rule, count] : counts)
        ranked.emplace_back(-count, rule);
    std::ranges::sort(ranked);
    std::vector<std::string> rules;
    for (const auto& [count, rule] : ranked)
        if (rules.size() < kRulesShown) rules.push_back(rule);
    return rules;
}

}  // namespace

Result<fs::path> memory_folder() {
    fs::path folder;
    if (const char* chosen = os::environment("XDG_DATA_HOME")) {
        folder = fs::path(chosen);
    } else if (const char* home = os::environment("HOME")) {
        folder = fs::path(home) / ".local" / "share";
    } else {
        return fail(Errc::Missing, "no memory: neither XDG_DATA_HOME nor HOME is set");
    }
    return folder / "cupel" / "memory";
}

Remembered remember_for(const task::Task& task, std::size_t most) {
    Remembered remembered;
    const auto folder = memory_folder();
    const auto key = os::user_key();
    if (!folder) return remembered;
    remembered.rules = rules_in(*folder);
    if (!key) return remembered;
    const std::vector<std::string> wanted = engineer::features_of(task);
    const std::set<std::string> forgotten = forgotten_in(*folder);
    std::vector<std::pair<double, engineer::Example>> alike;
    for (const fs::path& file : certificates_in(*folder)) {
        const auto text = os::read_file(file);
        const auto certificate =
            text ? read_own(*text, key->public_hex()) : std::unexpected(text.error());
        if (!certificate) {
            ++remembered.passed_over;
            continue;
        }
        if (is_same(certificate->task, task) || forgotten.contains(certificate->claim.kernel_hash))
            continue;
        const double likeness =
            engineer::likeness(wanted, engineer::features_of(certificate->task));
        if (likeness >= kAlike) alike.emplace_back(-likeness, example_of(*certificate, file));
    }
    std::ranges::stable_sort(alike, {}, [](const auto& pair) { return pair.first; });
    for (auto& [likeness, example] : alike)
        if (remembered.examples.size() < most) remembered.examples.push_back(std::move(example));
    return remembered;
}

Result<void> memorize(const std::string& certificate, std::string_view idea) {
    CUPEL_TRY(const SigningKey key, os::user_key());
    // By the same door as when it is read: what would be passed over then is not kept now.
    CUPEL_TRY(const referee::Certificate own, read_own(certificate, key.public_hex()));
    CUPEL_TRY(const fs::path folder, memory_folder());
    if (forgotten_in(folder).contains(own.claim.kernel_hash))
        return fail(Errc::Invalid, "its kernel broke a law");
    std::error_code problem;
    fs::create_directories(folder, problem);
    if (problem) return fail(Errc::Io, fmt::format("{}: {}", folder.string(), problem.message()));
    const fs::path file = folder / (hash_hex(certificate) + ".json");
    if (const std::string words = engineer::plain_words(idea); !words.empty())
        CUPEL_DO(os::write_file_atomically(idea_beside(file), words + "\n"));
    return os::write_file_atomically(file, certificate);
}

Result<void> forget(const std::set<std::string>& kernels) {
    CUPEL_TRY(const fs::path folder, memory_folder());
    const std::set<std::string> before = forgotten_in(folder);
    for (const std::string& hash : kernels) {
        if (!before.contains(hash))
            CUPEL_DO(os::append_line(folder / kForgotten, hash, kMostForgotten));
    }
    for (const fs::path& file : certificates_in(folder)) {
        const auto text = os::read_file(file);
        const auto certificate =
            text ? referee::read_certificate(*text) : std::unexpected(text.error());
        if (!certificate || !kernels.contains(certificate->claim.kernel_hash)) continue;
        std::error_code ignored;
        fs::remove(file, ignored);
        fs::remove(idea_beside(file), ignored);
    }
    return {};
}

Result<void> forget_quarantined(archive::Archive& archive) {
    std::set<std::string> hashes;
    CUPEL_DO(archive.each_kernel([&](const archive::KernelRecord& kernel) -> Result<void> {
        if (kernel.quarantined) hashes.insert(kernel.hash);
        return {};
    }));
    if (!hashes.empty()) static_cast<void>(forget(hashes));
    return {};
}

Result<std::string> idea_of(archive::Archive& archive, archive::KernelId kernel) {
    CUPEL_TRY(const auto record, archive.kernel(kernel));
    if (record && record->phase == "sweep" && !record->parents.empty())
        kernel = record->parents.front();
    CUPEL_TRY(const std::vector<archive::Ask> asks, archive.asks());
    const auto found = std::ranges::find_if(
        asks, [&](const archive::Ask& ask) { return ask.kernel == kernel && !ask.idea.empty(); });
    return found == asks.end() ? std::string() : found->idea;
}

Result<void> memorize_failure(const verdict::Verdict& verdict) {
    const auto rule = engineer::rule_of(verdict);
    if (!rule) return {};
    CUPEL_TRY(const fs::path folder, memory_folder());
    return os::append_line(folder / kRules, *rule, kMostRules);
}

}  // namespace cupel::cli
