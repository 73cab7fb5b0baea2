// SPDX-License-Identifier: Apache-2.0
// Law 9, from the inside: wrong formulas and tampered questions, tried on the questions that
// kernels get. Private to admission.
//
// A control is answered by the oracle, in the float32 arithmetic of its honest order: it is given
// the changed formula as a task of its own, or the changed question. Its answers are marked by the
// checker, as a kernel's are, at random positions and along the edges; what differs at a few
// elements only is looked for at more and more of them. That the oracle is right is not tested
// here: the honest kernel, which is compiled code, must agree with it first.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "referee/admit_answers.hpp"
#include "referee/admit_inputs.hpp"
#include "referee/admit_sheet.hpp"
#include "referee/state.hpp"
#include "task/mutants.hpp"

namespace cupel::referee {

// A control that is answered by the oracle.
struct Suspect {
    std::string kind;
    std::string name;
    bool leaves_out = false;
    bool guard = false;
    const Tampering* tampering = nullptr;  // or ...
    const task::Mutant* mutant = nullptr;  // ... a changed formula, with its own oracle
    std::optional<OracleClient> oracle = std::nullopt;

    AnswerErrors errors = {};  // over all questions so far
    Sheet::Marks marks = {};   // of the question on which it was found out
    double nearest = 0;        // the largest error seen, over the tolerance, while it was not
    // Largest distances from the truth: on questions of the declared values, on values around zero,
    // and where the inputs vanish.
    Distance declared = {};
    Distance around_zero = {};
    Distance vanishing = {};
};

class Interrogation {
public:
    Interrogation(Referee::State& state, std::vector<Suspect>& suspects);
    // Tries them all; what is still without marks.wrong at the end was accepted.
    [[nodiscard]] Result<void> run();

private:
    using Truths = std::vector<wire::oracle::Truth>;
    using Positions = std::span<const wire::oracle::Position>;

    [[nodiscard]] Result<void> round(int runs, int least);
    [[nodiscard]] Result<void> on_one_question(int runs);
    [[nodiscard]] Result<int> affordable(double seconds, int most);
    [[nodiscard]] Result<Truths> answers(Suspect& suspect, Positions positions);
    [[nodiscard]] Result<Truths> answers_to_tampered(const Tampering& tampering,
                                                     Positions positions);
    // Further from the declared values, in float64 only.
    [[nodiscard]] Result<void> on_foreign_values(double scale, Distance Suspect::* where);
    [[nodiscard]] bool any_left() const;
    [[nodiscard]] Result<void> not_stopped() const;

    Referee::State* state_;
    Arena* arena_;
    OracleClient* oracle_;
    Checker* checker_;
    std::vector<Suspect>* suspects_;
    std::vector<Bytes> scratch_;
    std::size_t asked_ = 0;
};

// What is said of a suspect in the end.
[[nodiscard]] Referee::Control decide(const Suspect& suspect);

}  // namespace cupel::referee
