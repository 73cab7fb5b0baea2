// SPDX-License-Identifier: Apache-2.0
#include "engineer/replay_writer.hpp"

#include <fmt/format.h>

#include <utility>

#include "engineer/operators.hpp"
#include "engineer/question.hpp"
#include "engineer/tune.hpp"

namespace cupel::engineer {

Result<ReplayWriter::Text> ReplayWriter::reread_command(const model::Exchange& exchange) {
    auto note = read_command_note(exchange.request.note);
    if (!note) return fail(Errc::Invalid, "no note");
    if (exchange.answer->ending != model::Ending::Whole)
        return fail(Errc::Invalid, "the program left no kernel");
    return Text{.source = exchange.answer->text,
                .origin = kCommand,
                .way = kCommand,
                .hash = exchange.hash,
                .author = kCommand,
                .parents = std::move(note->parents)};
}

// Invalid where there was no kernel then either.
Result<ReplayWriter::Text> ReplayWriter::reread(const model::Exchange& exchange,
                                                archive::Archive& earlier) {
    if (exchange.in_flight || !exchange.answer) return fail(Errc::Invalid, "no answer");
    if (exchange.provider == kCommand) return reread_command(exchange);
    const auto note = read_note(exchange.request.note);
    if (!note) return fail(Errc::Invalid, "no note");
    if (note->way == Operator::Plan) return fail(Errc::Invalid, "ideas, and no kernel");
    Text text;
    text.origin = "model";
    text.way = operator_name(note->way);
    text.hash = exchange.hash;
    text.author = exchange.provider + ":" + exchange.request.model;
    std::string base;
    for (const std::string& hash : note->parents) {
        CUPEL_TRY(const auto parent, earlier.find(hash));
        if (!parent) {
            return fail(Errc::Corrupt,
                        fmt::format("the archive of that run lacks the kernel {}", hash));
        }
        if (base.empty()) base = as_shown(parent->kernel.source);
        if (note->way != Operator::Repair) text.parents.push_back(hash);
    }
    CUPEL_TRY(text.source, read_reply(note->way, exchange.answer->text, base));
    return text;
}

Result<std::unique_ptr<ReplayWriter>> ReplayWriter::open(const model::Recording& recording,
                                                         archive::Archive& earlier,
                                                         archive::Archive& archive) {
    std::unique_ptr<ReplayWriter> writer(new ReplayWriter(recording, earlier, archive));
    CUPEL_TRY(Earlier known, Earlier::read(archive));
    writer->intake_.remember(std::move(known));
    std::map<std::string, archive::Ask> then;
    CUPEL_TRY(std::vector<archive::Ask> asks, earlier.asks());
    for (archive::Ask& ask : asks)
        then[ask.hash] = std::move(ask);
    CUPEL_DO(earlier.each_kernel([&](const archive::KernelRecord& kernel) -> Result<void> {
        if (kernel.phase == kSweep && !kernel.parents.empty())
            writer->settings_[kernel.parents.front()].push_back(kernel.id);
        return {};
    }));
    // Each is looked at now, so that what is damaged is known before anything is tried, and read
    // again when its turn comes.
    for (const std::string& hash : recording.hashes()) {
        CUPEL_TRY(const auto exchange, recording.find(hash));
        if (!exchange) continue;
        auto text = reread(*exchange, earlier);
        if (!text && text.error().code == Errc::Invalid) continue;
        if (!text) return std::unexpected(std::move(text).error());
        // What was tried then must be what is read now.
        const auto ask = then.find(hash);
        const auto tried = ask != then.end() ? ask->second.kernel : std::nullopt;
        if (tried) {
            writer->kernels_[hash] = *tried;
            CUPEL_TRY(const auto kernel, earlier.kernel(*tried));
            const auto tuned = TunedText::read(text->source);
            if (!kernel || !tuned || tuned->at(tuned->first()) != kernel->kernel.source) {
                return fail(Errc::Corrupt,
                            fmt::format("the answer {} gives another kernel than it gave then",
                                        hash.substr(0, 12)));
            }
        }
        writer->left_.push_back(hash);
    }
    return writer;
}

Result<std::vector<Draft>> ReplayWriter::write(const Standings& /*standings*/, std::size_t most,
                                               bool /*idle*/) {
    std::vector<Draft> drafts;
    while (drafts.size() < most) {
        while (intake_.empty() && !left_.empty()) {
            CUPEL_TRY(const auto exchange, recording_.find(left_.front()));
            left_.pop_front();
            if (!exchange) continue;
            CUPEL_TRY(Text text, reread(*exchange, earlier_));
            // Nothing is left open: which settings were tried then is known.
            const auto tuned = TunedText::read(text.source);
            if (tuned) text.source = tuned->at(tuned->first());
            if (const auto then = kernels_.find(exchange->hash); then != kernels_.end())
                text.then = then->second;
            // Its parents here, as far as they were tried here too.
            std::vector<archive::KernelId> parents;
            for (const std::string& hash : text.parents) {
                CUPEL_TRY(const auto parent, archive_.find(hash));
                if (parent) parents.push_back(parent->id);
            }
            intake_.set_origin(text.origin);
            auto offered = intake_.offer_again(text.source, std::move(parents), text.way);
            if (!offered) continue;
            text.source.clear();
            const archive::KernelId then = text.then;
            open_[offered->ticket] = std::move(text);
            const auto& first = offered->first;
            if (first) CUPEL_DO(close(offered->ticket, &*first));
            if (first) CUPEL_DO(offer_settings(then, first->kernel));
        }
        auto draft = intake_.next();
        if (!draft) break;
        drafts.push_back(std::move(*draft));
    }
    return drafts;
}

// None: it was there before, and is not tried.
Result<void> ReplayWriter::close(std::uint64_t ticket, const Trial* trial) {
    const auto found = open_.find(ticket);
    if (found == open_.end()) return {};
    archive::Ask ask;
    ask.hash = found->second.hash;
    ask.author = found->second.author;
    ask.way = found->second.way;
    ask.parents = found->second.parents;
    ask.outcome = kKnown;
    if (trial != nullptr) {
        ask.kernel = trial->kernel;
        ask.gain = trial->gain;
        ask.outcome = verdict::status_name(trial->verdict.status);
    }
    open_.erase(found);
    return archive_.record_ask(ask);
}

Result<void> ReplayWriter::offer_settings(archive::KernelId then, archive::KernelId now) {
    const auto settings = settings_.extract(then);
    if (!settings) return {};
    for (const archive::KernelId id : settings.mapped()) {
        CUPEL_TRY(const auto kernel, earlier_.kernel(id));
        if (!kernel) return fail(Errc::Corrupt, "the archive of that run lacks a setting");
        intake_.set_origin(kernel->kernel.origin);
        CUPEL_TRY([[maybe_unused]] const auto offered,
                  intake_.offer_again(kernel->kernel.source, {now}, kSweep));
    }
    return {};
}

Result<void> ReplayWriter::passed_over(const Draft& draft) {
    intake_.dropped(draft);
    return close(draft.ticket, nullptr);
}

Result<void> ReplayWriter::tried(const Draft& draft, const Trial& trial) {
    static_cast<void>(intake_.tried(draft, trial, trial.score));
    const auto found = open_.find(draft.ticket);
    const archive::KernelId then = found == open_.end() ? 0 : found->second.then;
    CUPEL_DO(close(draft.ticket, &trial));
    return offer_settings(then, trial.kernel);
}

}  // namespace cupel::engineer
