// SPDX-License-Identifier: Apache-2.0
#include "target/artefacts.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/hash.hpp"
#include "os/files.hpp"

namespace cupel::target {
namespace fs = std::filesystem;
namespace {

constexpr const char* kRecord = "record.json";
constexpr const char* kAdvice = "set XDG_CACHE_HOME to a folder that can be written";
constexpr auto kKeep = std::chrono::hours(1);

std::unexpected<Error> unusable(const std::string& what, const std::error_code& error) {
    const bool full = error == std::errc::no_space_on_device;
    return fail(full ? Errc::Full : Errc::Io,
                fmt::format("{}: {} ({})", what, error.message(), kAdvice));
}

// A folder that is removed with what is in it, unless it was moved into place.
class Draft {
public:
    explicit Draft(fs::path path) : path_(std::move(path)) {}
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;
    Draft(Draft&&) = delete;
    Draft& operator=(Draft&&) = delete;
    ~Draft() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    [[nodiscard]] const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

struct Candidate {
    fs::path path;
    fs::file_time_type used;
    std::uintmax_t bytes = 0;
};

std::optional<Candidate> weigh(const fs::directory_entry& entry) {
    std::error_code error;
    Candidate candidate{entry.path(), fs::last_write_time(entry.path(), error), 0};
    if (error) return std::nullopt;
    for (const char* name : {ArtefactCache::kSharedObject, ArtefactCache::kDeviceCode, kRecord}) {
        const auto bytes = fs::file_size(entry.path() / name, error);
        if (!error) candidate.bytes += bytes;
    }
    return candidate;
}

}  // namespace

Result<ArtefactCache> ArtefactCache::open(const char* object) {
    auto cache = os::cache_folder();
    if (!cache) return std::unexpected(std::move(cache.error()));
    auto folder = *cache / "artefacts";
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return unusable(folder.string(), error);
    return ArtefactCache(std::move(folder), object);
}

std::optional<Entry> ArtefactCache::find(const std::string& key) const {
    const auto place = folder_ / key;
    const auto text = os::read_file(place / kRecord);
    if (!text) return std::nullopt;
    const auto record = nlohmann::json::parse(*text, nullptr, false);
    if (!record.is_object()) return std::nullopt;
    const auto hash = record.find("object_hash");
    const auto diagnostics = record.find("diagnostics");
    const auto seconds = record.find("seconds");
    if (hash == record.end() || !hash->is_string() || diagnostics == record.end() ||
        !diagnostics->is_string() || seconds == record.end() || !seconds->is_number()) {
        return std::nullopt;
    }
    const auto object = os::read_file(place / object_);
    if (!object || hash_hex(*object) != hash->get<std::string>()) return std::nullopt;
    std::error_code ignored;
    fs::last_write_time(place, fs::file_time_type::clock::now(), ignored);
    return Entry{place / object_, hash->get<std::string>(), diagnostics->get<std::string>(),
                 seconds->get<double>()};
}

Result<Entry> ArtefactCache::publish(const std::string& key, std::string_view object,
                                     std::string_view diagnostics, double seconds) const {
    const auto place = folder_ / key;
    const Draft draft(folder_ / fmt::format(".new-{:016x}", random_u64()));
    std::error_code error;
    fs::create_directory(draft.path(), error);
    if (error) return unusable(draft.path().string(), error);

    const auto hash = hash_hex(object);
    const nlohmann::json record = {
        {"object_hash", hash}, {"diagnostics", diagnostics}, {"seconds", seconds}};
    // Diagnostics quote untrusted text, which need not be UTF-8.
    const auto text = record.dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
    CUPEL_DO(os::write_file_atomically(draft.path() / object_, object));
    CUPEL_DO(os::write_file_atomically(draft.path() / kRecord, text));

    fs::rename(draft.path(), place, error);
    if (error) {
        if (auto theirs = find(key)) return *theirs;  // another process was quicker
        std::error_code ignored;
        fs::remove_all(place, ignored);  // damaged
        fs::rename(draft.path(), place, error);
    }
    if (error) {
        if (auto theirs = find(key)) return *theirs;  // ... after the damaged one was gone
        return unusable(place.string(), error);
    }
    return Entry{place / object_, hash, std::string(diagnostics), seconds};
}

void ArtefactCache::trim_at_times() const {
    constexpr std::uintmax_t kCacheBytes = std::uintmax_t{2} << 30;
    constexpr std::uint64_t kTrimEvery = 64;
    if (random_u64() % kTrimEvery == 0) trim(kCacheBytes);
}

void ArtefactCache::trim(std::uintmax_t max_bytes) const {
    std::error_code error;
    std::vector<Candidate> entries;
    std::uintmax_t total = 0;
    for (auto it = fs::directory_iterator(folder_, error); !error && it != fs::end(it);
         it.increment(error)) {
        if (auto candidate = weigh(*it)) {
            total += candidate->bytes;
            entries.push_back(std::move(*candidate));
        }
    }
    std::ranges::sort(entries, {}, &Candidate::used);
    const auto young = fs::file_time_type::clock::now() - kKeep;
    for (const auto& entry : entries) {
        if (total <= max_bytes || entry.used > young) return;
        std::error_code ignored;
        fs::remove_all(entry.path, ignored);
        total -= entry.bytes;
    }
}

}  // namespace cupel::target
