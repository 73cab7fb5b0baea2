// SPDX-License-Identifier: Apache-2.0
#include "engineer/command_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engineer/feedback.hpp"
#include "engineer/note.hpp"
#include "engineer/question.hpp"
#include "engineer/tune.hpp"

namespace cupel::engineer {
namespace {

// The program has one way only.
Arm arm_of_program() {
    return {kCommand, kCommand};
}

constexpr const char* kToldKnown = "That kernel was tried before.\n";

std::string told_no_kernel(std::string_view why) {
    return fmt::format("No kernel was read: {}\n", why);
}

}  // namespace

// ---- an earlier part of the run ----

Result<void> CommandWriter::recall() {
    CUPEL_TRY(Earlier earlier, Earlier::read(archive_));
    intake_.remember(std::move(earlier));
    std::set<std::string> closed;
    CUPEL_TRY(const std::vector<archive::Ask> asks, archive_.asks());
    CUPEL_TRY(const TrialLog log, TrialLog::read(archive_));
    for (const archive::Ask& ask : asks) {
        closed.insert(ask.hash);
        if (ask.author == kCommand) CUPEL_DO(recall_ask(ask, log));
    }
    for (const auto& [kernel, done] : log.done()) {
        if (done.phase != "sweep" || !claimed_.contains(done.parent)) continue;
        lessons_.push_back(
            {done.when, arm_of_program(), done.gain, done.seconds * kSecondCosts, true});
    }
    // A recording that is only served is asked from the beginning, in the order of then.
    if (recording_.mode() == model::Recording::Mode::Replay) return {};
    for (const std::string& hash : recording_.hashes()) {
        if (closed.contains(hash)) continue;
        CUPEL_TRY(const auto exchange, recording_.find(hash));
        if (!exchange || exchange->provider != kCommand) continue;
        calls_ = std::max(calls_, exchange->request.sample + 1);
        CUPEL_TRY(auto call, reread(*exchange));
        if (call) left_.push_back(std::move(*call));
    }
    return {};
}

// Of a call that is closed: what its program is to be told, and settings of its kernel that were
// not tried any more.
Result<void> CommandWriter::recall_ask(const archive::Ask& ask, const TrialLog& log) {
    CUPEL_TRY(const auto exchange, recording_.find(ask.hash));
    // Of another run, which was replayed in this one, or of before calls were recorded.
    if (!exchange) {
        ++calls_;
        return {};
    }
    ++asked_;
    calls_ = std::max(calls_, exchange->request.sample + 1);
    feedback_ = ask.outcome == kKnown ? kToldKnown
                : ask.outcome.starts_with(kNoKernel)
                    ? told_no_kernel(ask.outcome.substr(kNoKernel.size()))
                    : "";
    const TrialLog::Done* done = ask.kernel ? log.find(*ask.kernel) : nullptr;
    const auto note = read_command_note(exchange->request.note);
    lessons_.push_back(
        {.when = done != nullptr ? done->when : after_trial(trial_at(note ? note->verdicts : 0)),
         .arm = arm_of_program(),
         .gain = done != nullptr ? done->gain : 0,
         .cost = (ask.seconds + (done != nullptr ? done->seconds : 0)) * kSecondCosts});
    if (!ask.kernel) return {};
    claimed_.insert(*ask.kernel);
    CUPEL_TRY(const auto kernel, archive_.kernel(*ask.kernel));
    if (!kernel) return fail(Errc::Corrupt, "the archive lacks a kernel of the program");
    CUPEL_TRY(const auto found, intake_.earlier().find(kernel->kernel.source));
    if (found) feedback_ = feedback_of(found->trial.verdict, kernel->kernel.source);
    const auto tuned =
        exchange->answer ? TunedText::read(exchange->answer->text) : Result<TunedText>();
    if (!exchange->answer || !tuned || tuned->knobs().empty()) return {};
    CUPEL_DO(intake_.offer_again(exchange->answer->text, kernel->parents, kCommand));
    return {};
}

// None where what it was shown has been found out since.
Result<std::optional<CommandWriter::Call>> CommandWriter::reread(const model::Exchange& exchange) {
    auto note = read_command_note(exchange.request.note);
    if (!note) return std::nullopt;
    Call call{.request = exchange.request,
              .hash = exchange.hash,
              .parents = {},
              .parent_hashes = std::move(note->parents),
              .again = true};
    for (const std::string& hash : call.parent_hashes) {
        CUPEL_TRY(const auto parent, archive_.find(hash));
        if (!parent || parent->quarantined) return std::nullopt;
        call.parents.push_back(parent->id);
    }
    return call;
}

// ---- calling ----

bool CommandWriter::done() const {
    return intake_.empty() && open_ == 0 && fruitless_ >= options_.fruitless;
}

Result<std::string> CommandWriter::show(const Standing& parent, Call& call) {
    CUPEL_TRY(const auto record, archive_.kernel(parent.id));
    CUPEL_TRY(const auto verdict, archive_.latest_screen(parent.id));
    if (!record) return fail(Errc::Corrupt, fmt::format("the archive lacks kernel {}", parent.id));
    call.parents.push_back(parent.id);
    call.parent_hashes.push_back(record->hash);
    return fmt::format("// {}\n{}", standing_of(verdict, parent.score, parent.half_width),
                       as_shown(record->kernel.source));
}

Result<CommandWriter::Call> CommandWriter::think(const Standings& standings) {
    Call call;
    std::string best = as_shown(options_.brief.reference);
    std::string other;
    const Standing* incumbent = standings.incumbent();
    if (incumbent != nullptr) {
        CUPEL_TRY(best, show(*incumbent, call));
    }
    // Two are drawn, as one of them may be the best.
    CUPEL_TRY(const std::vector<const Standing*> drawn, population_.parents(standings, calls_, 2));
    for (const Standing* one : drawn) {
        if (one == incumbent || !other.empty()) continue;
        CUPEL_TRY(other, show(*one, call));
    }
    call.request = command_request(options_.brief, best, other, feedback_);
    call.request.sample = calls_++;
    CUPEL_TRY(const archive::Totals totals, archive_.totals());
    call.request.note =
        print_command_note({.verdicts = totals.verdicts, .parents = call.parent_hashes});
    call.hash = model::request_hash(kCommand, call.request);
    return call;
}

std::vector<Lesson> CommandWriter::learn_with(std::shared_ptr<Bandit> bandit) {
    bandit_ = std::move(bandit);
    return std::exchange(lessons_, {});
}

bool CommandWriter::may_call() const {
    const bool stopped = options_.stop && options_.stop();
    return !intake_.busy() && fruitless_ < options_.fruitless && !stopped;
}

std::vector<Arm> CommandWriter::bids(const Standings& /*standings*/) {
    if (!may_call() || !left_.empty()) return {};
    return {arm_of_program()};
}

Result<void> CommandWriter::ask(const Standings& standings, const Arm& /*arm*/) {
    CUPEL_TRY(Call call, think(standings));
    return call_program(std::move(call));
}

Result<void> CommandWriter::call_program(Call call) {
    const model::Answer answer = recording_.ask(kCommand, call.request, &client_, {});
    return take_in(std::move(call), answer);
}

// What an earlier part of the run decided is no turn any more.
Result<std::vector<Draft>> CommandWriter::write(const Standings& standings, std::size_t most,
                                                bool /*idle*/) {
    while (may_call() && !left_.empty()) {
        Call call = std::move(left_.front());
        left_.pop_front();
        // What it was shown may have been found out since the run goes on.
        const bool sound = std::ranges::none_of(
            call.parents, [&](archive::KernelId id) { return standings.is_barred(id); });
        if (sound) CUPEL_DO(call_program(std::move(call)));
    }
    std::vector<Draft> drafts;
    while (drafts.size() < most) {
        auto draft = intake_.next();
        if (!draft) break;
        drafts.push_back(std::move(*draft));
    }
    return drafts;
}

// ---- answers, and what became of them ----

Result<void> CommandWriter::take_in(Call call, const model::Answer& answer) {
    if (!answer) {
        take_fault(answer.error());
        return {};
    }
    ++asked_;
    call.seconds = answer->seconds;
    if (answer->ending != model::Ending::Whole) return refuse(call, answer->text);
    const auto offered = offer(answer->text, call);
    if (!offered) return refuse(call, offered.error().text);
    if (const auto& first = offered->first) return settle(call, answer->text, *first);
    open_ = offered->ticket;
    called_ = std::move(call);
    return {};
}

// Nothing is closed: the call is made again when the run goes on.
void CommandWriter::take_fault(const model::Fault& fault) {
    using model::FaultKind;
    if (fault.kind == FaultKind::Stopped) return;
    complaints_.push_back("--proposer-command: " + fault.text);
    fruitless_ = fault.kind == FaultKind::NotRecorded ? options_.fruitless : fruitless_ + 1;
}

// Its kernel may have been tried just before the run was killed, so that nobody took note of it.
Result<Intake::Resumed> CommandWriter::offer(const std::string& text, const Call& call) {
    const auto tuned = call.again ? TunedText::read(text) : Result<TunedText>();
    if (call.again && tuned) {
        CUPEL_TRY(const auto found, intake_.earlier().find(tuned->at(tuned->first())));
        if (found && found->phase == kCommand && !claimed_.contains(found->trial.kernel))
            return intake_.offer_again(text, call.parents, kCommand);
    }
    Intake::Resumed fresh;
    CUPEL_TRY(fresh.ticket, intake_.offer(text, call.parents, kCommand));
    return fresh;
}

Result<void> CommandWriter::refuse(const Call& call, const std::string& why) {
    ++fruitless_;
    complaints_.push_back("--proposer-command: " + why);
    bandit_->learn(arm_of_program(), 0, call.seconds * kSecondCosts);
    feedback_ = told_no_kernel(why);
    return close(call, std::string(kNoKernel) + why, nullptr);
}

Result<void> CommandWriter::settle(const Call& call, std::string_view source, const Trial& trial) {
    fruitless_ = verdict::is_right(trial.verdict.status) ? 0 : fruitless_ + 1;
    bandit_->learn(arm_of_program(), trial.earned, (call.seconds + trial.seconds) * kSecondCosts);
    feedback_ = feedback_of(trial.verdict, source);
    return close(call, std::string(verdict::status_name(trial.verdict.status)), &trial);
}

Result<void> CommandWriter::close(const Call& call, std::string outcome, const Trial* trial) {
    archive::Ask ask;
    ask.hash = call.hash;
    ask.author = kCommand;
    ask.way = kCommand;
    ask.parents = call.parent_hashes;
    if (trial != nullptr) {
        ask.kernel = trial->kernel;
        ask.gain = trial->gain;
    }
    ask.outcome = std::move(outcome);
    ask.seconds = call.seconds;
    return archive_.record_ask(ask);
}

Result<void> CommandWriter::passed_over(const Draft& draft) {
    intake_.dropped(draft);
    if (draft.ticket != open_) return {};
    open_ = 0;
    ++fruitless_;
    bandit_->learn(arm_of_program(), 0, called_.seconds * kSecondCosts);
    feedback_ = kToldKnown;
    return close(called_, std::string(kKnown), nullptr);
}

Result<void> CommandWriter::tried(const Draft& draft, const Trial& trial) {
    static_cast<void>(intake_.tried(draft, trial, trial.score));
    if (draft.ticket != open_) {
        bandit_->reward(arm_of_program(), trial.earned, trial.seconds * kSecondCosts);
        return {};
    }
    open_ = 0;
    return settle(called_, draft.kernel.source, trial);
}

std::vector<std::string> CommandWriter::take_complaints() {
    return std::exchange(complaints_, {});
}

}  // namespace cupel::engineer
