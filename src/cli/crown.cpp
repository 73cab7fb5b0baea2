// SPDX-License-Identifier: Apache-2.0
#include "cli/crown.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

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

Result<std::optional<Crowned>> crown(verdict::Evaluator& evaluator, archive::Archive& archive,
                                     std::span<const engineer::Finalist> finalists,
                                     const std::function<void(std::string_view)>& tell) {
    std::optional<Crowned> best;
    for (std::size_t i = 0; i < finalists.size(); ++i) {
        tell(fmt::format("judging finalist {} of {}", i + 1, finalists.size()));
        CUPEL_TRY(verdict::Verdict selected,
                  judge(evaluator, archive, finalists[i], archive::Trial::Judge));
        if (worth(selected) > (best ? worth(best->selected) : 0))
            best = {finalists[i], std::move(selected), {}};
    }
    if (!best) return best;
    // The choice is made; nothing that was measured so far is claimed from here on.
    tell("measuring the winner again on fresh questions");
    CUPEL_TRY(const verdict::Verdict again,
              judge(evaluator, archive, best->finalist, archive::Trial::Confirm));
    best->claim = referee::reconcile(best->selected, again);
    return best;
}

}  // namespace cupel::cli
