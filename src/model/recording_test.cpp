// SPDX-License-Identifier: Apache-2.0
#include "model/recording.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <filesystem>
#include <functional>
#include <set>
#include <thread>

#include "base/hash.hpp"
#include "model/exchange_text.hpp"
#include "os/files.hpp"

namespace cupel::model {
namespace {

namespace fs = std::filesystem;

// Answers as it is told, and counts.
class Oracle final : public Client {
public:
    explicit Oracle(std::function<Answer(const Request&)> say) : say_(std::move(say)) {}
    Answer ask(const Request& request) override {
        ++asked;
        return say_(request);
    }
    std::atomic<int> asked = 0;

private:
    std::function<Answer(const Request&)> say_;
};

Answer echo(const Request& request) {
    Reply reply;
    reply.text = "You said: " + request.messages.at(0).text;
    reply.usage = Usage{.input = 5, .cached = 1, .written = 2, .output = 3, .reasoning = 1};
    reply.dollars = 0.25;
    reply.tokens = 8;
    return reply;
}

Request saying(std::string text, std::uint64_t sample = 0) {
    Request request;
    request.model = "m";
    request.messages = {{Role::User, std::move(text)}};
    request.sample = sample;
    request.note = "note of " + request.messages[0].text;
    return request;
}

struct RecordingTest : ::testing::Test {
    os::TempDir folder = os::TempDir::make("cupel-recording").value();
    fs::path place = folder.path() / "model";
    Price price{.input = 1, .cached = 1, .written = 1, .output = 1};
    Recording open(Recording::Mode mode = Recording::Mode::Record) const {
        auto recording = Recording::open(place, mode);
        EXPECT_TRUE(recording.has_value()) << recording.error().text;
        return std::move(recording).value();
    }
};

TEST_F(RecordingTest, ReplaysByteForByteWithoutAskingAnybody) {
    std::vector<Reply> said;
    {
        Recording recording = open();
        Oracle oracle(echo);
        RecordingClient client(recording, "p", &oracle, price);
        for (const char* text : {"one", "two \u20ac \xFF", "three"})
            said.push_back(client.ask(saying(text)).value());
        EXPECT_EQ(oracle.asked, 3);
        EXPECT_FALSE(said[0].recorded);
    }
    Recording recording = open(Recording::Mode::Replay);
    RecordingClient client(recording, "p", nullptr, price);
    int i = 0;
    for (const char* text : {"one", "two \u20ac \xFF", "three"}) {
        const Reply again = client.ask(saying(text)).value();
        EXPECT_TRUE(again.recorded);
        if (i != 1) {
            EXPECT_EQ(again.text, said[static_cast<std::size_t>(i)].text);
        }
        EXPECT_EQ(again.usage, said[static_cast<std::size_t>(i)].usage);
        ++i;
    }
    const Answer unknown = client.ask(saying("four"));
    ASSERT_FALSE(unknown.has_value());
    EXPECT_EQ(unknown.error().kind, FaultKind::NotRecorded);
    const std::vector<Exchange> all = recording.exchanges().value();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[2].request.messages[0].text, "three");
    EXPECT_EQ(all[2].request.note, "note of three");
    EXPECT_DOUBLE_EQ(recording.spent().dollars, 0.75);
}

TEST_F(RecordingTest, RepeatsNoCallThatWasPaidFor) {
    Oracle oracle(echo);
    for (int time = 0; time < 3; ++time) {
        Recording recording = open();
        RecordingClient client(recording, "p", &oracle, price);
        EXPECT_TRUE(client.ask(saying("one")).has_value());
        EXPECT_DOUBLE_EQ(recording.spent().dollars, 0.25);
    }
    EXPECT_EQ(oracle.asked, 1);
}

TEST_F(RecordingTest, TellsQuestionsApartByAllThatDecidesTheAnswer) {
    const Request plain = saying("one");
    std::set<std::string> hashes = {request_hash("p", plain), request_hash("q", plain)};
    for (const auto& change : std::vector<std::function<void(Request&)>>{
             [](Request& r) { r.model = "n"; }, [](Request& r) { r.system = "s"; },
             [](Request& r) { r.messages[0].text = "two"; },
             [](Request& r) { r.messages[0].role = Role::Assistant; },
             [](Request& r) { r.max_tokens = 1; }, [](Request& r) { r.temperature = 0; },
             [](Request& r) { r.sample = 1; }}) {
        Request changed = plain;
        change(changed);
        hashes.insert(request_hash("p", changed));
    }
    EXPECT_EQ(hashes.size(), 9U);
    Request noted = plain;
    noted.note = "another";
    EXPECT_EQ(request_hash("p", noted), request_hash("p", plain));
}

TEST_F(RecordingTest, AsksAgainWhatFailedForTheMomentAndRemembersWhatThatCost) {
    int time = 0;
    Oracle oracle([&](const Request& request) -> Answer {
        if (time++ == 0)
            return std::unexpected(Fault{FaultKind::Transient, "cut", std::nullopt, true,
                                         most_cost_of(request, price)});
        return echo(request);
    });
    Recording recording = open();
    RecordingClient client(recording, "p", &oracle, price);
    const double most = most_cost_of(saying("one"), price).dollars;
    EXPECT_FALSE(client.ask(saying("one")).has_value());
    EXPECT_DOUBLE_EQ(recording.spent().dollars, most);
    EXPECT_TRUE(client.ask(saying("one")).has_value());
    EXPECT_DOUBLE_EQ(recording.spent().dollars, most + 0.25);
    EXPECT_DOUBLE_EQ(open().spent().dollars, most + 0.25);
    EXPECT_EQ(open().spent().tokens, most_cost_of(saying("one"), price).tokens + 8);
    EXPECT_EQ(recording.size(), 1U);
}

TEST_F(RecordingTest, ServesAFaultThatLasts) {
    Oracle oracle([](const Request&) -> Answer {
        return std::unexpected(Fault{FaultKind::Nonsense, "html", std::nullopt, true});
    });
    Recording recording = open();
    RecordingClient client(recording, "p", &oracle, price);
    for (int time = 0; time < 2; ++time)
        EXPECT_EQ(client.ask(saying("one")).error().kind, FaultKind::Nonsense);
    EXPECT_EQ(oracle.asked, 1);
}

TEST_F(RecordingTest, CountsACallThatWasInFlightWhenItsAskerWasKilled) {
    Oracle oracle([&](const Request& request) {
        // What a process that is killed here leaves behind.
        const Recording seen = open(Recording::Mode::Replay);
        EXPECT_EQ(seen.size(), 1U);
        EXPECT_TRUE(seen.exchanges().value().at(0).in_flight);
        EXPECT_DOUBLE_EQ(seen.spent().dollars, most_cost_of(request, price).dollars);
        return echo(request);
    });
    Recording recording = open();
    RecordingClient client(recording, "p", &oracle, price);
    EXPECT_TRUE(client.ask(saying("one")).has_value());
    EXPECT_DOUBLE_EQ(recording.spent().dollars, 0.25);
}

TEST_F(RecordingTest, KnowsNoMoreOfTokensThanWasSaid) {
    Oracle oracle([](const Request& request) {
        Reply reply = echo(request).value();
        reply.usage = Usage{.input = 5, .cached = 0, .written = {}, .output = 3, .reasoning = {}};
        return reply;
    });
    Recording recording = open();
    RecordingClient client(recording, "p", &oracle, price);
    const Usage said = client.ask(saying("one"))->usage.value();
    EXPECT_EQ(said.cached, 0);
    EXPECT_EQ(said.written, std::nullopt);
    EXPECT_EQ(client.ask(saying("one"))->usage, said);
    EXPECT_EQ(oracle.asked, 1);

    // Recordings of before wrote 0 for either.
    const std::string text = os::read_file(fs::directory_iterator(place)->path()).value();
    auto document = nlohmann::json::parse(text.substr(text.find('\n') + 1));
    EXPECT_EQ(document.at("format"), 2);
    document["format"] = 1;
    auto& usage = document["answer"]["reply"]["usage"];
    usage["cached"] = 4;
    usage["written"] = 0;
    usage["reasoning"] = 0;
    const std::string body = document.dump(1, ' ') + "\n";
    const auto old = read_exchange(hash_hex(body) + "\n" + body);
    ASSERT_TRUE(old.has_value()) << old.error().text;
    const Usage known{.input = 5, .cached = 4, .written = {}, .output = 3, .reasoning = {}};
    EXPECT_EQ(old->answer->usage, known);
    document["format"] = 3;
    const std::string later = document.dump(1, ' ') + "\n";
    EXPECT_EQ(read_exchange(hash_hex(later) + "\n" + later).error().code, Errc::Invalid);
}

TEST_F(RecordingTest, NamesAFileThatWasChanged) {
    {
        Recording recording = open();
        Oracle oracle(echo);
        RecordingClient client(recording, "p", &oracle, price);
        ASSERT_TRUE(client.ask(saying("one")).has_value());
    }
    const fs::path file = fs::directory_iterator(place)->path();
    const std::string text = os::read_file(file).value();
    for (std::size_t at = 0; at < text.size(); at += 23) {
        std::string changed = text;
        changed[at] = changed[at] == 'x' ? 'y' : 'x';
        ASSERT_TRUE(os::write_file_atomically(file, changed).has_value());
        const auto opened = Recording::open(place, Recording::Mode::Replay);
        ASSERT_FALSE(opened.has_value()) << at;
        EXPECT_EQ(opened.error().code, Errc::Corrupt);
        EXPECT_THAT(opened.error().text, ::testing::HasSubstr(file.filename().string()));
    }
    ASSERT_TRUE(os::write_file_atomically(file, text).has_value());
    const std::string other(64, '0');
    fs::rename(file, place / (other + ".json"));
    EXPECT_EQ(Recording::open(place, Recording::Mode::Replay).error().code, Errc::Corrupt);
}

TEST_F(RecordingTest, PassesOverWhatIsNotItsOwn) {
    static_cast<void>(open());
    ASSERT_TRUE(os::write_file_atomically(place / "notes.txt", "hello").has_value());
    EXPECT_EQ(open().size(), 0U);
    EXPECT_EQ(Recording::open(folder.path() / "none", Recording::Mode::Replay).error().code,
              Errc::NotFound);
}

TEST_F(RecordingTest, IsSharedByThreads) {
    Recording recording = open();
    Oracle oracle(echo);
    RecordingClient client(recording, "p", &oracle, price);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 10; ++i)
                EXPECT_TRUE(client.ask(saying(std::to_string(t * 10 + i))).has_value());
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    const std::vector<Exchange> all = open(Recording::Mode::Replay).exchanges().value();
    ASSERT_EQ(all.size(), 40U);
    for (std::size_t i = 0; i < all.size(); ++i)
        EXPECT_EQ(all[i].sequence, i);
}

}  // namespace
}  // namespace cupel::model
