// SPDX-License-Identifier: Apache-2.0
// Law 9: a task must pin its function down before it is admitted. Each control is a wrong answer
// that must be rejected by the very checks that kernels go through: made from a right answer by a
// cheat's shortcut (admit_answers), from a question of which a part is ignored (admit_inputs), or
// from a formula with one thing left out or changed (task/mutants).
#include "referee/admit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "referee/admit_record.hpp"
#include "task/choice.hpp"

namespace cupel::referee {
namespace {

constexpr double kOracleSeconds = 0.25;
constexpr std::size_t kPositions = 256;
constexpr std::int64_t kMostQuestions = 16;
constexpr std::chrono::seconds kPatience{60};

// One honest contender, two questions and its answers, the second with its truth.
class Examination {
public:
    Examination(const task::Task& task, Arena& arena, Checker& checker, Session& honest)
        : task_(&task), arena_(&arena), checker_(&checker), honest_(&honest) {}

    Result<void> begin() {
        arena_->ask(0);
        CUPEL_TRY(previous_, ask_honest());
        arena_->ask(0);
        question_.clear();
        for (std::size_t i = 0; i < task_->inputs.size(); ++i) {
            const auto input = arena_->input(0, i);
            question_.emplace_back(input.begin(), input.end());
        }
        CUPEL_TRY(probe_, checker_->draw(0, kOracleSeconds, kPositions));
        CUPEL_TRY(answer_, ask_honest());
        CUPEL_TRY(const std::optional<std::string> wrong, judge(answer_));
        if (wrong) {
            return fail(Errc::Invalid,
                        "the honest baseline fails the task's own checks: " + *wrong);
        }
        return {};
    }

    // The checks of a race, on bytes: random positions, then the elements that differ most from the
    // baseline's answer.
    Result<std::optional<std::string>> judge(const Answer& answer) {
        const AnswerView view(answer.begin(), answer.end());
        AnswerErrors errors;
        if (auto wrong = checker_->verify(probe_, view, errors)) return wrong;
        auto positions = checker_->dispute(view, AnswerView(answer_.begin(), answer_.end()));
        if (positions.empty()) return std::nullopt;
        CUPEL_TRY(const Probe disputed, checker_->at(0, std::move(positions), false));
        return checker_->verify(disputed, view, errors);
    }

    [[nodiscard]] Exchange exchange() const { return {question_, answer_, previous_}; }

private:
    Result<Answer> ask_honest() {
        arena_->poison(1);
        const Window window = honest_->window(1, kPatience);
        if (window.ending != Ending::Answered)
            return fail(Errc::Invalid, "the honest baseline " + window.reason);
        Answer answer;
        for (const std::span<const std::byte> output : checker_->answer_in(0))
            answer.emplace_back(output.begin(), output.end());
        return answer;
    }

    const task::Task* task_;
    Arena* arena_;
    Checker* checker_;
    Session* honest_;
    std::vector<Bytes> question_;
    Probe probe_;
    Answer answer_;
    Answer previous_;
};

// Of a single element the first of three inputs is the largest once in three times: where answers
// are that small, what one question lets pass is tried on others, as a race asks many.
Result<void> try_answers(const task::Task& task, Examination& examination, std::int64_t elements,
                         std::vector<Referee::Control>& controls) {
    const std::int64_t questions =
        std::clamp<std::int64_t>(std::int64_t{kPositions} / elements, 1, kMostQuestions);
    std::vector<Shortcut> left = shortcuts(task);
    for (std::int64_t i = 0; i < questions && !left.empty(); ++i) {
        if (i > 0) CUPEL_DO(examination.begin());
        const Exchange exchange = examination.exchange();
        std::vector<Shortcut> accepted;
        for (Shortcut& shortcut : left) {
            const Answer answer = shortcut.make(exchange);
            if (shortcut.must_differ && answer == exchange.honest) {
                if (i > 0) accepted.push_back(std::move(shortcut));  // it differed before
                continue;
            }
            CUPEL_TRY(const std::optional<std::string> wrong, examination.judge(answer));
            if (wrong) {
                controls.push_back({.kind = "answer",
                                    .name = shortcut.name,
                                    .ruling = Referee::Ruling::Rejected,
                                    .rejected = true,
                                    .how = *wrong});
            } else {
                accepted.push_back(std::move(shortcut));
            }
        }
        left = std::move(accepted);
    }
    for (const Shortcut& shortcut : left) {
        controls.push_back({.kind = "answer",
                            .name = shortcut.name,
                            .ruling = Referee::Ruling::Accepted,
                            .rejected = false,
                            .how = "accepted as right"});
    }
    return {};
}

// What a person is told who wrote the task.
std::string refusal(const Referee::Control& control) {
    constexpr std::string_view kHead = "the task does not pin its function down: ";
    if (control.kind == "answer") {
        return fmt::format(
            "{}its checks accept \"{}\" as the answer; draw other values, or change "
            "the formula so that the answer depends on them",
            kHead, control.name);
    }
    if (control.kind == "input") {
        return fmt::format(
            "{}its checks accept \"{}\"; {}: take the input out, or draw values "
            "with which it matters",
            kHead, control.name, control.how);
    }
    return fmt::format(
        "{}the answer is accepted when {}; {}: take that part out, or draw values "
        "with which it matters",
        kHead, control.name, control.how);
}

// The first that was accepted; that the last answer serves again follows from something else.
const Referee::Control* most_telling(const std::vector<Referee::Control>& controls) {
    const Referee::Control* found = nullptr;
    for (const Referee::Control& control : controls) {
        if (control.ruling != Referee::Ruling::Accepted) continue;
        if (found == nullptr || found->name == kPreviousAnswer) found = &control;
    }
    return found;
}

std::vector<Suspect> suspects_of(const std::vector<Tampering>& tampered,
                                 const std::vector<task::Mutant>& mutants) {
    std::vector<Suspect> all;
    all.reserve(tampered.size() + mutants.size());
    for (const Tampering& one : tampered) {
        all.push_back(
            {.kind = "input", .name = one.name, .leaves_out = one.ignores, .tampering = &one});
    }
    for (const task::Mutant& one : mutants) {
        all.push_back({.kind = std::string(task::part_name(one.part)),
                       .name = one.name,
                       .leaves_out = one.leaves_out,
                       .guard = one.guard,
                       .mutant = &one});
    }
    return all;
}

}  // namespace

std::string_view ruling_name(Referee::Ruling ruling) {
    constexpr std::string_view kNames[] = {"rejected", "equivalent", "unreached", "accepted"};
    return kNames[static_cast<std::size_t>(ruling)];
}

Result<Referee::Admission> Referee::admit_once() {
    if (const auto key = admission_key(state_->task, state_->options.threads)) {
        if (auto kept = find_admission(*key)) return *std::move(kept);
    }
    return admit();
}

Result<Referee::Admission> Referee::admit() {
    CUPEL_TRY(Admission admission, state_->admit());
    if (const auto key = admission_key(state_->task, state_->options.threads))
        keep_admission(admission, *key);
    return admission;
}

Result<Referee::Admission> Referee::State::admit() {
    State& state = *this;
    CUPEL_CHECK(state.arena && state.checker && state.oracle);
    Referee::Admission admission;
    if (const auto choice = task::choice_by_rounding(state.task)) {
        admission.reason = fmt::format(
            "the answer hangs on roundings: {} chooses among computed values, and of two that are "
            "equal but for their last places an honest kernel may take either; give out the values "
            "instead, or choose among inputs",
            *choice);
        return admission;
    }
    {
        CUPEL_TRY(
            Session honest,
            Session::start({.object = state.panel_artefacts.at(state.quickest_baseline()).object},
                           *state.arena, state.options.threads, kPatience));
        if (const std::optional<Window>& ending = honest.ending())
            return fail(Errc::Missing, "no contender can run here: " + ending->reason);
        Examination examination(state.task, *state.arena, *state.checker, honest);
        if (auto begun = examination.begin(); !begun) {
            if (begun.error().code != Errc::Invalid)
                return std::unexpected(std::move(begun).error());
            admission.reason = begun.error().text;
            return admission;
        }
        CUPEL_DO(try_answers(state.task, examination, state.checker->answer_elements(),
                             admission.controls));
    }
    const std::vector<Tampering> tampered = tamperings(state.task);
    const std::vector<task::Mutant> mutants = task::mutants(state.task);
    std::vector<Suspect> suspects = suspects_of(tampered, mutants);
    Interrogation interrogation(state, suspects);
    CUPEL_DO(interrogation.run());
    std::ranges::transform(suspects, std::back_inserter(admission.controls), decide);

    const Referee::Control* accepted = most_telling(admission.controls);
    admission.admitted = accepted == nullptr;
    if (!admission.admitted) admission.reason = refusal(*accepted);
    return admission;
}

}  // namespace cupel::referee
