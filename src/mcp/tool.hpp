// SPDX-License-Identifier: Apache-2.0
// What a server offers: tools that are described by schemas, and answer at once or later.
#pragma once

#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace cupel::mcp {

struct Answer {
    std::string text;           // for whoever reads no JSON; comes first
    nlohmann::json structured;  // by the tool's output schema; null: there is none
    bool failed = false;        // what was asked for was not got: the text says why, and what to do
};
[[nodiscard]] inline Answer failure(std::string text) {
    return {.text = std::move(text), .structured = nullptr, .failed = true};
}

// A call that goes on. When it is destroyed, nobody waits for the answer any more.
class Pending {
public:
    Pending() = default;
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;
    Pending(Pending&&) = delete;
    Pending& operator=(Pending&&) = delete;
    virtual ~Pending() = default;
    // Asked many times a second; the first answer is the last question.
    [[nodiscard]] virtual std::optional<Answer> look() = 0;
    // One line on how far it is.
    [[nodiscard]] virtual std::string progress() const = 0;
    // The client takes the call back: no work goes on that only it waits for.
    virtual void cancel() = 0;
};

struct Description {
    std::string name;
    std::string title;
    std::string text;
    nlohmann::json input;   // schema of the arguments, an object
    nlohmann::json output;  // schema of Answer::structured
    bool read_only = true;  // changes nothing that outlives the server
};

using Called = std::variant<Answer, std::unique_ptr<Pending>>;

class Tool {
public:
    Tool() = default;
    Tool(const Tool&) = delete;
    Tool& operator=(const Tool&) = delete;
    Tool(Tool&&) = delete;
    Tool& operator=(Tool&&) = delete;
    virtual ~Tool() = default;
    [[nodiscard]] virtual const Description& description() const = 0;
    // The arguments fit the input schema.
    [[nodiscard]] virtual Called call(const nlohmann::json& arguments) = 0;
};

}  // namespace cupel::mcp
