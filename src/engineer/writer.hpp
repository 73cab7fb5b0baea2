// SPDX-License-Identifier: Apache-2.0
// A source of kernels beside the schedules: a model, a program of the user's, a recorded run. The
// engineer asks each in turn what it has, tries it like any kernel, and tells it what became of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "archive/archive.hpp"
#include "base/result.hpp"
#include "engineer/bandit.hpp"
#include "engineer/lessons.hpp"
#include "engineer/standings.hpp"
#include "verdict/verdict.hpp"

namespace cupel::engineer {

struct Draft {
    verdict::Kernel kernel;
    std::vector<archive::KernelId> parents;  // all of them right
    std::string phase;                       // for the archive: "edit", "sweep"
    std::uint64_t ticket = 0;                // the writer's own mark
};

// What became of a draft.
struct Trial {
    archive::KernelId kernel = 0;
    verdict::Verdict verdict;
    double score = 0;    // Standings::score: not finite where it has no place
    double gain = 0;     // log of the speedup over the incumbent, where it was promoted; else 0
    double earned = 0;   // of the gain, for the bandit: what beats naive first is nobody's merit
    double seconds = 0;  // of all its screenings
};

// Law 13: nothing that comes of such a kernel is used.
// The phase of a setting of a kernel's parameters; its first parent is the kernel at its author's
// guess.
inline constexpr std::string_view kSweep = "sweep";

[[nodiscard]] inline bool breaks_laws(verdict::Status status) {
    return status == verdict::Status::Cheating || status == verdict::Status::Impossible;
}

class Writer {
public:
    Writer() = default;
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    Writer(Writer&&) = delete;
    Writer& operator=(Writer&&) = delete;
    virtual ~Writer() = default;

    // Whoever writes learns with the others: by that bandit it is decided whose turn is next.
    // Returns what an earlier part of the run taught. Called once, before all else.
    // NOLINTNEXTLINE(performance-unnecessary-value-param): those that learn keep it
    [[nodiscard]] virtual std::vector<Lesson> learn_with(std::shared_ptr<Bandit> /*bandit*/) {
        return {};
    }
    // Whom it could ask for the next kernel, where that takes this machine's time and so the place
    // of a trial. Empty: nobody, or it has something in hand, or whoever it asks works elsewhere.
    [[nodiscard]] virtual std::vector<Arm> bids(const Standings& /*standings*/) { return {}; }
    // It is the turn of this one of its bids; what comes of it is written next.
    [[nodiscard]] virtual Result<void> ask(const Standings& /*standings*/, const Arm& /*arm*/) {
        return {};
    }
    // What is ready, at most `most`. `idle`: there is nothing else to try, so it may wait a
    // fraction of a second for something.
    [[nodiscard]] virtual Result<std::vector<Draft>> write(const Standings& standings,
                                                           std::size_t most, bool idle) = 0;
    // Nothing more will come.
    [[nodiscard]] virtual bool done() const = 0;
    // It is a kernel that was there before, spelt otherwise perhaps, or a child of one that broke a
    // law: it is not tried.
    [[nodiscard]] virtual Result<void> passed_over(const Draft& draft) = 0;
    [[nodiscard]] virtual Result<void> tried(const Draft& draft, const Trial& trial) = 0;
    [[nodiscard]] virtual Spending spending() const = 0;
};

}  // namespace cupel::engineer
