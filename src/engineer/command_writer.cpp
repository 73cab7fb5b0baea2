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
    for (const archive::Ask& ask : asks) {
        closed.insert(ask.hash);
        if (ask.author == kCommand) CUPEL_DO(recall_ask(ask));
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
Result<void> CommandWriter::recall_ask(const archive::Ask& ask) {
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
    if (!ask.kernel) return {};
    claimed_.insert(*ask.kernel);
    CUPEL_TRY(const auto kernel, archive_.kernel(*ask.kernel));
    if (!kernel) return fail(Errc::Corrupt, "the archive lacks a kernel of the program");
    CUPEL_TRY(const auto found, intake_.earlier().find(kernel->kernel.source));
    if (found) feedback_ = feedback_of(found->trial.verdict);
    const auto tuned =
        exchange->answer ? TunedText::read(exchange->answer->text) : Result<TunedText>();
    if (!exchange->answer || !tuned || tuned->knobs().empty()) return {};
    CUPEL_DO(intake_.offer_again(exchange->answer->text, kernel->parents, kCommand));
    return {};
}

// None where what it was shown has been found out since.
Result<std::optional<CommandWriter::Call>> CommandWriter::reread(const model::Exchange& exchange) {
    auto parents = read_command_note(exchange.request.note);
    if (!parents) return std::nullopt;
    Call call{.request = exchange.request,
              .hash = exchange.hash,
              .parents = {},
              .parent_hashes = std::move(*parents),
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

Result<CommandWriter::Call> CommandWriter::think(const Standings& standings) {
    Call call;
    std::string best = as_shown(options_.brief.reference);
    if (const Standing* incumbent = standings.incumbent(); incumbent != nullptr) {
        CUPEL_TRY(const auto record, archive_.kernel(incumbent->id));
        CUPEL_TRY(const auto verdict, archive_.latest_screen(incumbent->id));
        if (!record) return fail(Errc::Corrupt, "the archive lacks the best kernel");
        call.parents = {incumbent->id};
        call.parent_hashes = {record->hash};
        best =
            fmt::format("// {}\n{}", standing_of(verdict, incumbent->score, incumbent->half_width),
                        as_shown(record->kernel.source));
    }
    call.request = command_request(options_.brief, best, feedback_);
    call.request.sample = calls_++;
    call.request.note = print_command_note(call.parent_hashes);
    call.hash = model::request_hash(kCommand, call.request);
    return call;
}

Result<void> CommandWriter::call_program(const Standings& standings) {
    std::optional<Call> call;
    while (!call && !left_.empty()) {
        // What it was shown may have been found out since the run goes on.
        const bool sound = std::ranges::none_of(
            left_.front().parents, [&](archive::KernelId id) { return standings.is_barred(id); });
        if (sound) call = std::move(left_.front());
        left_.pop_front();
    }
    if (!call) {
        CUPEL_TRY(call, think(standings));
    }
    const model::Answer answer = recording_.ask(kCommand, call->request, &client_, {});
    return take_in(std::move(*call), answer);
}

Result<std::vector<Draft>> CommandWriter::write(const Standings& standings, std::size_t most,
                                                bool /*idle*/) {
    const bool stopped = options_.stop && options_.stop();
    if (intake_.empty() && open_ == 0 && fruitless_ < options_.fruitless && !stopped)
        CUPEL_DO(call_program(standings));
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
    if (offered->first) return settle(call, *offered->first);
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
    feedback_ = told_no_kernel(why);
    return close(call, std::string(kNoKernel) + why, nullptr);
}

Result<void> CommandWriter::settle(const Call& call, const Trial& trial) {
    fruitless_ = verdict::is_right(trial.verdict.status) ? 0 : fruitless_ + 1;
    feedback_ = feedback_of(trial.verdict);
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
    feedback_ = kToldKnown;
    return close(called_, std::string(kKnown), nullptr);
}

Result<void> CommandWriter::tried(const Draft& draft, const Trial& trial) {
    static_cast<void>(intake_.tried(draft, trial, trial.score));
    if (draft.ticket != open_) return {};
    open_ = 0;
    return settle(called_, trial);
}

std::vector<std::string> CommandWriter::take_complaints() {
    return std::exchange(complaints_, {});
}

}  // namespace cupel::engineer
