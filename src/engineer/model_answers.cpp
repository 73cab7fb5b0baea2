// SPDX-License-Identifier: Apache-2.0
// What models answered, and what became of it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "engineer/feedback.hpp"
#include "engineer/model_writer.hpp"
#include "engineer/reply.hpp"

namespace cupel::engineer {
namespace {

constexpr int kFailuresUntilSilence = 3;

std::string reason_of(const model::Fault& fault) {
    return fmt::format("{}: {}", model::fault_name(fault.kind), fault.text);
}

}  // namespace

void ModelWriter::end(std::string why, std::string_view more) {
    if (!ended_.empty()) return;
    complaints_.push_back(
        fmt::format("models are asked no more: {}{}{}", why, more.empty() ? "" : ": ", more));
    ended_ = std::move(why);
}

// What an idea gained, who had it and who carried it out have earned together.
void ModelWriter::credit(const Credit& to, const Trial& trial) {
    const Idea* idea = ideas_.find(to.idea);
    bandit_->reward(to.arm, idea != nullptr ? trial.earned / 2 : trial.earned,
                    trial.seconds * options_.second_costs);
    if (idea != nullptr) bandit_->reward(idea->planner, trial.earned / 2);
    credit_idea(to, trial.gain);
}

void ModelWriter::credit_idea(const Credit& to, double gain) {
    if (gain > 0 && ideas_.find(to.idea) != nullptr) ideas_.add_gain(to.idea, gain);
}

// Whose kernel broke a law: its ideas are for nobody else any more.
void ModelWriter::shame(const Credit& of) {
    ideas_.bar(of.idea);
    ideas_.distrust(of.arm.model);
}

// A sweep that has come to its end gains nothing more.
void ModelWriter::forget_closed() {
    std::erase_if(credits_, [this](const auto& credit) { return !intake_.is_open(credit.first); });
}

// `seconds`: of the trial.
void ModelWriter::learn(const Question& question, double gain, double seconds) {
    const Idea* idea = ideas_.find(question.note.idea);
    ++learned_;
    bandit_->learn(question.arm(), idea != nullptr ? gain / 2 : gain,
                   question.paid.dollars +
                       (std::max(question.seconds, kLeastCall) + seconds) * options_.second_costs);
    if (idea != nullptr) bandit_->reward(idea->planner, gain / 2);
    if (fruitless_ >= options_.fruitless)
        end("nothing of use came for long", fmt::format("{} answers in a row", fruitless_));
}

void ModelWriter::pay(Question& question, const model::Amount& amount) {
    question.paid += amount;
    spending_.dollars += amount.dollars;
    spending_.tokens += amount.tokens;
}

Result<void> ModelWriter::take_in(Question question, const model::Answer& answer) {
    if (answer) return take_text(std::move(question), *answer);
    pay(question, answer.error().paid);
    take_fault(question, answer.error());
    ideas_.put_back(question.note.idea);
    // One that was only stopped is asked again when the run goes on.
    if (answer.error().kind == model::FaultKind::Stopped) return {};
    learn(question, 0);
    return close(question, reason_of(answer.error()), nullptr);
}

void ModelWriter::take_fault(const Question& question, const model::Fault& fault) {
    VoiceState* state = state_of(question.voice);
    using model::FaultKind;
    const auto fall_silent = [&](std::string_view why) {
        if (!state->silent)
            complaints_.push_back(fmt::format("{} {}: {}", question.voice, why, fault.text));
        state->silent = true;
    };
    switch (fault.kind) {
        case FaultKind::Stopped:
            ended_ = "stopped";
            return;
        case FaultKind::Budget:
            return end("their budget is spent", fault.text);
        case FaultKind::Refused:
        case FaultKind::SpendCap:
        case FaultKind::NotRecorded:
        case FaultKind::Storage:
            return fall_silent("is not asked again");
        case FaultKind::Transient:
        case FaultKind::Nonsense:
        case FaultKind::TooLarge:
        case FaultKind::Unfit:
            break;
    }
    ++fruitless_;
    if (++state->failures >= kFailuresUntilSilence)
        fall_silent(fmt::format("failed {} times in a row", state->failures));
}
Result<void> ModelWriter::refuse(const Question& question, std::string why) {
    ++fruitless_;
    ideas_.failed(question.note.idea, "");
    learn(question, 0);
    return close(question, std::move(why), nullptr);
}

Result<void> ModelWriter::take_text(Question question, const model::Reply& reply) {
    pay(question, {reply.dollars, reply.tokens});
    question.seconds = reply.seconds;
    question.usage = reply.usage.value_or(model::Usage{});
    state_of(question.voice)->failures = 0;
    if (question.note.way == Operator::Plan) return take_plan(std::move(question), reply);
    question.idea = read_idea(reply.text);
    const auto no_kernel = [&](const std::string& words) {
        std::string why(kNoKernel);
        why += words;
        if (reply.ending == model::Ending::Cut)
            why += fmt::format(" (it was cut at {} tokens)", question.request.max_tokens);
        return refuse(question, std::move(why));
    };
    auto source = read_reply(question.note.way, reply.text, question.base);
    if (!source) return no_kernel(source.error().text);
    auto offered = offer(*source, question);
    if (!offered) return no_kernel(offered.error().text);
    if (const auto& first = offered->first) {
        CUPEL_DO(settle(question, *source, *first));
        credits_[offered->ticket] = {question.arm(), question.note.idea};
        credit_idea(credits_[offered->ticket], offered->gain);
        forget_closed();
        return {};
    }
    open_[offered->ticket] = std::make_unique<Question>(std::move(question));
    return {};
}

// Whether its kernel was tried just before the run was killed, so that nobody took note of it.
Result<bool> ModelWriter::tried_before(const Question& question, const std::string& source) const {
    if (!question.again) return false;
    const auto text = TunedText::read(source);
    if (!text) return false;
    CUPEL_TRY(const auto found, intake_.earlier().find(text->at(text->first())));
    return found && found->phase == operator_name(question.note.way) &&
           !claimed_.contains(found->trial.kernel);
}

Result<Intake::Resumed> ModelWriter::offer(const std::string& source, const Question& question) {
    const std::string_view phase = operator_name(question.note.way);
    CUPEL_TRY(const bool before, tried_before(question, source));
    if (before) return intake_.offer_again(source, question.parents, phase);
    Intake::Resumed fresh;
    CUPEL_TRY(fresh.ticket, intake_.offer(source, question.parents, phase));
    return fresh;
}

Result<void> ModelWriter::take_plan(Question question, const model::Reply& reply) {
    const std::vector<std::string> texts = read_ideas(reply.text, options_.ideas);
    question.idea = join(texts, "\n");
    const std::size_t added = ideas_.add(question.hash, question.arm(), texts);
    if (added == 0) return refuse(question, "no new idea");
    learn(question, 0);
    return close(question, fmt::format("{} idea{}", added, added == 1 ? "" : "s"), nullptr);
}

Result<void> ModelWriter::close(const Question& question, std::string outcome, const Trial* trial) {
    archive::Ask ask;
    ask.hash = question.hash;
    ask.author = question.voice;
    ask.way = operator_name(question.note.way);
    ask.parents = question.note.parents;
    if (trial != nullptr) {
        ask.kernel = trial->kernel;
        ask.gain = trial->gain;
    }
    ask.outcome = std::move(outcome);
    ask.idea = question.idea;
    ask.dollars = question.paid.dollars;
    ask.seconds = question.seconds;
    ask.input = question.usage.input;
    ask.output = question.usage.output;
    ask.cached = question.usage.cached;
    ask.written = question.usage.written;
    ask.reasoning = question.usage.reasoning;
    return archive_.record_ask(ask);
}

Result<void> ModelWriter::passed_over(const Draft& draft) {
    intake_.dropped(draft);
    forget_closed();
    const auto found = open_.find(draft.ticket);
    if (found == open_.end()) return {};  // a setting of a sweep
    const std::unique_ptr<Question> question = std::move(found->second);
    open_.erase(found);
    ++fruitless_;
    ideas_.succeeded(question->note.idea, 0);
    learn(*question, 0);
    CUPEL_TRY(const auto known, archive_.find(hash_hex(draft.kernel.source)));
    Trial trial;
    trial.kernel = known ? known->id : 0;
    return close(*question, std::string(kKnown), known ? &trial : nullptr);
}

Result<void> ModelWriter::tried(const Draft& draft, const Trial& trial) {
    // Naive is 0 where kernels are timed.
    const double best = best_.value_or(trial.verdict.bound ? trial.score : 0);
    const std::uint64_t first = intake_.tried(draft, trial, std::max(best, trial.score));
    const auto found = open_.find(draft.ticket);
    if (found == open_.end()) {
        // What a sweep gains, its author has earned.
        if (const auto to = credits_.find(first); to != credits_.end()) {
            credit(to->second, trial);
            if (breaks_laws(trial.verdict.status)) shame(to->second);
        }
        forget_closed();
        return {};
    }
    const std::unique_ptr<Question> question = std::move(found->second);
    open_.erase(found);
    credits_[first] = {question->arm(), question->note.idea};
    forget_closed();
    return settle(*question, draft.kernel.source, trial);
}

// Of the first kernel that came of a question.
Result<void> ModelWriter::settle(const Question& question, const std::string& source,
                                 const Trial& trial) {
    const verdict::Status status = trial.verdict.status;
    const Note& note = question.note;
    const bool right = verdict::is_right(status);
    fruitless_ = right ? 0 : fruitless_ + 1;
    learn(question, trial.earned, trial.seconds);
    if (right) {
        ideas_.succeeded(note.idea, trial.gain);
        authors_[trial.kernel] = {question.arm(), note.idea};
        if (note.way == Operator::Translate) last_failure_.clear();
    } else {
        const std::string told = feedback_of(trial.verdict, source);
        if (breaks_laws(status)) {
            shame({question.arm(), note.idea});
        } else if (note.way != Operator::Repair) {
            ideas_.failed(note.idea, told);
        }
        repair(question, source, trial);
        if (note.way == Operator::Translate) last_failure_ = told;
    }
    return close(question, std::string(verdict::status_name(status)), &trial);
}

// What does not compile goes back to be mended, a few times, by the cheapest. What ran and was
// wrong is never shown to anybody again.
void ModelWriter::repair(const Question& broken, const std::string& source, const Trial& trial) {
    if (broken.note.repairs >= options_.repairs || !is_mendable(trial.verdict)) return;
    const std::size_t voice = cheapest();
    if (voice == voices_.size()) return;
    auto question = std::make_unique<Question>();
    question->note = {.way = Operator::Repair,
                      .repairs = broken.note.repairs + 1,
                      .idea = broken.note.idea,
                      .parents = {hash_hex(source)}};
    question->voice = voices_[voice].voice.name;
    question->parents = broken.parents;
    question->base = as_shown(source);
    const Prompt prompt = write_prompt(Operator::Repair, options_.brief, {{source, ""}},
                                       feedback_of(trial.verdict, source));
    question->request.system = prompt.system;
    question->request.messages = {{model::Role::User, prompt.user}};
    queue_.push_back(std::move(question));
}

}  // namespace cupel::engineer
