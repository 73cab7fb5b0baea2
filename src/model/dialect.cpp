// SPDX-License-Identifier: Apache-2.0
#include "model/dialect.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "model/refusal.hpp"
#include "model/utf8.hpp"

namespace cupel::model {

using nlohmann::json;

// Reads what may be absent or of another type: a stranger's JSON is never trusted to have a shape.
struct ReplyReader::Json {
    const json& value;

    [[nodiscard]] Json operator[](const char* name) const {
        static const json kNothing;
        const auto found = value.is_object() ? value.find(name) : value.end();
        return {value.is_object() && found != value.end() ? *found : kNothing};
    }
    [[nodiscard]] Json first() const {
        static const json kNothing;
        return {value.is_array() && !value.empty() ? value.front() : kNothing};
    }
    [[nodiscard]] std::string_view text() const {
        return value.is_string() ? std::string_view(value.get_ref<const std::string&>())
                                 : std::string_view();
    }
    [[nodiscard]] std::optional<std::int64_t> count() const {
        constexpr std::int64_t kMost = std::int64_t{1} << 24;  // no context holds as many tokens
        if (!value.is_number_integer()) return std::nullopt;
        const auto number = value.get<std::int64_t>();
        if (number < 0 || number > kMost) return std::nullopt;
        return number;
    }
    [[nodiscard]] bool there() const { return !value.is_null(); }
};

namespace {

json chat_body(const Provider& provider, const Request& request) {
    json messages = json::array();
    if (!request.system.empty() && provider.can.system_role)
        messages.push_back({{"role", "system"}, {"content", request.system}});
    for (const Message& message : request.messages) {
        messages.push_back({{"role", message.role == Role::User ? "user" : "assistant"},
                            {"content", message.text}});
    }
    if (!request.system.empty() && !provider.can.system_role && !request.messages.empty())
        messages[0]["content"] = request.system + "\n\n" + request.messages[0].text;
    json body = {{"model", request.model}, {"messages", std::move(messages)}, {"stream", true}};
    body[provider.can.limit_name] = request.max_tokens;
    if (provider.can.stream_usage) body["stream_options"] = {{"include_usage", true}};
    return body;
}

json messages_body(const Request& request) {
    json messages = json::array();
    for (const Message& message : request.messages) {
        messages.push_back({{"role", message.role == Role::User ? "user" : "assistant"},
                            {"content", message.text}});
    }
    json body = {{"model", request.model},
                 {"messages", std::move(messages)},
                 {"max_tokens", request.max_tokens},
                 {"stream", true}};
    // Every question of a run has the same one. Nothing is cached that is not marked.
    if (!request.system.empty()) {
        body["system"] = {{{"type", "text"},
                           {"text", request.system},
                           {"cache_control", {{"type", "ephemeral"}}}}};
    }
    return body;
}

}  // namespace

std::string request_url(const Provider& provider) {
    return provider.base_url +
           (provider.dialect == Dialect::Chat ? "/chat/completions" : "/messages");
}

std::string request_body(const Provider& provider, const Request& request) {
    json body =
        provider.dialect == Dialect::Chat ? chat_body(provider, request) : messages_body(request);
    if (request.temperature && provider.can.temperature) body["temperature"] = *request.temperature;
    return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::vector<std::string> request_headers(const Provider& provider, const Key& key) {
    std::vector<std::string> headers = {"Content-Type: application/json",
                                        "Accept: text/event-stream, application/json"};
    if (provider.dialect == Dialect::Messages) {
        headers.emplace_back("anthropic-version: 2023-06-01");
        if (!key.empty()) headers.push_back("x-api-key: " + key.secret());
    } else if (!key.empty()) {
        headers.push_back("Authorization: Bearer " + key.secret());
    }
    return headers;
}

// ---- reading a reply ----

void ReplyReader::spoil(FaultKind kind, std::string text) {
    spoil({kind, std::move(text), std::nullopt, true});
}

void ReplyReader::spoil(Fault fault) {
    if (!fault_) fault_ = std::move(fault);
}

void ReplyReader::add_text(std::string_view text) {
    if (reply_.text.size() + text.size() > kLongestReply) {
        spoil(FaultKind::TooLarge, fmt::format("the reply is longer than {}",
                                               format_bytes(static_cast<double>(kLongestReply))));
        return;
    }
    reply_.text += text;
}

// A text, or parts of which some are texts and others thoughts.
void ReplyReader::add_content(const Json& content) {
    add_text(content.text());
    if (!content.value.is_array()) return;
    for (const json& value : content.value) {
        const Json part{value};
        if (part["type"].text().ends_with("text")) add_text(part["text"].text());
    }
}

void ReplyReader::take_finish(std::string_view reason) {
    static constexpr std::array<std::string_view, 4> kCut = {"length", "max_tokens", "model_length",
                                                             "model_context_window_exceeded"};
    if (reason.empty()) return;
    finished_ = true;
    if (std::ranges::find(kCut, reason) != kCut.end()) {
        reply_.ending = Ending::Cut;
    } else if (reason == "content_filter" || reason == "refusal") {
        reply_.ending = Ending::Declined;
    }
}

// Tokens that only the total holds are reasoning, which some gateways count beside the completion
// (xAI's) and some not at all (Gemini's); or input out of a cache, where that is counted apart.
void ReplyReader::take_hidden(const Json& usage) {
    Usage& now = counted_;
    const std::int64_t hidden = usage["total_tokens"].count().value_or(0) - now.input - now.output;
    const bool from_cache = hidden == now.cached && hidden != now.reasoning;
    if (hidden > 0) (from_cache ? now.input : now.output) += hidden;
    // A part is never more than the whole: then it was counted beside it.
    const std::int64_t reasoning = now.reasoning.value_or(0);
    const std::int64_t cached = now.cached.value_or(0);
    if (reasoning > now.output) now.output += reasoning;
    if (cached > now.input) now.input += cached;
}

// The names differ, and so does what the input counts: Anthropic's leaves out what was cached.
// Whose input or output nobody counted costs what it can have cost.
void ReplyReader::take_usage(const Json& usage, bool last) {
    if (!usage.value.is_object()) return;
    Usage& now = counted_;
    const auto read = [](std::optional<std::int64_t> count, auto& into) {
        const std::int64_t told = count.value_or(0);
        if (count) into = told;
        return count.has_value();
    };
    bool whole = false;  // the output
    if (dialect_ == Dialect::Chat) {
        input_told_ = read(usage["prompt_tokens"].count(), now.input) || input_told_;
        whole = read(usage["completion_tokens"].count(), now.output);
        read(usage["prompt_tokens_details"]["cached_tokens"].count(), now.cached);
        read(usage["completion_tokens_details"]["reasoning_tokens"].count(), now.reasoning);
        // As some count (DeepSeek).
        read(usage["prompt_cache_hit_tokens"].count(), now.cached);
        if (whole) take_hidden(usage);
    } else {
        const auto apart = [&now] { return now.cached.value_or(0) + now.written.value_or(0); };
        std::int64_t plain = now.input - apart();
        input_told_ = read(usage["input_tokens"].count(), plain) || input_told_;
        read(usage["cache_read_input_tokens"].count(), now.cached);
        read(usage["cache_creation_input_tokens"].count(), now.written);
        whole = read(usage["output_tokens"].count(), now.output);
        now.input = plain + apart();
    }
    if (last && whole && input_told_) reply_.usage = now;
}

void ReplyReader::take_chat(const Json& chunk) {
    const Json choice = chunk["choices"].first();
    begun_ = begun_ || choice.there();
    // As OpenRouter says that who it asks broke off.
    if (choice["error"].there()) {
        const auto as_it_can = json::error_handler_t::replace;
        return spoil(read_error(choice.value.dump(-1, ' ', false, as_it_can), true));
    }
    add_content(choice["delta"]["content"]);
    add_content(choice["message"]["content"]);  // where the server did not stream
    take_finish(choice["finish_reason"].text());
    take_usage(chunk["usage"], true);
}

void ReplyReader::take_messages(const Json& event) {
    const std::string_view type = event["type"].text();
    begun_ = begun_ || type.starts_with("message") || type.starts_with("content_block");
    if (type == "message_start") {
        take_usage(event["message"]["usage"], false);
    } else if (type == "content_block_start") {
        if (event["content_block"]["type"].text() == "text")
            add_text(event["content_block"]["text"].text());
    } else if (type == "content_block_delta") {
        // Thoughts come as deltas of another type.
        if (event["delta"]["type"].text() == "text_delta") add_text(event["delta"]["text"].text());
    } else if (type == "message_delta") {
        take_finish(event["delta"]["stop_reason"].text());
        take_usage(event["usage"], true);
    } else if (type == "message_stop") {
        done_ = true;
    } else if (type == "message") {  // where the server did not stream
        add_content(event["content"]);
        take_finish(event["stop_reason"].text());
        take_usage(event["usage"], true);
    }
}

void ReplyReader::take(const Event& event) {
    if (ended()) return;
    if (event.data == "[DONE]") {
        done_ = true;
        return;
    }
    const std::string text = whole_escapes(whole_characters(event.data));
    const json document = json::parse(text, nullptr, false);
    if (!document.is_object()) {
        return spoil(FaultKind::Nonsense, "what came is no JSON object: " + one_line(text));
    }
    const Json chunk{document};
    if (event.name == "error" || chunk["error"].there() || chunk["object"].text() == "error")
        return spoil(read_error(text, begun_));
    if (dialect_ == Dialect::Chat) {
        take_chat(chunk);
    } else {
        take_messages(chunk);
    }
}

void ReplyReader::take_whole(std::string_view body) {
    if (trim(body).empty()) return;  // finish() says that it broke off
    take({.name = "", .data = std::string(trim(body))});
    // A body that is a whole JSON object was not cut: some servers give no reason to end.
    done_ = !fault_ && (finished_ || !reply_.text.empty());
    if (!begun_) spoil(FaultKind::Nonsense, "what came is no reply: " + one_line(body));
}

Answer ReplyReader::finish() {
    if (!fault_ && !finished_ && !done_) {
        spoil(FaultKind::Transient, "the stream ended before the reply did");
    }
    if (!begun_) spoil(FaultKind::Nonsense, "the stream ended without a reply");
    // What is there took a token, and so did the question: who counts none has not counted.
    if (reply_.usage && reply_.usage->output == 0 &&
        (reply_.usage->input == 0 || !reply_.text.empty()))
        reply_.usage.reset();
    // Who was cut or would not says so, and who counts has thought.
    if (trim(reply_.text).empty() && reply_.ending == Ending::Whole && !reply_.usage)
        spoil(FaultKind::Nonsense, "the reply is empty");
    if (fault_) return std::unexpected(*fault_);
    return std::move(reply_);
}

}  // namespace cupel::model
