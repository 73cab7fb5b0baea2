// SPDX-License-Identifier: Apache-2.0
// The search for a fast kernel. The engineer proposes schedules, and kernels of writers beside them
// (models, programs), and asks the referee, which it sees as an Evaluator, what they are worth; it
// believes nothing else. It claims nothing: it hands over
// finalists, and the caller has them judged on fresh questions (law 11). Only kernels whose every
// counted answer was right become parents (law 13). What seems to beat the best so far takes its
// place, and its author is credited, when it is screened again on fresh questions: by what that
// screening says, and not by the first, which was the highest of many.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.hpp"
#include "engineer/space.hpp"
#include "verdict/verdict.hpp"

namespace cupel::engineer {

enum class Phase {
    Seeds,      // the model's favourites, and random schedules that it has no say in
    Enumerate,  // a space so small that everything is tried
    Evolve,     // neighbours of the best, and offspring of the right
};
[[nodiscard]] std::string_view phase_name(Phase phase);  // "seeds"

enum class Stop {
    Ceiling,    // as fast as the machine allows
    NoGain,     // nothing better for `patience` evaluations
    Budget,     // seconds or evaluations are spent
    Exhausted,  // nothing is left to try
    Asked,      // Options::stop said so
};
[[nodiscard]] std::string_view stop_reason(Stop stop);  // for people: "no gain in 64 evaluations"

struct Options {
    double seconds = 30;            // of wall time for this call; not positive: no limit
    int evaluations = 0;            // kernels in this call; not positive: no limit
    std::uint64_t seed = 1;         // same seed, same evaluator, same archive: same search
    double enough = 0.95;           // share of the ceiling at which there is nothing left to gain;
                                    // a bound is no ceiling that was reached, and ends nothing
    int patience = 64;              // evaluations without a gain
    int finalists = 3;              // at most
    std::function<bool()> stop;     // asked between evaluations
    std::function<double()> clock;  // seconds; empty: the steady clock
};

// The best kernel so far, over the naive kernel. Chained through the incumbents: for ranking and
// for a progress line, never a claim.
struct Best {
    archive::KernelId kernel = 0;
    verdict::Interval ratio;
    std::optional<verdict::CeilingShare> ceiling;
    std::optional<verdict::Bound> bound;  // then nothing was timed, and `ratio` says nothing
};

// What writers have cost.
struct Spending {
    double dollars = 0;
    int calls = 0;
    int waiting = 0;  // calls that are not answered yet
    std::int64_t tokens = 0;
    // Why nobody is asked any more; empty: somebody may be.
    std::string ended = {};
};

struct Progress {
    Phase phase = Phase::Seeds;
    int evaluations = 0;  // in this call: kernels, however often each was screened
    int right = 0;        // ... of them
    int known = 0;        // kernels that the archive had a verdict of when the call began
    std::string trying;   // the trace, verbs separated by "; "
    std::optional<Best> best;
    std::optional<double> seconds_left;  // none: no limit
    std::optional<int> evaluations_left;
    Spending spending;  // of all writers, in the whole run
};

class Observer {
public:
    Observer() = default;
    Observer(const Observer&) = delete;
    Observer& operator=(const Observer&) = delete;
    Observer(Observer&&) = delete;
    Observer& operator=(Observer&&) = delete;
    virtual ~Observer() = default;
    virtual void before(const Progress& progress) = 0;  // a kernel is about to be tried
    virtual void after(const Progress& progress, const verdict::Verdict& verdict) = 0;
};

struct Finalist {
    archive::KernelId id = 0;
    verdict::Kernel kernel;
    double score = 0;  // log of the speedup over naive, by screening; of bounds: score_of
};

struct Outcome {
    std::vector<Finalist> finalists;  // best first; empty if no kernel was right
    std::optional<Best> best;
    Stop stop = Stop::Exhausted;
    int evaluations = 0;  // in this call
    double seconds = 0;
    Spending spending;
};

class Writer;

// Whom the engineer works with. The evaluator and the archive are of the same task.
struct Desk {
    verdict::Evaluator& evaluator;
    archive::Archive& archive;
    Observer* observer = nullptr;  // may be null
    std::vector<Writer*> writers = {};
};

// Begins a search or goes on with the one in the archive: what has a verdict there is not tried
// again. Every kernel and verdict is recorded before the next is tried. Errors are the evaluator's
// or the archive's; being interrupted is not one (Stop::Asked).
[[nodiscard]] Result<Outcome> optimize(const task::Task& task, const schedule::Width& width,
                                       const Desk& desk, const Options& options);
[[nodiscard]] Result<Outcome> optimize(const Space& space, const Desk& desk,
                                       const Options& options);

}  // namespace cupel::engineer
