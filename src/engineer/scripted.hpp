// SPDX-License-Identifier: Apache-2.0
// For tests: a model that says what a script says, and an evaluator that believes what a kernel's
// code claims to be worth, as a referee would find out. Everything is deterministic.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engineer/space.hpp"
#include "model/client.hpp"
#include "verdict/verdict.hpp"

namespace cupel::engineer::scripted {

// A kernel's text that the evaluator finds to be so many times faster than naive.
inline std::string worth(double times, std::string_view more = "") {
    return fmt::format("extern \"C\" void kernel() {{ worth({:.4f}); {} }}\n", times, more);
}

// Reads `worth(x)`, times 1 + 0.1 for each `step(n)` up to 5; other texts are worth 1.
inline double true_worth(std::string_view source) {
    const auto number = [&](std::string_view word) {
        const std::size_t at = source.find(word);
        double value = 0;
        if (at != std::string_view::npos) {
            const std::string_view digits = source.substr(at + word.size());
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
        }
        return value;
    };
    const double base = number("worth(");
    return (base > 0 ? base : 1) * (1 + 0.1 * std::min(5.0, number("step(")));
}

class Evaluator final : public verdict::Evaluator {
public:
    void prepare(const std::vector<verdict::Kernel>& /*kernels*/) override {}
    [[nodiscard]] Result<verdict::Screening> screen(const verdict::Kernel& kernel,
                                                    const verdict::Kernel* incumbent) override {
        if (interrupt_after > 0 && screened.size() == interrupt_after)
            return fail(Errc::Interrupted, "asked");
        verdict::Verdict verdict;
        if (const auto found = found_out && incumbent ? found_out(*incumbent) : std::nullopt) {
            verdict.status = *found;
            return verdict::Screening{verdict, true};
        }
        screened.push_back(kernel.source);
        const auto fixed = statuses.find(kernel.source);
        if (fixed != statuses.end()) {
            verdict.status = fixed->second;
        } else if (kernel.source.find("does not compile") != std::string::npos) {
            verdict.status = verdict::Status::CompileError;
        } else {
            const double ratio =
                true_worth(kernel.source) / (incumbent ? true_worth(incumbent->source) : 1);
            verdict.status = ratio > 1.01   ? verdict::Status::Faster
                             : ratio < 0.99 ? verdict::Status::Slower
                                            : verdict::Status::NotResolved;
            verdict.speedup =
                verdict::Speedup{{ratio * 0.999, ratio, ratio * 1.001, 0.95}, "incumbent"};
        }
        if (verdict.status == verdict::Status::CompileError && fixed == statuses.end()) {
            verdict.reason = "kernel.cpp:1: it does not compile";
            verdict.detail = "kernel.cpp:1:1: error: it does not compile\n    1 | int a;\n";
        }
        if (verdict.status == verdict::Status::Cheating) verdict.law = 2;
        return verdict::Screening{verdict};
    }
    [[nodiscard]] Result<verdict::Verdict> select(const verdict::Kernel& /*kernel*/) override {
        return fail(Errc::Usage, "the engineer never selects");
    }
    [[nodiscard]] Result<verdict::Verdict> judge(const verdict::Kernel& /*kernel*/) override {
        return fail(Errc::Usage, "the engineer never judges");
    }

    std::map<std::string, verdict::Status> statuses;  // of these sources
    // What an incumbent turns out to be where another kernel meets it; unset or none: nothing new.
    std::function<std::optional<verdict::Status>(const verdict::Kernel&)> found_out;
    std::size_t interrupt_after = 0;
    std::vector<std::string> screened;
    // Each once: what is promising is screened twice.
    [[nodiscard]] std::set<std::string> tried() const { return {screened.begin(), screened.end()}; }
};

// A few schedules of equal worth.
class Schedules final : public Space {
public:
    explicit Schedules(int count) : count_(count) {}
    [[nodiscard]] std::vector<Trace> initial() const override {
        std::vector<Trace> traces;
        for (int i = 0; i < count_; ++i)
            traces.push_back({{"tile", "y", {std::to_string(i)}}});
        return traces;
    }
    [[nodiscard]] bool complete() const override { return true; }
    [[nodiscard]] std::vector<Trace> neighbours(const Trace& /*trace*/) const override {
        return {};
    }
    [[nodiscard]] Result<std::string> print(const Trace& trace) const override {
        return worth(2, "schedule(" + trace.front().arguments.front() + ");");
    }
    [[nodiscard]] std::optional<double> cost(const Trace& /*trace*/) const override {
        return std::nullopt;
    }
    [[nodiscard]] std::string origin() const override { return "sweep"; }

private:
    int count_;
};

class Model final : public model::Client {
public:
    using Script = std::function<std::string(const model::Request&, int)>;
    explicit Model(Script script, double dollars = 0.01)
        : script_(std::move(script)), dollars_(dollars) {}
    [[nodiscard]] model::Answer ask(const model::Request& request) override {
        const std::scoped_lock lock(mutex_);
        prompts.push_back(request.system + "\n" + request.messages.at(0).text);
        const int turn = asked_++;
        if (turn == stop_at) {
            return std::unexpected(
                model::Fault{model::FaultKind::Stopped, "stopped", std::nullopt, false});
        }
        model::Reply reply;
        reply.text = script_(request, turn);
        reply.dollars = dollars_;
        reply.seconds = seconds;
        reply.tokens = 110;
        reply.usage =
            model::Usage{.input = 100, .cached = 60, .written = {}, .output = 10, .reasoning = 0};
        return reply;
    }
    std::vector<std::string> prompts;
    int stop_at = -1;
    double seconds = 1;  // of each reply

private:
    Script script_;
    double dollars_;
    std::mutex mutex_;
    int asked_ = 0;
};

inline std::string fenced(std::string_view kernel, std::string_view idea = "faster") {
    return fmt::format("IDEA: {}\n```cpp\n{}```\n", idea, kernel);
}

}  // namespace cupel::engineer::scripted
