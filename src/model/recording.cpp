// SPDX-License-Identifier: Apache-2.0
#include "model/recording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "model/exchange_text.hpp"
#include "os/clock.hpp"
#include "os/files.hpp"

namespace cupel::model {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".json";
constexpr std::size_t kHashDigits = 64;

// Of the answer alone.
Amount price_of(const Answer& answer) {
    return answer ? Amount{answer->dollars, answer->tokens} : answer.error().paid;
}

}  // namespace

bool is_lasting(const Fault& fault) {
    switch (fault.kind) {
        case FaultKind::Nonsense:
        case FaultKind::TooLarge:
        case FaultKind::Unfit:
            return true;
        case FaultKind::Transient:
        case FaultKind::Refused:
        case FaultKind::SpendCap:
        case FaultKind::Budget:
        case FaultKind::NotRecorded:
        case FaultKind::Stopped:
        case FaultKind::Storage:
            break;
    }
    return false;
}

Amount paid_for(const Exchange& exchange) {
    Amount paid = exchange.lost;
    paid += exchange.in_flight ? exchange.reserved : price_of(exchange.answer);
    return paid;
}

struct Recording::Known {
    std::mutex mutex;
    // All else stays on the disk: a search of thousands of questions holds none of them in memory.
    struct Kept {
        std::uint64_t sequence = 0;
        Amount paid;
        bool in_flight = false;
        bool passing = false;  // a fault that says nothing of the next attempt
    };
    static Kept of(const Exchange& exchange) {
        return {.sequence = exchange.sequence,
                .paid = paid_for(exchange),
                .in_flight = exchange.in_flight,
                .passing = !exchange.answer && !is_lasting(exchange.answer.error())};
    }
    std::map<std::string, Kept> exchanges;
    std::uint64_t next = 0;
};

Recording::Recording(fs::path folder, Mode mode)
    : folder_(std::move(folder)), mode_(mode), known_(std::make_unique<Known>()) {}
Recording::Recording(Recording&& other) noexcept = default;
Recording& Recording::operator=(Recording&& other) noexcept = default;
Recording::~Recording() = default;

Result<Recording> Recording::open(const fs::path& folder, Mode mode) {
    std::error_code problem;
    if (mode == Mode::Record) fs::create_directories(folder, problem);
    if (problem)
        return fail(Errc::Io, fmt::format("recording {}: {}", folder.string(), problem.message()));
    if (!fs::is_directory(folder, problem))
        return fail(Errc::NotFound, fmt::format("{}: no recording is there", folder.string()));
    Recording recording(folder, mode);
    CUPEL_DO(recording.load());
    return recording;
}

// One that is there, whole; Corrupt where it was changed.
Result<Exchange> Recording::read(const fs::path& file) const {
    CUPEL_TRY(const std::string text, os::read_file(file));
    auto exchange = read_exchange(text);
    if (exchange && exchange->hash + std::string(kEnding) != file.filename().string())
        exchange = fail(Errc::Corrupt, "it stands under another question's name");
    if (!exchange) return std::unexpected(std::move(exchange).error().in(file.string()));
    return exchange;
}

fs::path Recording::file_of(const std::string& hash) const {
    return folder_ / (hash + std::string(kEnding));
}

Result<void> Recording::load() {
    std::error_code problem;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_, problem)) {
        const std::string name = entry.path().filename().string();
        // What a killed process left half written has another name.
        if (name.size() != kHashDigits + kEnding.size() || !name.ends_with(kEnding)) continue;
        CUPEL_TRY(const Exchange exchange, read(entry.path()));
        known_->next = std::max(known_->next, exchange.sequence + 1);
        known_->exchanges.insert_or_assign(exchange.hash, Known::of(exchange));
    }
    if (problem)
        return fail(Errc::Io, fmt::format("recording {}: {}", folder_.string(), problem.message()));
    return {};
}

Result<std::vector<Exchange>> Recording::exchanges() const {
    std::vector<Exchange> all;
    for (const std::string& hash : hashes()) {
        CUPEL_TRY(auto exchange, find(hash));
        if (exchange) all.push_back(std::move(*exchange));
    }
    return all;
}

std::vector<std::string> Recording::hashes() const {
    const std::scoped_lock lock(known_->mutex);
    std::vector<std::pair<std::uint64_t, std::string>> ordered;
    ordered.reserve(known_->exchanges.size());
    for (const auto& [hash, kept] : known_->exchanges)
        ordered.emplace_back(kept.sequence, hash);
    std::ranges::sort(ordered);
    std::vector<std::string> hashes;
    hashes.reserve(ordered.size());
    for (auto& [sequence, hash] : ordered)
        hashes.push_back(std::move(hash));
    return hashes;
}

Result<std::optional<Exchange>> Recording::find(const std::string& hash) const {
    const std::scoped_lock lock(known_->mutex);
    if (!known_->exchanges.contains(hash)) return std::nullopt;
    CUPEL_TRY(Exchange exchange, read(file_of(hash)));
    return exchange;
}

std::size_t Recording::size() const {
    const std::scoped_lock lock(known_->mutex);
    return known_->exchanges.size();
}

Amount Recording::spent() const {
    const std::scoped_lock lock(known_->mutex);
    Amount spent;
    for (const auto& [hash, kept] : known_->exchanges)
        spent += kept.paid;
    return spent;
}

Result<void> Recording::write(const Exchange& exchange) const {
    return os::write_file_atomically(file_of(exchange.hash), exchange_text(exchange));
}

std::optional<Answer> Recording::recall(const std::string& hash) const {
    const auto found = known_->exchanges.find(hash);
    if (found == known_->exchanges.end() || found->second.in_flight) return std::nullopt;
    if (mode_ == Mode::Record && found->second.passing) return std::nullopt;
    auto kept = read(file_of(hash));
    if (!kept) {
        return std::unexpected(
            Fault{FaultKind::Storage, "recording: " + kept.error().text, std::nullopt, false});
    }
    return std::move(kept)->answer;
}

Answer Recording::ask(std::string_view provider, const Request& request, Client* behind,
                      const Amount& most) {
    Exchange exchange;
    exchange.hash = request_hash(provider, request);
    {
        const std::scoped_lock lock(known_->mutex);
        if (auto answer = recall(exchange.hash)) {
            if (*answer) (*answer)->recorded = true;
            return *answer;
        }
        const auto before = known_->exchanges.find(exchange.hash);
        const bool again = before != known_->exchanges.end();
        exchange.lost = again ? before->second.paid : Amount{};
        exchange.sequence = again ? before->second.sequence : known_->next++;
    }
    if (mode_ == Mode::Replay || behind == nullptr) {
        return std::unexpected(Fault{FaultKind::NotRecorded,
                                     "the recording holds no answer to this question", std::nullopt,
                                     false});
    }
    exchange.provider = provider;
    exchange.request = request;
    exchange.reserved = most;
    exchange.at = os::utc_timestamp();
    exchange.in_flight = true;
    const auto keep = [&]() -> Result<void> {
        CUPEL_DO(write(exchange));
        const std::scoped_lock lock(known_->mutex);
        known_->exchanges.insert_or_assign(exchange.hash, Known::of(exchange));
        return {};
    };
    const auto unkept = [](const Error& error, const Amount& paid) {
        return std::unexpected(
            Fault{FaultKind::Storage, "recording: " + error.text, std::nullopt, false, paid});
    };
    // First that it is asked, so that one who is killed meanwhile knows what it may have cost.
    if (auto kept = keep(); !kept) return unkept(kept.error(), {});
    const Amount before = exchange.lost;
    Request told = request;
    told.before_retry = [&](const Amount& lost) {
        exchange.lost = before;
        exchange.lost += lost;
        if (!keep()) return false;
        return !request.before_retry || request.before_retry(lost);
    };
    exchange.answer = behind->ask(told);
    exchange.lost = before;  // the rest is in what the answer cost
    exchange.in_flight = false;
    if (auto kept = keep(); !kept) return unkept(kept.error(), price_of(exchange.answer));
    if (exchange.answer) exchange.answer->recorded = false;
    return exchange.answer;
}

Answer RecordingClient::ask(const Request& request) {
    return recording_.ask(provider_, request, behind_, most_cost_of(request, price_));
}

}  // namespace cupel::model
