// SPDX-License-Identifier: Apache-2.0
// Every question to a model, or to a program, and every answer, in a folder of the run: one file
// each, named by the hash of the question. What is there is served and never asked again, so that a
// run that was killed repeats no call that was paid for, and a recorded run is replayed without
// key, network or program. docs/formats/recording.md describes the files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/client.hpp"
#include "model/ledger.hpp"

namespace cupel::model {

// 64 digits: of all that decides what is answered, and of `sample`; not of address, key or note.
[[nodiscard]] std::string request_hash(std::string_view provider, const Request& request);

// One question with what became of it.
struct Exchange {
    std::string hash;
    std::uint64_t sequence = 0;  // in order of asking
    std::string provider;
    Request request;
    Answer answer = std::unexpected(Fault{});
    Amount reserved;         // the most it could cost
    Amount lost;             // what went into earlier attempts at the same question
    std::string at;          // UTC
    bool in_flight = false;  // asked by one who was killed then: it may have cost `reserved`
};
// What it cost, as far as anybody can know.
[[nodiscard]] Amount paid_for(const Exchange& exchange);
// A fault of the moment says nothing of the next attempt; one of the question does, and is served
// as an answer is.
[[nodiscard]] bool is_lasting(const Fault& fault);

class Recording {
public:
    enum class Mode {
        Record,  // serves what is there, keeps what is new
        Replay,  // serves, writes nothing, asks nobody
    };
    // Makes the folder in Mode::Record. Corrupt names a file that was changed or damaged.
    [[nodiscard]] static Result<Recording> open(const std::filesystem::path& folder, Mode mode);
    Recording(Recording&& other) noexcept;
    Recording& operator=(Recording&& other) noexcept;
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;
    ~Recording();

    // In order of asking, read from the disk.
    [[nodiscard]] Result<std::vector<Exchange>> exchanges() const;
    // The same one at a time, for recordings that no memory would hold.
    [[nodiscard]] std::vector<std::string> hashes() const;
    [[nodiscard]] Result<std::optional<Exchange>> find(const std::string& hash) const;
    // How many these are.
    [[nodiscard]] std::size_t size() const;
    // For all that is there, and for what was in flight as much as it could cost.
    [[nodiscard]] Amount spent() const;
    [[nodiscard]] Mode mode() const noexcept { return mode_; }
    // What is known, or what `behind` says, which is kept before it is told. A fault of the moment
    // (overload, a budget) is asked again in Mode::Record. `most` is what the call may cost. May be
    // called from several threads at once.
    [[nodiscard]] Answer ask(std::string_view provider, const Request& request, Client* behind,
                             const Amount& most);

private:
    struct Known;
    Recording(std::filesystem::path folder, Mode mode);
    [[nodiscard]] Result<void> load();
    [[nodiscard]] std::filesystem::path file_of(const std::string& hash) const;
    [[nodiscard]] Result<Exchange> read(const std::filesystem::path& file) const;
    [[nodiscard]] Result<void> write(const Exchange& exchange) const;
    [[nodiscard]] std::optional<Answer> recall(const std::string& hash) const;

    std::filesystem::path folder_;
    Mode mode_;
    std::unique_ptr<Known> known_;
};

// One provider's model behind a recording. All must outlive it; in a replay `behind` may be null.
class RecordingClient final : public Client {
public:
    RecordingClient(Recording& recording, std::string provider, Client* behind, Price price)
        : recording_(recording), provider_(std::move(provider)), behind_(behind), price_(price) {}
    [[nodiscard]] Answer ask(const Request& request) override;

private:
    Recording& recording_;
    std::string provider_;
    Client* behind_;
    Price price_;
};

}  // namespace cupel::model
