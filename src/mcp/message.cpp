// SPDX-License-Identifier: Apache-2.0
#include "mcp/message.hpp"

#include <cmath>
#include <utility>

namespace cupel::mcp {
namespace {

using nlohmann::json;

// A double that holds a whole number is one: some clients know no other kind.
bool is_id(const json& value) {
    if (value.is_string() || value.is_number_integer()) return true;
    return value.is_number_float() && std::floor(value.get<double>()) == value.get<double>();
}

Fault invalid(std::string text, json id) {
    return {.code = Code::InvalidRequest,
            .text = std::move(text),
            .id = std::move(id),
            .data = nullptr};
}

Message read_object(json& object) {
    const auto found = object.find("id");
    const bool has_id = found != object.end();
    const json id = has_id && is_id(*found) ? *found : json();
    const auto version = object.find("jsonrpc");
    if (version == object.end() || *version != "2.0") {
        return invalid(R"("jsonrpc" is not "2.0")", id);
    }
    const auto method = object.find("method");
    if (method == object.end()) {
        // A response: nothing was asked of the client, so it answers nothing.
        if (object.contains("result") || object.contains("error")) return Nothing{};
        return invalid("no method", id);
    }
    if (!method->is_string()) return invalid("the method is not a string", id);
    if (has_id && id.is_null()) return invalid("the id is neither a string nor an integer", id);
    auto params = object.find("params");
    const bool by_name = params == object.end() || params->is_object();
    if (!by_name && !has_id) return Nothing{};  // a notification is never answered
    if (!by_name) {
        return Fault{.code = Code::InvalidParams,
                     .text = "params is not an object",
                     .id = id,
                     .data = nullptr};
    }
    json taken = params == object.end() ? json::object() : std::move(*params);
    if (!has_id) return Notification{method->get<std::string>(), std::move(taken)};
    return Request{id, method->get<std::string>(), std::move(taken)};
}

}  // namespace

bool nests_too_deeply(std::string_view text) {
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\') ++i;
            if (c == '"') quoted = false;
            continue;
        }
        if (c == '"') quoted = true;
        if (c == '[' || c == '{') ++depth;
        if (c == ']' || c == '}') --depth;
        if (depth > kDeepest) return true;
    }
    return false;
}

Message read_message(std::string_view line) {
    if (nests_too_deeply(line)) return invalid("nested too deeply", nullptr);
    json document = json::parse(line, nullptr, false);
    if (document.is_discarded()) {
        return Fault{.code = Code::ParseError,
                     .text = "the line is not JSON in UTF-8",
                     .id = nullptr,
                     .data = nullptr};
    }
    if (document.is_array()) {
        return invalid("a batch: the protocol has none since 2025-06-18, send one message a line",
                       nullptr);
    }
    if (!document.is_object()) return invalid("a message is an object", nullptr);
    return read_object(document);
}

std::string compact(const json& document) {
    return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string result_line(const json& id, json result) {
    return compact({{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}}) + "\n";
}

std::string fault_line(const Fault& fault) {
    json error = {{"code", static_cast<int>(fault.code)}, {"message", fault.text}};
    if (!fault.data.is_null()) error["data"] = fault.data;
    json message = {{"jsonrpc", "2.0"}, {"error", std::move(error)}};
    if (!fault.id.is_null()) message["id"] = fault.id;
    return compact(message) + "\n";
}

std::string notification_line(std::string_view method, json params) {
    return compact({{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}}) + "\n";
}

}  // namespace cupel::mcp
