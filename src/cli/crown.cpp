// SPDX-License-Identifier: Apache-2.0
#include "cli/crown.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "referee/referee.hpp"

namespace cupel::cli {
namespace {

// What finalists are compared by: the middle of the interval over the best baseline.
double worth(const verdict::Verdict& verdict) {
    if (!verdict::is_right(verdict.status) || !verdict.speedup) return 0;
    return verdict.speedup->ratio.mid;
}

Result<verdict::Verdict> judge(verdict::Evaluator& evaluator, archive::Archive& archive,
                               const engineer::Finalist& finalist, archive::Trial trial) {
    const bool selecting = trial == archive::Trial::Judge;
    CUPEL_TRY(verdict::Verdict verdict,
              selecting ? evaluator.select(finalist.kernel) : evaluator.judge(finalist.kernel));
    const double over_naive = verdict.naive_speedup ? verdict.naive_speedup->ratio.mid : 0;
    CUPEL_DO(archive.record_verdict({
        .kernel = finalist.id,
        .trial = trial,
        .verdict = verdict,
        .incumbent = std::nullopt,
        .score = over_naive > 0 ? std::log(over_naive) : std::numeric_limits<double>::quiet_NaN(),
        .seconds = verdict.wall_seconds,
    }));
    return verdict;
}

}  // namespace

// What stands out of many by luck is not faster when it is chosen, and faster the next time, about
// as often as the other way round: of 1000 searches among 40 identical kernels 4 would have been
// claims (bench/null). So both must be.
verdict::Verdict claim_of(const verdict::Verdict& selected, const verdict::Verdict& again) {
    verdict::Verdict claim = referee::reconcile(selected, again);
    if (claim.status != verdict::Status::Faster || selected.status == verdict::Status::Faster)
        return claim;
    claim.status = verdict::Status::NotResolved;
    claim.law = 11;
    claim.reason = fmt::format(
        "only the second of two measurements was faster: {:.3f}x [{:.3f}, {:.3f}] after {}",
        claim.speedup->ratio.mid, claim.speedup->ratio.low, claim.speedup->ratio.high,
        verdict::status_name(selected.status));
    return claim;
}

Result<std::optional<Crowned>> crown(verdict::Evaluator& evaluator, archive::Archive& archive,
                                     std::span<const engineer::Finalist> finalists,
                                     const std::function<void(std::string_view)>& tell) {
    std::vector<Crowned> judged;
    for (std::size_t i = 0; i < finalists.size(); ++i) {
        // What comes of a kernel that broke a law wins nothing (law 13).
        CUPEL_TRY(const bool quarantined, archive.is_quarantined(finalists[i].id));
        if (quarantined) continue;
        tell(fmt::format("judging finalist {} of {}", i + 1, finalists.size()));
        CUPEL_TRY(verdict::Verdict selected,
                  judge(evaluator, archive, finalists[i], archive::Trial::Judge));
        judged.push_back({finalists[i], std::move(selected), {}});
    }
    std::optional<Crowned> best;
    for (Crowned& one : judged) {
        // A later judgement may have found out what this one was bred from.
        CUPEL_TRY(const bool quarantined, archive.is_quarantined(one.finalist.id));
        if (!quarantined && worth(one.selected) > (best ? worth(best->selected) : 0))
            best = std::move(one);
    }
    if (!best) return best;
    // The choice is made; nothing that was measured so far is claimed from here on.
    tell("measuring the winner again on fresh questions");
    CUPEL_TRY(const verdict::Verdict again,
              judge(evaluator, archive, best->finalist, archive::Trial::Confirm));
    best->claim = claim_of(best->selected, again);
    return best;
}

}  // namespace cupel::cli
