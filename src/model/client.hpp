// SPDX-License-Identifier: Apache-2.0
// Asking a language model: what goes in, what comes out, and what can go wrong, for whichever
// provider. A reply is a stranger's text: nothing here or elsewhere follows what it says.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cupel::model {

enum class Role { User, Assistant };

struct Amount {
    double dollars = 0;       // US
    std::int64_t tokens = 0;  // in and out
    Amount& operator+=(const Amount& other) {
        dollars += other.dollars;
        tokens += other.tokens;
        return *this;
    }
    bool operator==(const Amount&) const = default;
};

struct Message {
    Role role = Role::User;
    std::string text;
};

struct Request {
    std::string model;  // as the provider knows it
    std::string system;
    std::vector<Message> messages;
    int max_tokens = 16'384;            // of the reply, reasoning included
    std::optional<double> temperature;  // unset: not sent, as some models refuse it
    std::uint64_t sample = 0;           // not sent: tells two askings of one question apart
    std::string note;                   // not sent, not hashed: kept beside the reply for the asker
    // Not sent, not hashed: told before another attempt what those before it may have cost, so that
    // it is known even where the asker is killed. False: that cannot be kept, so no more attempts.
    std::function<bool(const Amount& lost)> before_retry = {};
    // Not sent, not hashed: told that from now on time only passes until the next attempt; and
    // asked then, until it says yes, whether the model may work again.
    std::function<void()> pauses = {};
    std::function<bool()> may_go_on = {};
};

// Tokens. What a provider counts apart is in both: `cached` is part of `input`, `reasoning` of
// `output`. Most leave something out, and none is not 0.
struct Usage {
    std::int64_t input = 0;
    std::optional<std::int64_t> cached = std::nullopt;   // read from the provider's cache
    std::optional<std::int64_t> written = std::nullopt;  // written to it
    std::int64_t output = 0;
    std::optional<std::int64_t> reasoning = std::nullopt;
    bool operator==(const Usage&) const = default;
};

enum class Ending {
    Whole,
    Cut,       // at max_tokens
    Declined,  // the model or a filter would not
};
[[nodiscard]] std::string_view ending_name(Ending ending);  // "whole"
[[nodiscard]] std::optional<Ending> ending_from(std::string_view name);

struct Reply {
    std::string text;
    Ending ending = Ending::Whole;
    std::optional<Usage> usage;  // none: the provider did not say
    double dollars = 0;          // at the prices of the run; of a recorded reply: paid back then
    std::int64_t tokens = 0;     // in and out, attempts that came to nothing included as in dollars
    double seconds = 0;
    int attempts = 1;
    bool recorded = false;  // served from the recording: nothing was asked, nothing paid
};

enum class FaultKind {
    Transient,    // tried again as long as it made sense: overload, a broken or silent connection
    Refused,      // will never work as it is: the key, the model's name, the request
    Unfit,        // this question will never work: too long, or against a filter; others may
    SpendCap,     // the provider's own limit of money: nothing more is had from it
    Budget,       // ours: the call might have cost more than is left
    Nonsense,     // the reply is not what the provider's interface says
    TooLarge,     // more than is read
    NotRecorded,  // a replay that was asked something else
    Stopped,      // the user asked to stop
    Storage,      // the recording could not be written or read
};
[[nodiscard]] std::string_view fault_name(FaultKind kind);  // "spend_cap"
[[nodiscard]] std::optional<FaultKind> fault_from(std::string_view name);

struct Fault {
    FaultKind kind = FaultKind::Transient;
    std::string text;                   // for people; never holds a key
    std::optional<double> retry_after;  // seconds that the provider asks to wait
    bool may_cost = false;              // the provider had begun to answer the last attempt
    Amount paid = {};                   // what all attempts cost, as far as anybody can know
};

using Answer = std::expected<Reply, Fault>;

class Client {
public:
    Client() = default;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    Client(Client&&) = delete;
    Client& operator=(Client&&) = delete;
    virtual ~Client() = default;

    // Waits for the whole reply. May be called from several threads at once.
    [[nodiscard]] virtual Answer ask(const Request& request) = 0;
};

}  // namespace cupel::model
