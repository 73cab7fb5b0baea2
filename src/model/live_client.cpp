// SPDX-License-Identifier: Apache-2.0
#include "model/live_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>
#include <utility>

#include "base/hash.hpp"
#include "model/dialect.hpp"
#include "model/event_stream.hpp"
#include "model/refusal.hpp"
#include "model/utf8.hpp"
#include "os/clock.hpp"

namespace cupel::model {
namespace {

constexpr std::size_t kMostRefusal = 64 << 10;        // bytes of an error's body that are read
constexpr std::size_t kMostBody = 8 * kLongestReply;  // ... of an answer: JSON around its text
// ... of a stream for each token that was allowed: gateways send an event of up to 500 bytes for
// each, of reasoning too, and some say it twice or thrice in that. Nothing of it is kept.
constexpr std::size_t kMostOfToken = 2 << 10;
constexpr double kMostTokens = 1e15;  // of one reply, whatever a server counts
constexpr double kTick = 0.05;        // seconds between looks at `stop`

double seconds_now() {
    return static_cast<double>(os::now_ns()) * 1e-9;
}

double chance() {
    return static_cast<double>(random_u64() >> 11) * 0x1p-53;
}

// Not every server labels its streams; no JSON begins as they do. None: not to be seen yet.
std::optional<bool> begins_stream(std::string_view body) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
    constexpr std::size_t kMostBlank = 1 << 10;  // lines, so that they are not read ever again
    const std::size_t blank = std::min(body.find_first_not_of("\r\n"), body.size());
    if (blank > kMostBlank) return false;
    body.remove_prefix(blank);
    bool may_be = false;
    for (const std::string_view field : {"data:", "event:", ":"}) {
        if (body.starts_with(field)) return true;
        may_be = may_be || field.starts_with(body);
    }
    return may_be ? std::nullopt : std::optional(false);
}

// Reads the body of one answer, whatever kind it is.
class Reading {
public:
    Reading(Dialect dialect, int max_tokens)
        : reader_(dialect),
          most_streamed_(std::max(
              kMostBody, kMostOfToken * static_cast<std::size_t>(std::max(0, max_tokens)))) {}

    Piece take(const HttpHead& head, std::string_view bytes) {
        read_ += bytes.size();
        if (head.status != 200) {
            if (read_ > kMostRefusal) return Piece::Enough;
            body_ += bytes;
            return Piece::Alive;
        }
        if (head.type.starts_with("text/event-stream")) streamed_ = true;
        if (read_ > (streamed_ ? most_streamed_ : kMostBody)) {
            too_large_ = true;
            return Piece::Enough;
        }
        if (streamed_) return take_events(bytes);
        body_ += bytes;
        if (!is_whole_) {
            const auto stream = begins_stream(body_);
            is_whole_ = stream == false;
            streamed_ = stream == true;
        }
        return streamed_ ? take_events(std::exchange(body_, {})) : Piece::Quiet;
    }

    [[nodiscard]] const std::string& body() const { return body_; }
    [[nodiscard]] bool whole() const { return streamed_ && reader_.whole(); }

    Answer finish() {
        if (too_large_) {
            return std::unexpected(
                Fault{FaultKind::TooLarge, "the answer does not end", std::nullopt, true});
        }
        if (streamed_) {
            events_.finish([this](const Event& event) { reader_.take(event); });
        } else {
            reader_.take_whole(body_);
        }
        return reader_.finish();
    }

private:
    Piece take_events(std::string_view bytes) {
        const std::size_t before = events_.lines();
        const auto hand_on = [this](const Event& event) { reader_.take(event); };
        if (!events_.feed(bytes, hand_on)) {
            too_large_ = true;
            return Piece::Enough;
        }
        if (reader_.ended()) return Piece::Done;
        return events_.lines() > before ? Piece::Alive : Piece::Quiet;
    }

    ReplyReader reader_;
    EventStream events_;
    std::string body_;
    std::size_t read_ = 0;
    std::size_t most_streamed_;
    bool streamed_ = false;
    bool is_whole_ = false;  // no stream, that is; both are false where nothing was seen yet
    bool too_large_ = false;
};

std::string shown(const std::string& text) {
    constexpr std::size_t kMost = 500;
    return std::string(first_bytes(text, kMost));
}

Fault fault_of(const HttpOutcome& outcome, const HttpRequest& request) {
    Fault fault;
    // Once it is on its way, nobody here knows what becomes of it there.
    fault.may_cost = outcome.sent;
    switch (outcome.end) {
        case HttpEnd::Stopped:
            fault.kind = FaultKind::Stopped;
            fault.text = "asked to stop";
            return fault;
        case HttpEnd::Idle:
            fault.text = fmt::format("nothing came for {} s", request.idle);
            return fault;
        case HttpEnd::Late:
            fault.text = fmt::format("not done after {} s", request.total);
            return fault;
        case HttpEnd::Broken:
        case HttpEnd::Whole:
        case HttpEnd::Enough:
            break;
    }
    fault.kind = outcome.never ? FaultKind::Refused : FaultKind::Transient;
    fault.text = outcome.text;
    return fault;
}

}  // namespace

bool LiveClient::wait(const Request& request, double seconds) const {
    const double end = seconds_now() + seconds;
    const bool asks = seconds > 0 && request.pauses && request.may_go_on;
    if (asks) request.pauses();
    while (true) {
        if (stop_ && stop_()) return false;
        const double left = end - seconds_now();
        if (left <= 0 && (!asks || request.may_go_on())) return true;
        const double tick = left > 0 ? std::min(left, kTick) : kTick;
        std::this_thread::sleep_for(std::chrono::duration<double>(tick));
    }
}

bool LiveClient::wait_for_turn(const Request& request) {
    double left = account_.bucket.take(seconds_now());
    do {
        if (!wait(request, left)) return false;
        left = account_.bucket.held(seconds_now());
    } while (left > 0);
    return true;
}

Answer LiveClient::try_once(const Request& request) {
    Reading reading(account_.provider.dialect, request.max_tokens);
    HttpRequest http;
    http.url = request_url(account_.provider);
    http.headers = request_headers(account_.provider, account_.key);
    Provider provider = account_.provider;
    provider.can = adapt(provider.can, traits_);
    http.body = request_body(provider, request);
    http.connect = account_.patience.connect;
    http.idle = account_.patience.idle;
    http.total = account_.patience.total;
    http.stop = stop_;
    http.take = [&reading](const HttpHead& head, std::string_view bytes) {
        return reading.take(head, bytes);
    };
    const HttpOutcome outcome = account_.http.post(http);
    const bool answered = outcome.end == HttpEnd::Whole || outcome.end == HttpEnd::Enough;
    // A stream that breaks behind its last word has said everything.
    if (outcome.head.status == 200 && (answered || reading.whole())) return reading.finish();
    if (answered) {
        return std::unexpected(read_refusal({outcome.head.status, reading.body(),
                                             outcome.head.retry_after, outcome.head.location}));
    }
    return std::unexpected(fault_of(outcome, http));
}

Amount LiveClient::most_cost(const Request& request) const {
    const Amount most = most_cost_of(request, price_);
    const double excess = excess_;
    return {.dollars = excess * most.dollars,
            .tokens = static_cast<std::int64_t>(
                std::min(std::ceil(excess * static_cast<double>(most.tokens)), kMostTokens))};
}

void LiveClient::learn_excess(const Amount& cost, const Request& request) {
    const auto most = static_cast<double>(most_cost_of(request, price_).tokens);
    const double found = static_cast<double>(cost.tokens) / std::max(1.0, most);
    double known = excess_;
    while (found > known && !excess_.compare_exchange_weak(known, found)) {
    }
}

Answer LiveClient::ask_until(const Request& request, Amount& lost) {
    const auto give_up = [](FaultKind kind, std::string text) {
        return std::unexpected(Fault{kind, std::move(text), std::nullopt, false});
    };
    const Amount most = most_cost(request);
    for (int attempt = 0;; ++attempt) {
        auto reservation = ledger_.reserve(most);
        if (!reservation) return give_up(FaultKind::Budget, ledger_.shortage(most));
        if (!wait_for_turn(request)) {
            reservation->settle({});
            return give_up(FaultKind::Stopped, "asked to stop");
        }
        Answer answer = try_once(request);
        if (answer) {
            // What the provider did not count is taken for the most it can have been.
            const auto& usage = answer->usage;
            const Amount cost = usage ? cost_of(*usage, price_) : most;
            reservation->settle(cost);
            learn_excess(cost, request);
            answer->dollars = cost.dollars;
            answer->tokens = cost.tokens;
            answer->attempts = attempt + 1;
            return answer;
        }
        Fault fault = std::move(answer.error());
        const Amount may_be = fault.may_cost ? most : Amount{};
        reservation->settle(may_be);
        lost += may_be;
        fault.text = shown(account_.key.redact(std::move(fault.text)));
        if (fault.kind != FaultKind::Transient) return std::unexpected(std::move(fault));
        // Also where this question is given up: the next one waits.
        if (fault.retry_after) account_.bucket.pause(seconds_now(), *fault.retry_after);
        const auto pause =
            wait_before_next(account_.patience, attempt, fault.retry_after, chance());
        if (!pause) {
            fault.text +=
                fmt::format(" (after {} attempt{})", attempt + 1, attempt == 0 ? "" : "s");
            return std::unexpected(std::move(fault));
        }
        if (lost != Amount{} && request.before_retry && !request.before_retry(lost))
            return give_up(FaultKind::Storage, "what was spent could not be written down");
        if (!wait(request, *pause)) return give_up(FaultKind::Stopped, "asked to stop");
    }
}

Answer LiveClient::ask(const Request& request) {
    const double begin = seconds_now();
    Amount lost;
    Answer answer = ask_until(request, lost);
    if (!answer) {
        answer.error().paid = lost;
        return answer;
    }
    answer->text = account_.key.redact(std::move(answer->text));
    answer->dollars += lost.dollars;
    answer->tokens += lost.tokens;
    answer->seconds = seconds_now() - begin;
    return answer;
}

}  // namespace cupel::model
