// SPDX-License-Identifier: Apache-2.0
#include "model/refusal.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <span>

#include "base/text.hpp"
#include "model/utf8.hpp"

namespace cupel::model {

using nlohmann::json;

namespace {

bool names_one_of(std::string_view text, std::span<const std::string_view> words) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    });
    return std::ranges::any_of(
        words, [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

// A limit of money answers 429 (or 400) as a limit of speed does, and must not be tried again. The
// words are those of limits that were met: limits of speed name budgets of tokens, and link to
// pages of billing where more is sold.
bool is_spend_cap(std::string_view words) {
    static constexpr std::string_view kOfSpeed = "rate_limit_exceeded";
    static constexpr std::array<std::string_view, 16> kWords = {
        "insufficient_quota", "exceeded your current quota",
        "billing_error",      "billing_hard_limit",
        "billing hard limit", "billing_not_active",
        "spend limit",        "spending limit",
        "spend cap",          "spending cap",
        "credit balance",     "api usage limits",
        "budget_exceeded",    "budget has been exceeded",
        "out of credits",     "insufficient credits"};
    return words.find(kOfSpeed) == std::string_view::npos && names_one_of(words, kWords);
}

// An error in whichever shape it came: {"error":{"type","code","message"}}, {"error":"words"},
// these fields themselves, or text.
struct Complaint {
    std::string words;
    std::optional<int> status;  // where its code is one
};

std::optional<int> status_of(const json& code) {
    std::int64_t number = 0;
    if (code.is_number_integer()) number = code.get<std::int64_t>();
    if (code.is_string()) {
        const auto& digits = code.get_ref<const std::string&>();
        const char* const last = digits.data() + digits.size();
        if (std::from_chars(digits.data(), last, number).ptr != last) return std::nullopt;
    }
    if (number < 400 || number > 599) return std::nullopt;
    return static_cast<int>(number);
}

Complaint read_complaint(std::string_view body) {
    const json document = json::parse(body, nullptr, false);
    const json* error = &document;
    if (document.is_object() && document.contains("error")) error = &document["error"];
    if (error->is_string()) return {error->get<std::string>(), std::nullopt};
    Complaint complaint;
    std::string& words = complaint.words;
    if (error->is_object()) {
        for (const char* name : {"type", "code", "message"}) {
            const auto found = error->find(name);
            if (found == error->end() || !found->is_string()) continue;
            if (!words.empty()) words += ": ";
            words += found->get_ref<const std::string&>();
        }
        if (error->contains("code")) complaint.status = status_of((*error)["code"]);
    }
    if (words.empty()) words = body;
    return complaint;
}

// A prompt that does not fit in, or that a filter keeps out, says nothing of the next. The words
// are those of llama.cpp, OpenAI, Azure, vLLM, Anthropic, OpenRouter and others. A reply that may
// be longer than the model's is no such case.
bool is_of_this_question(std::string_view words) {
    static constexpr std::array<std::string_view, 18> kWords = {
        "exceed_context_size",    "context_length_exceeded",
        "maximum context length", "available context size",
        "exceed context limit",   "exceeds the context",
        "prompt is too long",     "input is too long",
        "request_too_large",      "string_above_max_length",
        "content_filter",         "content filter",
        "content_policy",         "content management policy",
        "input was flagged",      "prompt was flagged",
        "data_inspection_failed", "safety system"};
    return names_one_of(words, kWords);
}

FaultKind kind_of_status(int status, std::string_view words) {
    if (status == 402 || ((status == 429 || status == 400 || status == 403) && is_spend_cap(words)))
        return FaultKind::SpendCap;
    // Some servers find out too late for a 400.
    const bool of_the_question = status == 400 || status == 403 || status == 422 || status == 500;
    if (status == 413 || (of_the_question && is_of_this_question(words))) return FaultKind::Unfit;
    const bool again =
        status == 408 || status == 409 || status == 425 || status == 429 || status >= 500;
    return again ? FaultKind::Transient : FaultKind::Refused;
}

// A gateway that waited in vain has handed the question on: what answers is thinking, and is paid.
bool may_have_begun(int status) {
    static constexpr std::array kWaited = {408, 502, 504, 522, 524};  // the last are Cloudflare's
    return std::ranges::find(kWaited, status) != kWaited.end();
}

// Turned away before anything was done; but 500, under 200, is said of what has begun.
bool is_turned_away(int status) {
    return (status < 500 || status == 503 || status == 529) && !may_have_begun(status);
}

// An error that comes as an event has a name instead of a status.
FaultKind kind_of_event(std::string_view words) {
    static constexpr std::array<std::string_view, 4> kNever = {"invalid_request", "authentication",
                                                               "permission", "not_found"};
    if (is_spend_cap(words)) return FaultKind::SpendCap;
    if (is_of_this_question(words)) return FaultKind::Unfit;
    return names_one_of(words, kNever) ? FaultKind::Refused : FaultKind::Transient;
}

}  // namespace

std::string one_line(std::string_view text) {
    std::string line = whole_characters(trim(text));
    for (char& c : line)
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) c = ' ';
    return line.empty() ? "no reason given" : line;
}

Fault read_refusal(const Refusal& refusal) {
    Fault fault;
    if (refusal.status >= 300 && refusal.status < 400) {
        fault.kind = FaultKind::Refused;
        fault.text = fmt::format(
            "HTTP {}: it points elsewhere ({}), and neither prompt nor key is sent there; if that "
            "address is right, give it as --base-url",
            refusal.status, one_line(refusal.location));
        return fault;
    }
    const std::string words = read_complaint(refusal.body).words;
    fault.kind = kind_of_status(refusal.status, words);
    const bool money = fault.kind == FaultKind::SpendCap;
    fault.text =
        fmt::format("HTTP {}{}: {}", refusal.status,
                    money ? " (a limit of money, so it is not asked again)" : "", one_line(words));
    fault.retry_after = refusal.retry_after;
    fault.may_cost = may_have_begun(refusal.status);
    return fault;
}

Fault read_error(std::string_view text, bool begun) {
    const Complaint complaint = read_complaint(text);
    const std::string& words = complaint.words;
    Fault fault;
    fault.kind = complaint.status ? kind_of_status(*complaint.status, words) : kind_of_event(words);
    fault.text = "the provider broke off: " + one_line(words);
    fault.may_cost = begun || !complaint.status || !is_turned_away(*complaint.status);
    return fault;
}

}  // namespace cupel::model
