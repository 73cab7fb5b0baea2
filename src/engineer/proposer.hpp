// SPDX-License-Identifier: Apache-2.0
// Where new schedules come from: the model's favourites, random walks, neighbours of the best, and
// offspring of the right. The cost model has a veto, but not over every third proposal: its bias
// must not cap the result.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <unordered_set>
#include <vector>

#include "engineer/space.hpp"
#include "engineer/standings.hpp"

namespace cupel::engineer {

struct Proposal {
    Trace trace;
    std::vector<archive::KernelId> parents;  // all of them right
};

// Both parents' decisions, argument by argument where both made the same kind. The child may be
// illegal.
[[nodiscard]] Trace cross(const Trace& first, const Trace& second, std::mt19937_64& random);

class Proposer {
public:
    Proposer(const Space& space, std::uint64_t seed) : space_(space), random_(seed) {}

    // A trace that need not be proposed (again).
    void mark_seen(const Trace& trace);

    // To begin with, unseen ones only: everything where the space is complete, else eight
    // favourites of the model and four random walks from them.
    [[nodiscard]] std::vector<Proposal> seeds();
    // One more, unseen; none if nothing new was found in many attempts.
    [[nodiscard]] std::optional<Proposal> next(const Standings& standings);

private:
    [[nodiscard]] std::size_t below(std::size_t count) { return random_() % count; }
    [[nodiscard]] bool first_sight(const Trace& trace);
    [[nodiscard]] Trace walk(Trace trace, int steps);
    [[nodiscard]] std::optional<Proposal> breed(const std::vector<const Standing*>& right,
                                                int steps);
    [[nodiscard]] std::optional<Proposal> climb(const Standing& best);
    [[nodiscard]] const Standing& tournament(const std::vector<const Standing*>& right);
    [[nodiscard]] bool vetoed(const Trace& trace, const Standings& standings) const;

    const Space& space_;
    std::mt19937_64 random_;
    std::unordered_set<std::uint64_t> seen_;  // fingerprints of traces
    std::uint64_t turn_ = 0;
};

}  // namespace cupel::engineer
