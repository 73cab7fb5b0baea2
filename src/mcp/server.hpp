// SPDX-License-Identifier: Apache-2.0
// A server of the Model Context Protocol, between bytes that come and lines that go: it knows no
// descriptors and no clock. It serves both eras of the protocol at once, as its revision 2026-07-28
// allows: clients that open with `initialize` (2025-06-18, 2025-11-25), and requests that carry
// their version in themselves. docs/mcp.md says what is left out.
#pragma once

#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/line_reader.hpp"
#include "mcp/message.hpp"
#include "mcp/tool.hpp"

namespace cupel::mcp {

struct Identity {
    std::string name;
    std::string title;
    std::string version;
    std::string instructions;  // for the model: how the tools go together
};

// A kernel of 4 MiB is the largest that is judged; escaped as JSON it may be twice that.
constexpr std::size_t kLongestLine = std::size_t{12} << 20;
constexpr std::size_t kMostCalls = 32;  // at once

class Server {
public:
    // `send` gets whole lines, with their newlines. Tools are listed in the order given.
    Server(Identity identity, std::vector<std::unique_ptr<Tool>> tools,
           std::function<void(std::string)> send);

    // What the client wrote, cut anywhere. `now` is in seconds, of any clock that only grows.
    void receive(std::string_view bytes, double now);
    // Answers the calls that are done, and tells the progress of the others.
    void step(double now);
    [[nodiscard]] std::size_t calls() const { return calls_.size(); }

private:
    enum class Era { Legacy, Modern };
    struct Call {
        nlohmann::json id;
        Era era = Era::Legacy;
        nlohmann::json token;  // of progress; null: none is wanted
        double begun = 0;
        double told = 0;
        std::unique_ptr<Pending> pending;
    };

    void serve(const std::string& line, double now);
    void serve(const Request& request, double now);
    void serve(const Notification& notification);
    void initialize(const Request& request);
    void call_tool(const Request& request, Era era, double now);
    [[nodiscard]] std::optional<Fault> problem_with(const Request& request, Era era) const;
    void answer(const nlohmann::json& id, Era era, nlohmann::json result);
    void refuse(const Request& request, Code code, std::string text, nlohmann::json data = nullptr);
    [[nodiscard]] nlohmann::json identity() const;

    Identity identity_;
    std::vector<std::unique_ptr<Tool>> tools_;
    std::function<void(std::string)> send_;
    LineReader lines_{kLongestLine};
    std::list<Call> calls_;
    bool initialized_ = false;  // a legacy client has introduced itself
};

}  // namespace cupel::mcp
