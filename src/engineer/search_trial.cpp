// SPDX-License-Identifier: Apache-2.0
// What becomes of one kernel that is tried.
#include <algorithm>
#include <utility>

#include "engineer/search.hpp"

namespace cupel::engineer {

using archive::KernelId;

Result<std::optional<Stop>> Search::try_one(const Candidate& candidate) {
    CUPEL_TRY(const KernelId id, desk_.archive.record_kernel({candidate.kernel, candidate.phase,
                                                              candidate.proposal.parents}));
    if (desk_.observer != nullptr) desk_.observer->before(progress(candidate));
    const auto begun = begun_.extract(id);
    double seconds = begun ? begun.mapped() : 0;
    CUPEL_TRY(std::optional<Seen> seen, screen(candidate, id));
    if (seen && seen->news == Standings::News::Promising) {
        seconds += seen->trial.seconds;
        CUPEL_TRY(seen, screen(candidate, id));
    }
    if (!seen) return Stop::Asked;
    seen->trial.seconds += seconds;
    ++evaluations_;
    right_ += verdict::is_right(seen->trial.verdict.status) ? 1 : 0;
    since_gain_ = seen->news == Standings::News::Promoted ? 0 : since_gain_ + 1;
    if (since_gain_ == 0) asked_.clear();
    CUPEL_DO(note_best());
    if (candidate.writer != nullptr) {
        CUPEL_DO(candidate.writer->tried(candidate.draft, seen->trial));
    } else if (!desk_.writers.empty() && candidate.phase != phase_name(Phase::Seeds)) {
        bandit_->learn(schedules_arm(), seen->trial.earned, seen->trial.seconds * kSecondCosts);
    }
    if (desk_.observer != nullptr) desk_.observer->after(progress(candidate), seen->trial.verdict);
    return std::nullopt;
}

Result<std::optional<Search::Seen>> Search::screen(const Candidate& candidate, KernelId id) {
    const double begin = clock_();
    Result<verdict::Screening> found;
    while (true) {
        CUPEL_TRY(const verdict::Kernel* const opponent, rival());
        found = desk_.evaluator.screen(candidate.kernel, opponent);
        if (!found || !found->of_incumbent) break;
        CUPEL_DO(depose(found->verdict, clock_() - begin));
    }
    if (!found) {
        if (found.error().code == Errc::Interrupted) return std::nullopt;
        return std::unexpected(std::move(found.error()).in("try a kernel"));
    }
    // What it was bred from may have been found out while it waited, or just now.
    CUPEL_TRY(const bool quarantined, desk_.archive.is_quarantined(id));
    if (quarantined) standings_.bar(id);
    const Standing* incumbent = standings_.incumbent();
    const std::optional<KernelId> against = incumbent ? std::optional(incumbent->id) : std::nullopt;
    Standing standing;
    standing.id = id;
    standing.trace = candidate.proposal.trace;
    const double before = standings_.to_beat(found->verdict);
    Seen seen{standings_.add(std::move(standing), found->verdict, against), {}};
    archive::NewVerdict record;
    record.kernel = id;
    record.verdict = std::move(found->verdict);
    record.incumbent = against;
    record.score = standings_.score(id);
    record.seconds = clock_() - begin;
    CUPEL_DO(desk_.archive.record_verdict(record));
    // What breaks a law at one setting of a text was written into the text: the kernel that the
    // settings descend from is the same text at another.
    const std::vector<KernelId>& parents = candidate.proposal.parents;
    if (candidate.phase == kSweep && breaks_laws(record.verdict.status) && !parents.empty())
        CUPEL_DO(desk_.archive.quarantine(parents.front()));
    CUPEL_DO(bar_descendants(record.verdict));
    seen.trial.kernel = id;
    seen.trial.score = record.score;
    seen.trial.seconds = record.seconds;
    if (seen.news == Standings::News::Promoted)
        seen.trial.gain = std::max(0.0, record.score - before);
    if (against) seen.trial.earned = seen.trial.gain;
    seen.trial.verdict = std::move(record.verdict);
    return seen;
}

// The archive has quarantined what descends from a kernel that broke a law; nothing of it stays
// here either.
Result<void> Search::bar_descendants(const verdict::Verdict& verdict) {
    using verdict::Status;
    if (verdict.status != Status::Cheating && verdict.status != Status::Impossible) return {};
    std::vector<KernelId> placed;
    for (const Standing* standing : standings_.ranked())
        placed.push_back(standing->id);
    for (const KernelId id : placed) {
        CUPEL_TRY(const bool quarantined, desk_.archive.is_quarantined(id));
        if (quarantined) standings_.bar(id);
    }
    return {};
}

// A kernel that is wrong once was never right: it and what was compared with it lose their places.
Result<void> Search::depose(const verdict::Verdict& verdict, double seconds) {
    const Standing fallen = *standings_.incumbent();
    standings_.add(fallen, verdict, std::nullopt);
    archive::NewVerdict record;
    record.kernel = fallen.id;
    record.verdict = verdict;
    record.score = standings_.score(fallen.id);
    record.seconds = seconds;
    CUPEL_DO(desk_.archive.record_verdict(record));
    return bar_descendants(verdict);
}

Result<const verdict::Kernel*> Search::rival() {
    const Standing* incumbent = standings_.incumbent();
    if (incumbent == nullptr) return nullptr;
    if (rival_id_ != incumbent->id) {
        CUPEL_TRY(auto record, desk_.archive.kernel(incumbent->id));
        if (!record) return fail(Errc::Corrupt, "the archive lacks the best kernel");
        rival_ = std::move(record->kernel);
        rival_id_ = incumbent->id;
    }
    return &rival_;
}

Result<void> Search::note_best() {
    std::optional<Best> best = standings_.best();
    if (best && best_ && best->kernel == best_->kernel) {
        best->ceiling = best_->ceiling;
        best->bound = best_->bound;
    } else if (best) {
        CUPEL_TRY(verdict::Verdict verdict, desk_.archive.latest_screen(best->kernel));
        best->ceiling = std::move(verdict.ceiling);
        best->bound = std::move(verdict.bound);
    }
    best_ = std::move(best);
    return {};
}

}  // namespace cupel::engineer
