// SPDX-License-Identifier: Apache-2.0
#include "engineer/earlier.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/hash.hpp"

namespace cupel::engineer {

// The standings of then are gone through again, by the same door, so that gains are those of then.
Result<Earlier> Earlier::read(archive::Archive& archive) {
    Earlier earlier;
    earlier.archive_ = &archive;
    Standings standings;
    CUPEL_DO(archive.each_verdict([&](const archive::VerdictRecord& record) -> Result<void> {
        if (record.trial != archive::Trial::Screen) return {};
        const double before = standings.to_beat(record.verdict);
        Standing standing;
        standing.id = record.kernel;
        const auto news = standings.add(std::move(standing), record.verdict, record.incumbent);
        const auto before_it = earlier.found_.find(record.kernel);
        Kept kept;
        kept.seconds =
            record.seconds + (before_it == earlier.found_.end() ? 0 : before_it->second.seconds);
        kept.score = standings.score(record.kernel);
        if (news == Standings::News::Promoted) kept.gain = std::max(0.0, kept.score - before);
        kept.earned = record.incumbent ? kept.gain : 0;
        kept.best = std::isfinite(kept.score) ? std::max(before, kept.score) : before;
        // What is found out later is what counts: an incumbent that turns out to be wrong.
        earlier.found_.insert_or_assign(record.kernel, kept);
        return {};
    }));
    // Killed between its two screenings: it has no verdict yet that counts.
    for (const archive::KernelId kernel : standings.promising())
        earlier.found_.erase(kernel);
    return earlier;
}

Result<std::optional<Earlier::Found>> Earlier::find(std::string_view source) const {
    if (found_.empty()) return std::nullopt;
    CUPEL_TRY(auto kernel, archive_->find(hash_hex(source)));
    if (!kernel) return std::nullopt;
    const auto kept = found_.find(kernel->id);
    if (kept == found_.end()) return std::nullopt;
    CUPEL_TRY(std::vector<archive::VerdictRecord> verdicts, archive_->verdicts(kernel->id));
    Found found;
    found.trial.seconds = kept->second.seconds;
    found.trial.kernel = kernel->id;
    found.trial.score = kept->second.score;
    found.trial.gain = kept->second.gain;
    found.trial.earned = kept->second.earned;
    found.best = kept->second.best;
    found.phase = std::move(kernel->phase);
    for (archive::VerdictRecord& record : verdicts)
        if (record.trial == archive::Trial::Screen) found.trial.verdict = std::move(record.verdict);
    found.trial.verdict.samples.clear();
    return found;
}

}  // namespace cupel::engineer
