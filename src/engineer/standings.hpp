// SPDX-License-Identifier: Apache-2.0
// Who stands where. A screen compares a kernel with the incumbent of the moment, so places are
// chained: the score of a kernel is its incumbent's score plus the log of the ratio between them,
// and naive is 0. Live verdicts and verdicts read back from the archive go through the same door,
// so that a resumed search stands where it stopped.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "archive/archive.hpp"
#include "engineer/engineer.hpp"
#include "verdict/verdict.hpp"

namespace cupel::engineer {

struct Standing {
    archive::KernelId id = 0;
    verdict::Kernel kernel;
    Trace trace;
    double score = 0;       // log of the speedup over naive
    double half_width = 0;  // of the score: the chain's intervals, added in quadrature
    std::optional<verdict::CeilingShare> ceiling;
};

class Standings {
public:
    enum class News {
        Promoted,   // the new incumbent
        Placed,     // right, and has a place
        Unplaced,   // right, but nothing was timed
        Barred,     // not right: never a parent, never a finalist
        Unfounded,  // compared with an incumbent that has been barred since: says nothing
    };
    // `contender.score` and what follows are computed here.
    News add(Standing contender, const verdict::Verdict& verdict,
             std::optional<archive::KernelId> incumbent);
    // Whatever was said of it before.
    void bar(archive::KernelId id);
    [[nodiscard]] bool is_barred(archive::KernelId id) const { return barred_.contains(id); }

    // The kernel that others are compared with; none while nothing beats naive.
    [[nodiscard]] const Standing* incumbent() const;
    // The incumbent, then the others by score. Pointers hold until the next call that is not const.
    [[nodiscard]] std::vector<const Standing*> ranked() const;
    [[nodiscard]] std::optional<Best> best() const;
    // The score of a kernel that has a place; NaN for any other.
    [[nodiscard]] double score(archive::KernelId id) const;

private:
    std::map<archive::KernelId, Standing> placed_;
    std::set<archive::KernelId> barred_;
    std::optional<archive::KernelId> incumbent_;
};

}  // namespace cupel::engineer
