// SPDX-License-Identifier: Apache-2.0
#include "model/exchange_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>

#include "base/hash.hpp"

namespace cupel::model {
namespace {

using nlohmann::json;

constexpr int kFirstFormat = 1;
constexpr int kFormat = 2;
constexpr std::int64_t kNone = 0;

// Null: not known.
json count_json(std::optional<std::int64_t> count) {
    return count ? json(*count) : json();
}

// Recordings of before wrote 0 for what the provider had not said, too.
std::optional<std::int64_t> count_from(const json& count, int format) {
    if (count.is_null() || (format < kFormat && count == 0)) return std::nullopt;
    return count.get<std::int64_t>();
}

json request_json(const Request& request) {
    json messages = json::array();
    for (const Message& message : request.messages) {
        messages.push_back(
            {{"role", message.role == Role::User ? "user" : "assistant"}, {"text", message.text}});
    }
    json document = {{"model", request.model},          {"system", request.system},
                     {"messages", std::move(messages)}, {"max_tokens", request.max_tokens},
                     {"temperature", nullptr},          {"sample", request.sample}};
    if (request.temperature) document["temperature"] = *request.temperature;
    return document;
}

Request request_from(const json& document) {
    Request request;
    request.model = document.at("model");
    request.system = document.at("system");
    for (const json& message : document.at("messages")) {
        const bool user = message.at("role").get<std::string>() == "user";
        request.messages.push_back({user ? Role::User : Role::Assistant, message.at("text")});
    }
    request.max_tokens = document.at("max_tokens");
    if (!document.at("temperature").is_null())
        request.temperature = document.at("temperature").get<double>();
    request.sample = document.at("sample");
    return request;
}

json answer_json(const Answer& answer) {
    if (!answer) {
        return {{"fault",
                 {{"kind", fault_name(answer.error().kind)},
                  {"text", answer.error().text},
                  {"may_cost", answer.error().may_cost},
                  {"dollars", answer.error().paid.dollars},
                  {"tokens", answer.error().paid.tokens}}}};
    }
    json reply = {{"text", answer->text},       {"ending", ending_name(answer->ending)},
                  {"usage", nullptr},           {"dollars", answer->dollars},
                  {"seconds", answer->seconds}, {"attempts", answer->attempts},
                  {"tokens", answer->tokens}};
    if (const auto& usage = answer->usage) {
        reply["usage"] = {{"input", usage->input},
                          {"cached", count_json(usage->cached)},
                          {"written", count_json(usage->written)},
                          {"output", usage->output},
                          {"reasoning", count_json(usage->reasoning)}};
    }
    return {{"reply", std::move(reply)}};
}

Answer answer_from(const json& document, const Amount& reserved, int format) {
    if (document.contains("fault")) {
        const json& told = document.at("fault");
        Fault fault;
        fault.kind = fault_from(told.at("kind").get<std::string>()).value_or(FaultKind::Refused);
        fault.text = told.at("text");
        fault.may_cost = told.at("may_cost");
        // Recordings of before knew of the last attempt only.
        if (fault.may_cost) fault.paid = reserved;
        fault.paid = {told.value("dollars", fault.paid.dollars),
                      told.value("tokens", fault.paid.tokens)};
        return std::unexpected(std::move(fault));
    }
    const json& told = document.at("reply");
    Reply reply;
    reply.text = told.at("text");
    reply.ending = ending_from(told.at("ending").get<std::string>()).value_or(Ending::Whole);
    if (const json& usage = told.at("usage"); !usage.is_null()) {
        reply.usage = Usage{.input = usage.at("input"),
                            .cached = count_from(usage.at("cached"), format),
                            .written = count_from(usage.at("written"), format),
                            .output = usage.at("output"),
                            .reasoning = count_from(usage.at("reasoning"), format)};
    }
    reply.dollars = told.at("dollars");
    reply.seconds = told.at("seconds");
    reply.attempts = told.at("attempts");
    // Recordings of before knew no tokens of attempts that came to nothing.
    const Usage counted = reply.usage.value_or(Usage{});
    reply.tokens = told.value("tokens", counted.input + counted.output);
    reply.recorded = true;
    return reply;
}

Exchange exchange_from(const json& document) {
    Exchange exchange;
    exchange.sequence = document.at("sequence");
    exchange.provider = document.at("provider");
    exchange.request = request_from(document.at("request"));
    exchange.request.note = document.at("note");
    exchange.reserved = {document.at("reserved"), document.value("reserved_tokens", kNone)};
    exchange.lost = {document.at("lost"), document.value("lost_tokens", kNone)};
    exchange.at = document.at("at");
    exchange.in_flight = document.at("answer").is_null();
    if (!exchange.in_flight) {
        exchange.answer =
            answer_from(document.at("answer"), exchange.reserved, document.at("format"));
    }
    exchange.hash = request_hash(exchange.provider, exchange.request);
    return exchange;
}

}  // namespace

std::string request_hash(std::string_view provider, const Request& request) {
    const std::string text =
        request_json(request).dump(-1, ' ', false, json::error_handler_t::replace);
    const std::array<std::string_view, 2> parts = {provider, text};
    return hash_parts(parts);
}

std::string exchange_text(const Exchange& exchange) {
    const json document = {
        {"format", kFormat},
        {"sequence", exchange.sequence},
        {"provider", exchange.provider},
        {"request", request_json(exchange.request)},
        {"note", exchange.request.note},
        {"reserved", exchange.reserved.dollars},
        {"reserved_tokens", exchange.reserved.tokens},
        {"lost", exchange.lost.dollars},
        {"lost_tokens", exchange.lost.tokens},
        {"at", exchange.at},
        {"answer", exchange.in_flight ? json() : answer_json(exchange.answer)},
    };
    const std::string text = document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
    return hash_hex(text) + "\n" + text;
}

Result<Exchange> read_exchange(std::string_view text) {
    const std::size_t line = text.find('\n');
    if (line == std::string_view::npos || hash_hex(text.substr(line + 1)) != text.substr(0, line))
        return fail(Errc::Corrupt, "it was changed or cut after it was written");
    try {
        const json document = json::parse(text.substr(line + 1));
        const json& format = document.at("format");
        if (format != kFirstFormat && format != kFormat)
            return fail(Errc::Invalid, "it was written by a newer Cupel");
        return exchange_from(document);
    } catch (const json::exception& error) {
        return fail(Errc::Corrupt, fmt::format("no exchange: {}", error.what()));
    }
}

}  // namespace cupel::model
