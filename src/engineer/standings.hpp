// SPDX-License-Identifier: Apache-2.0
// Who stands where. A screen compares a kernel with the incumbent of the moment, so places are
// chained: the score of a kernel is its incumbent's score plus the log of the ratio between them,
// and naive is 0. What was not timed but has a bound is placed by that, alone. Live verdicts and
// verdicts read back from the archive go through the same door, so that a resumed search stands
// where it stopped. Texts and words stay in the archive: a place takes some hundred bytes.
#pragma once

#include <limits>
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
    Trace trace = {};       // of the best schedules
    double score = 0;       // log of the speedup over naive; of bounds: score_of
    double half_width = 0;  // of the score: the chain's intervals, added in quadrature
    double likely = 0;      // the score as far as it is known: drawn towards what it was measured
                            // against, the more the wider the screening's interval
    // Of the ceiling that was reached; of bounds, what no kernel beats over this one's. NaN: not
    // known.
    double share = std::numeric_limits<double>::quiet_NaN();
    bool bounded = false;  // placed by a bound
};

class Standings {
public:
    enum class News {
        Promoted,   // the new incumbent: it seemed better twice
        Promising,  // seems better for the first time: placed, and to be screened again
        Placed,     // right, and has a place
        Unplaced,   // right, but nothing was timed
        Barred,     // not right: never a parent, never a finalist
        Unfounded,  // compared with an incumbent that has been barred since: says nothing
    };
    // `contender.score` and what follows are computed here, from this verdict alone. What seems to
    // beat the incumbent takes its place only when it does so again: of many screenings the highest
    // are those that had luck, and the second, on fresh questions, was not chosen for being high.
    News add(Standing contender, const verdict::Verdict& verdict,
             std::optional<archive::KernelId> incumbent);
    // Whatever was said of it before.
    void bar(archive::KernelId id);
    [[nodiscard]] bool is_barred(archive::KernelId id) const { return barred_.contains(id); }
    // Promising, and not screened again yet.
    [[nodiscard]] const std::set<archive::KernelId>& promising() const { return promising_; }

    // The kernel that others are compared with; none while nothing beats naive (of bounds: while
    // nothing has one).
    [[nodiscard]] const Standing* incumbent() const;
    // The incumbent, then the others by what is likely; where there is none, by the lower ends of
    // their intervals, as a middle says nothing there. Pointers hold until the next call that is
    // not const.
    [[nodiscard]] std::vector<const Standing*> ranked() const;
    // Without its ceiling and bound, whose words are in the archive.
    [[nodiscard]] std::optional<Best> best() const;
    [[nodiscard]] std::size_t size() const noexcept { return placed_.size(); }
    // What a kernel with that verdict has to beat: the incumbent's score, or naive's; where it has
    // a bound and is the first, its own.
    [[nodiscard]] double to_beat(const verdict::Verdict& verdict) const;
    // The score of a kernel that has a place; NaN for any other.
    [[nodiscard]] double score(archive::KernelId id) const;
    [[nodiscard]] double half_width(archive::KernelId id) const;

private:
    [[nodiscard]] bool beats_naive(const Standing& standing) const {
        return standing.bounded || standing.score > standing.half_width;
    }
    News place(Standing contender, bool better);
    // Nobody breeds from schedules that far down.
    void forget_traces();

    std::map<archive::KernelId, Standing> placed_;
    std::size_t traced_ = 0;  // of them, those with a trace
    std::set<archive::KernelId> barred_;
    std::set<archive::KernelId> promising_;
    std::optional<archive::KernelId> incumbent_;
};

}  // namespace cupel::engineer
