// SPDX-License-Identifier: Apache-2.0
// What an earlier part of the run left: answers that were paid for and not used, ideas, sweeps in
// the middle.
#include <algorithm>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "engineer/feedback.hpp"
#include "engineer/model_writer.hpp"

namespace cupel::engineer {
namespace {

// What went into a question of which nobody took note: what is served again is paid for when it is
// taken in.
model::Amount paid_before(const model::Exchange& exchange) {
    const bool answered =
        !exchange.in_flight && (exchange.answer || model::is_lasting(exchange.answer.error()));
    return answered ? exchange.lost : model::paid_for(exchange);
}

}  // namespace

Result<void> ModelWriter::recall() {
    CUPEL_TRY(const std::vector<archive::Ask> asks, archive_.asks());
    CUPEL_TRY(const TrialLog log, TrialLog::read(archive_));
    CUPEL_TRY(Earlier earlier, Earlier::read(archive_));
    intake_.remember(std::move(earlier));
    // The program is another writer's: its calls are no turns of models, and teach nothing of them.
    turn_ = asks.size() -
            static_cast<std::size_t>(std::ranges::count(asks, kCommand, &archive::Ask::author));
    // A recording that is only served is asked from the beginning, in the order of then.
    std::vector<std::string> hashes;
    if (recording_.mode() != model::Recording::Mode::Replay) hashes = recording_.hashes();
    std::set<std::string> unused(hashes.begin(), hashes.end());
    for (const archive::Ask& ask : asks) {
        std::optional<model::Exchange> exchange;
        if (ask.author == kCommand) {
            unused.erase(ask.hash);
            continue;
        }
        if (unused.erase(ask.hash) > 0) {
            CUPEL_TRY(exchange, recording_.find(ask.hash));
        }
        if (exchange) turn_ = std::max(turn_, exchange->request.sample + 1);
        CUPEL_DO(recall_ask(ask, exchange ? &*exchange : nullptr, log));
    }
    recall_gains(log);
    std::set<std::uint64_t> paid;  // turns
    for (const std::string& hash : hashes) {
        if (!unused.contains(hash)) continue;
        CUPEL_TRY(const auto exchange, recording_.find(hash));
        if (!exchange || exchange->provider == kCommand) continue;
        turn_ = std::max(turn_, exchange->request.sample + 1);
        CUPEL_TRY(auto question, reread(*exchange));
        const model::Amount before = paid_before(*exchange);
        if (question) {
            pay(*question, before);
        } else {
            spending_.dollars += before.dollars;
            spending_.tokens += before.tokens;
        }
        if (!question) continue;
        if (question->note.way == Operator::Write) ideas_.take(question->note.idea);
        if (!exchange->in_flight && exchange->answer) paid.insert(question->turn);
        queue_.push_back(std::move(question));
    }
    // What is paid for comes first: the money may not reach for the others.
    std::ranges::stable_partition(
        queue_, [&](const auto& question) { return paid.contains(question->turn); });
    return {};
}

// Of an ask that is closed: what it cost, what it gained, and what was not finished then.
Result<void> ModelWriter::recall_ask(const archive::Ask& ask, const model::Exchange* exchange,
                                     const TrialLog& log) {
    const Arm arm{ask.way, ask.author};
    const auto note = exchange == nullptr ? std::nullopt : read_note(exchange->request.note);
    const Idea* idea = note ? ideas_.find(note->idea) : nullptr;
    const bool fresh = ask.kernel && ask.outcome != kKnown;
    const TrialLog::Done* done = fresh ? log.find(*ask.kernel) : nullptr;
    // What no kernel came of was told when the one before was.
    const std::int64_t before = lessons_.empty() ? trial_at(0) : lessons_.back().when;
    const std::int64_t when = done != nullptr ? done->when : after_trial(before);
    if (fresh) claimed_[*ask.kernel] = {arm, note ? note->idea : std::string()};
    const double gain = done != nullptr ? done->gain : 0;
    ++learned_;
    lessons_.push_back({.when = when,
                        .arm = arm,
                        .gain = idea != nullptr ? gain / 2 : gain,
                        .cost = ask.dollars + (std::max(ask.seconds, kLeastCall) +
                                               (done != nullptr ? done->seconds : 0)) *
                                                  options_.second_costs});
    if (idea != nullptr) lessons_.push_back({when, idea->planner, gain / 2, 0, true});
    spending_.dollars += ask.dollars;
    spending_.tokens +=
        exchange != nullptr ? model::paid_for(*exchange).tokens : ask.input + ask.output;
    ++spending_.calls;
    if (!note) return {};
    if (note->way == Operator::Plan) {
        ideas_.add(ask.hash, arm, split(ask.idea, '\n'));
        return {};
    }
    CUPEL_DO(recall_fate(ask, *note));
    return recall_sweep(ask, *exchange);
}

// What settings of kernels gained then, and what it cost to try them.
void ModelWriter::recall_gains(const TrialLog& log) {
    for (const auto& [kernel, done] : log.done()) {
        const auto author = claimed_.find(done.parent);
        if (done.phase != kSweep || author == claimed_.end()) continue;
        if (done.broke_law) shame(author->second);
        const Idea* idea = ideas_.find(author->second.idea);
        lessons_.push_back({done.when, author->second.arm,
                            idea != nullptr ? done.gain / 2 : done.gain,
                            done.seconds * options_.second_costs, true});
        if (idea != nullptr) lessons_.push_back({done.when, idea->planner, done.gain / 2, 0, true});
    }
}

// What became of the idea that it carried out.
Result<void> ModelWriter::recall_fate(const archive::Ask& ask, const Note& note) {
    const auto status = verdict::status_from(ask.outcome);
    if (status && breaks_laws(*status)) {
        ideas_.bar(note.idea);
        ideas_.distrust(ask.author);
        return {};
    }
    // Found out since, or bred from what was.
    const bool known = ask.outcome == kKnown;
    if (ask.kernel && !known) {
        CUPEL_TRY(const bool quarantined, archive_.is_quarantined(*ask.kernel));
        if (quarantined) {
            ideas_.bar(note.idea);
            return {};
        }
        authors_[*ask.kernel] = {{ask.way, ask.author}, note.idea};
    }
    if (note.idea.empty()) return {};
    if (known || (status && verdict::is_right(*status))) {
        ideas_.succeeded(note.idea, ask.gain);
        return {};
    }
    if (note.way == Operator::Repair || (!status && !ask.outcome.starts_with(kNoKernel))) return {};
    std::string trouble;
    if (ask.kernel) {
        CUPEL_TRY(const std::vector<archive::VerdictRecord> verdicts,
                  archive_.verdicts(*ask.kernel));
        CUPEL_TRY(const auto kernel, archive_.kernel(*ask.kernel));
        if (!verdicts.empty() && kernel)
            trouble = feedback_of(verdicts.front().verdict, kernel->kernel.source);
    }
    ideas_.failed(note.idea, std::move(trouble));
    return {};
}

// Settings of its kernel that were not tried any more.
Result<void> ModelWriter::recall_sweep(const archive::Ask& ask, const model::Exchange& exchange) {
    if (!ask.kernel || ask.outcome == kKnown || !exchange.answer) return {};
    CUPEL_TRY(const auto question, reread(exchange));
    if (!question) return {};
    const auto source = read_reply(question->note.way, exchange.answer->text, question->base);
    const auto text = source ? TunedText::read(*source) : Result<TunedText>();
    if (!source || !text || text->knobs().empty()) return {};
    const auto resumed = intake_.offer_again(*source, question->parents, ask.way);
    if (!resumed) return {};
    credits_[resumed->ticket] = {question->arm(), question->note.idea};
    credit_idea(credits_[resumed->ticket], resumed->gain);
    forget_closed();
    return {};
}

// None where its model is not asked any more, or its note says nothing.
Result<std::unique_ptr<Question>> ModelWriter::reread(const model::Exchange& exchange) {
    auto note = read_note(exchange.request.note);
    const VoiceState* state = state_of(exchange.provider + ":" + exchange.request.model);
    if (!note || state == nullptr) return nullptr;
    auto question = std::make_unique<Question>();
    question->turn = exchange.request.sample;
    question->voice = state->voice.name;
    question->client = state->voice.client;
    question->request = exchange.request;
    question->hash = exchange.hash;
    question->again = true;
    for (const std::string& hash : note->parents) {
        CUPEL_TRY(const auto parent, archive_.find(hash));
        if (!parent || parent->quarantined) return nullptr;
        if (note->way != Operator::Repair) question->parents.push_back(parent->id);
        if (question->base.empty()) question->base = as_shown(parent->kernel.source);
    }
    question->note = std::move(*note);
    return question;
}

}  // namespace cupel::engineer
