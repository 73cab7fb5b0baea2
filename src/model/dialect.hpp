// SPDX-License-Identifier: Apache-2.0
// The two ways of asking, as pure functions: a request to the body that is sent, the events of a
// stream to a reply, a refusal to a fault. No network.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/client.hpp"
#include "model/event_stream.hpp"
#include "model/key.hpp"
#include "model/provider.hpp"

namespace cupel::model {

// The most text that is taken from one reply. No kernel is as long.
constexpr std::size_t kLongestReply = std::size_t{1} << 20;

[[nodiscard]] std::string request_url(const Provider& provider);
[[nodiscard]] std::string request_body(const Provider& provider, const Request& request);
// "Name: value"; those of the key too, so they are never shown.
[[nodiscard]] std::vector<std::string> request_headers(const Provider& provider, const Key& key);

// Gathers one reply.
class ReplyReader {
public:
    explicit ReplyReader(Dialect dialect) : dialect_(dialect) {}

    void take(const Event& event);
    // The whole body of a server that does not stream.
    void take_whole(std::string_view body);
    // Something is wrong, or the reply is complete: nothing more needs to be read.
    [[nodiscard]] bool ended() const noexcept { return fault_.has_value() || done_; }
    // All of the text is there, though the end may not be marked.
    [[nodiscard]] bool whole() const noexcept { return !fault_ && (finished_ || done_); }
    // What came; a fault where that is no whole reply.
    [[nodiscard]] Answer finish();

private:
    struct Json;
    void take_chat(const Json& chunk);
    void take_messages(const Json& event);
    // `last`: what it counts of the output is the whole of it.
    void take_usage(const Json& usage, bool last);
    void take_hidden(const Json& usage);
    void take_finish(std::string_view reason);
    void add_content(const Json& content);
    void add_text(std::string_view text);
    void spoil(FaultKind kind, std::string text);
    void spoil(Fault fault);

    Dialect dialect_;
    Reply reply_;
    Usage counted_;  // so far; the reply's own where input and the whole output were counted
    bool input_told_ = false;
    std::optional<Fault> fault_;
    bool begun_ = false;     // something of the reply came, be it empty
    bool finished_ = false;  // a reason to end was given
    bool done_ = false;      // the end was marked
};

// "120" or a date; seconds from `now` (Unix). None where it is neither.
[[nodiscard]] std::optional<double> read_retry_after(std::string_view value, std::int64_t now);

}  // namespace cupel::model
