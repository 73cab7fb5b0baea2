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
    CUPEL_TRY(const std::vector<archive::KernelRecord> kernels, archive.kernels());
    CUPEL_TRY(std::vector<archive::VerdictRecord> verdicts, archive.verdicts());
    std::map<archive::KernelId, const archive::KernelRecord*> by_id;
    for (const archive::KernelRecord& kernel : kernels)
        by_id[kernel.id] = &kernel;
    Earlier earlier;
    Standings standings;
    for (archive::VerdictRecord& record : verdicts) {
        if (record.trial != archive::Trial::Screen) continue;
        const Standing* incumbent = standings.incumbent();
        const double before = incumbent != nullptr ? incumbent->score : 0;
        Standing standing;
        standing.id = record.kernel;
        const auto news = standings.add(std::move(standing), record.verdict, record.incumbent);
        Found found;
        found.trial.kernel = record.kernel;
        found.trial.score = standings.score(record.kernel);
        if (news == Standings::News::Promoted)
            found.trial.gain = std::max(0.0, found.trial.score - before);
        found.best =
            std::isfinite(found.trial.score) ? std::max(before, found.trial.score) : before;
        found.phase = by_id.at(record.kernel)->phase;
        found.trial.verdict = std::move(record.verdict);
        found.trial.verdict.samples.clear();
        // What is found out later is what counts: an incumbent that turns out to be wrong.
        earlier.found_.insert_or_assign(by_id.at(record.kernel)->hash, std::move(found));
    }
    return earlier;
}

const Earlier::Found* Earlier::find(std::string_view source) const {
    if (found_.empty()) return nullptr;
    const auto found = found_.find(hash_hex(source));
    return found == found_.end() ? nullptr : &found->second;
}

}  // namespace cupel::engineer
