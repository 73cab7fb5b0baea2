// SPDX-License-Identifier: Apache-2.0
// For tests: a tool that takes its time, and a client that keeps what it is sent.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mcp/server.hpp"

namespace cupel::mcp {

// What became of the calls of a SlowTool.
struct SlowLog {
    int cancelled = 0;
    int alive = 0;
};

// Answers after it was looked at `n` times; at once where n is 0, with a failure where it is 13.
class SlowTool final : public Tool {
public:
    explicit SlowTool(SlowLog& log) : log_(log) {
        description_.name = "slow";
        description_.title = "Slow";
        description_.text = "counts";
        description_.input = {
            {"type", "object"},
            {"properties", {{"n", {{"type", "integer"}, {"minimum", 0}, {"maximum", 100}}}}},
            {"required", nlohmann::json::array({"n"})},
            {"additionalProperties", false}};
        description_.output = {{"type", "object"}};
    }
    [[nodiscard]] const Description& description() const override { return description_; }
    [[nodiscard]] Called call(const nlohmann::json& arguments) override {
        constexpr int kUnlucky = 13;
        const int n = arguments.at("n").get<int>();
        if (n == 0) return done();
        if (n == kUnlucky) return failure("thirteen; take another number");
        return std::make_unique<Counting>(log_, n);
    }

private:
    static Answer done() { return {.text = "counted", .structured = {{"counted", true}}}; }

    class Counting final : public Pending {
    public:
        Counting(SlowLog& log, int n) : log_(log), left_(n) { ++log_.alive; }
        Counting(const Counting&) = delete;
        Counting& operator=(const Counting&) = delete;
        Counting(Counting&&) = delete;
        Counting& operator=(Counting&&) = delete;
        ~Counting() override { --log_.alive; }
        [[nodiscard]] std::optional<Answer> look() override {
            if (--left_ > 0) return std::nullopt;
            return done();
        }
        [[nodiscard]] std::string progress() const override { return std::to_string(left_); }
        void cancel() override { ++log_.cancelled; }

    private:
        SlowLog& log_;
        int left_;
    };

    SlowLog& log_;
    Description description_;
};

struct Scene {
    SlowLog log;
    std::vector<nlohmann::json> sent;
    Server server{{.name = "test", .title = "Test", .version = "1", .instructions = "count"},
                  tools(log),
                  [this](const std::string& line) {
                      sent.push_back(nlohmann::json::parse(line, nullptr, false));
                  }};

    static std::vector<std::unique_ptr<Tool>> tools(SlowLog& log) {
        std::vector<std::unique_ptr<Tool>> all;
        all.push_back(std::make_unique<SlowTool>(log));
        return all;
    }
    // What came back of a line; null: nothing.
    nlohmann::json say(const std::string& line, double now = 0) {
        sent.clear();
        server.receive(line + "\n", now);
        return sent.empty() ? nlohmann::json() : sent.back();
    }
    nlohmann::json ask(const nlohmann::json& id, const std::string& method,
                       const nlohmann::json& params = nlohmann::json::object()) {
        return say(
            nlohmann::json{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}}
                .dump());
    }
    void introduce() {
        (void)ask("hello", "initialize",
                  {{"protocolVersion", "2025-11-25"},
                   {"capabilities", nlohmann::json::object()},
                   {"clientInfo", {{"name", "test"}, {"version", "1"}}}});
    }
};

}  // namespace cupel::mcp
