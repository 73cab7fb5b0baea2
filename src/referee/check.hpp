// SPDX-License-Identifier: Apache-2.0
// The checker: is an answer as good as honest arithmetic of the declared precision? (Laws 3, 7, 8.)
//
// Truth is float64, from the oracle, which also says how much one rounding everywhere would move
// each element (its scale) and what three honest summation orders give. Errors are compared in
// units of u * scale, so small answers are held as tightly as large ones and there is no absolute
// tolerance. A kernel passes if its root mean square error is at most twice the panel's worst and
// its largest error at most four times the panel's largest (factors measured in harness studies:
// honest orders stay within 1.4, tf32 and fp16 are beyond 7). Where all honest orders are exact, so
// must the kernel be; exact questions (question.hpp) are made for that.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "referee/arena.hpp"
#include "referee/oracle_client.hpp"
#include "referee/standard.hpp"
#include "task/task.hpp"

namespace cupel::referee {

// The bytes of one answer: one span per output of the task.
using AnswerView = std::vector<std::span<const std::byte>>;

// True elements of one question's answer.
struct Probe {
    std::vector<wire::oracle::Position> positions;
    std::vector<wire::oracle::Truth> truths;
    bool random =
        true;  // false: chosen because they look bad, so they say nothing about the average
    // Of random ones: how many can be off by themselves. Per output; empty: none are random.
    std::vector<double> independent = {};
    Kind kind = Kind::Lawful;  // of the question
    // Positions in lawful rows of a question whose other rows are exact: three honest orders may
    // agree there by chance, and a fourth need not. Empty: none.
    std::vector<bool> lawful = {};
    // Of widened questions: the largest scale that was asked about in this one, per output.
    std::vector<double> largest = {};
    [[nodiscard]] double largest_of(std::uint32_t output) const {
        return output < largest.size() ? largest[output] : 0;
    }
    [[nodiscard]] Kind kind_at(std::size_t position) const {
        return position < lawful.size() && lawful[position] ? Kind::Lawful : kind;
    }
};

// "y[3, 17]"
[[nodiscard]] std::string element_name(const task::Tensor& tensor, std::uint64_t element);
// What follows from the stages that this output is made by, whatever stands beside it.
[[nodiscard]] Standard::Formula formula_of(const task::Task& task, task::TensorId output,
                                           Adders adders);
// The first element that is wrong, in words; nothing if the answer holds. Pure, like the standards,
// of which there is one per output.
[[nodiscard]] std::optional<std::string> first_wrong(const task::Task& task,
                                                     std::span<const Standard> standards,
                                                     const Probe& probe, const AnswerView& answer,
                                                     AnswerErrors& errors);

class Checker {
public:
    Checker(const task::Task& task, OracleClient& oracle, const Arena& arena,
            Adders adders = Adders::Processor);

    // Asks questions that no kernel sees, in slot 0 of `arena` (its own), until honest arithmetic
    // was seen on enough sums of each output to hold the first answer to. A kernel's one sum can be
    // four times as far off as the panel's one by luck, at one row in twenty.
    [[nodiscard]] Result<void> study(Arena& arena);

    // Secret random positions of the question in `slot`, as many as cost about `seconds` of the
    // oracle's time (at least `least`), over all outputs.
    [[nodiscard]] Result<Probe> draw(int slot, double seconds, std::size_t least);
    // Given positions of that question; `random` where they were drawn blindly.
    [[nodiscard]] Result<Probe> at(int slot, std::vector<wire::oracle::Position> positions,
                                   bool random);

    // Has the oracle work at those positions, and learns nothing.
    [[nodiscard]] Result<void> work_at(int slot,
                                       const std::vector<wire::oracle::Position>& positions);

    // `first_wrong`, by what honest arithmetic was seen to do so far.
    [[nodiscard]] std::optional<std::string> verify(const Probe& probe, const AnswerView& answer,
                                                    AnswerErrors& errors) const;

    // Elements where two answers differ most, `most` per output, as positions to ask the oracle
    // about.
    [[nodiscard]] std::vector<wire::oracle::Position> dispute(const AnswerView& a,
                                                              const AnswerView& b,
                                                              std::size_t most = 16) const;

    [[nodiscard]] AnswerView answer_in(int slot) const;  // where the arena holds it
    [[nodiscard]] std::int64_t answer_elements() const;

private:
    // How many of them share no sum with another, per output.
    [[nodiscard]] std::vector<double> independent(
        std::span<const wire::oracle::Position> positions) const;

    const task::Task* task_;
    std::vector<std::vector<std::size_t>> apart_;  // per output: independent_dimensions
    OracleClient* oracle_;
    const Arena* arena_;
    std::vector<Standard> standards_;  // per output
    // Per slot and output, of the widened question that is in it.
    std::map<int, std::vector<double>> largest_;
};

}  // namespace cupel::referee
