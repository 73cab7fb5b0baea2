// SPDX-License-Identifier: Apache-2.0
#include "engineer/lessons.hpp"

#include <algorithm>
#include <utility>

#include "engineer/standings.hpp"
#include "engineer/writer.hpp"

namespace cupel::engineer {

// The standings of then are gone through again, by the same door, so that gains are those of then.
Result<TrialLog> TrialLog::read(archive::Archive& archive) {
    TrialLog log;
    Standings standings;
    std::int64_t verdicts = 0;
    CUPEL_DO(archive.each_verdict([&](const archive::VerdictRecord& record) -> Result<void> {
        ++verdicts;
        if (record.trial != archive::Trial::Screen) return {};
        const double before = standings.to_beat(record.verdict);
        Standing standing;
        standing.id = record.kernel;
        const auto news = standings.add(std::move(standing), record.verdict, record.incumbent);
        if (log.done_.contains(record.kernel)) return {};  // it was somebody's incumbent
        const double seconds = (log.begun_[record.kernel] += record.seconds);
        if (news == Standings::News::Promising) return {};
        log.begun_.erase(record.kernel);
        Done done{.when = trial_at(verdicts), .gain = 0, .seconds = seconds, .phase = {}};
        done.broke_law = breaks_laws(record.verdict.status);
        if (news == Standings::News::Promoted && record.incumbent)
            done.gain = std::max(0.0, standings.score(record.kernel) - before);
        log.done_.emplace(record.kernel, std::move(done));
        return {};
    }));
    if (log.done_.empty()) return log;
    CUPEL_DO(archive.each_kernel([&](const archive::KernelRecord& kernel) -> Result<void> {
        const auto found = log.done_.find(kernel.id);
        if (found == log.done_.end()) return {};
        found->second.schedule = !kernel.kernel.schedule.empty();
        found->second.phase = kernel.phase;
        if (!kernel.parents.empty()) found->second.parent = kernel.parents.front();
        return {};
    }));
    return log;
}

const TrialLog::Done* TrialLog::find(archive::KernelId kernel) const {
    const auto found = done_.find(kernel);
    return found == done_.end() ? nullptr : &found->second;
}

}  // namespace cupel::engineer
