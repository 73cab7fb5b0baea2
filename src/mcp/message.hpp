// SPDX-License-Identifier: Apache-2.0
// JSON-RPC 2.0, as the Model Context Protocol narrows it: one object a line, no batches, parameters
// by name, ids that are strings or whole numbers.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <variant>

namespace cupel::mcp {

// What may go wrong with a message. The codes are those of JSON-RPC 2.0, and the one that revision
// 2026-07-28 of the protocol adds for us.
enum class Code : int {
    ParseError = -32700,
    InvalidRequest = -32600,
    MethodNotFound = -32601,
    InvalidParams = -32602,
    InternalError = -32603,
    UnsupportedProtocolVersion = -32022,
};
struct Fault {
    Code code = Code::InternalError;
    std::string text;
    nlohmann::json id;    // null: none could be read
    nlohmann::json data;  // null: none
};

struct Request {
    nlohmann::json id;
    std::string method;
    nlohmann::json params;  // an object
};
struct Notification {
    std::string method;
    nlohmann::json params;  // an object
};
struct Nothing {};  // needs no answer and says nothing to us
using Message = std::variant<Request, Notification, Nothing, Fault>;

// Deeper than any message has a reason to nest. Printing JSON recurses as deep as it nests.
constexpr int kDeepest = 64;
// Brackets in strings do not count. What does not even lex is for the parser to refuse.
[[nodiscard]] bool nests_too_deeply(std::string_view text);

[[nodiscard]] Message read_message(std::string_view line);

// One line each, with its newline; bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string result_line(const nlohmann::json& id, nlohmann::json result);
// Without an id where there is none: the schema of the protocol knows no id that is null.
[[nodiscard]] std::string fault_line(const Fault& fault);
[[nodiscard]] std::string notification_line(std::string_view method, nlohmann::json params);
// The text of a document in one line.
[[nodiscard]] std::string compact(const nlohmann::json& document);

}  // namespace cupel::mcp
