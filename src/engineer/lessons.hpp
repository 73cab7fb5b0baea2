// SPDX-License-Identifier: Apache-2.0
// What the trials of an earlier part of a run taught the bandit, read back from the archive, so
// that it goes on with what it knew.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "archive/archive.hpp"
#include "engineer/bandit.hpp"

namespace cupel::engineer {

struct Lesson {
    // In the order of the run: a trial is at twice the number of verdicts that were recorded when
    // it was complete, and what happened before the next one a half step later.
    std::int64_t when = 0;
    Arm arm;
    double gain = 0;
    double cost = 0;
    bool late = false;  // no pull of its own: a setting of a kernel, a share in another's gain
};
[[nodiscard]] constexpr std::int64_t trial_at(std::int64_t verdicts) {
    return 2 * verdicts;
}
[[nodiscard]] constexpr std::int64_t after_trial(std::int64_t trial) {
    return trial | 1;
}

class TrialLog {
public:
    struct Done {
        std::int64_t when = 0;
        double gain = 0;        // Trial::earned
        double seconds = 0;     // of all its screenings
        bool schedule = false;  // one of the built-in search
        bool broke_law = false;
        std::string phase;             // "edit", "sweep"
        archive::KernelId parent = 0;  // the first one; 0: none
    };
    [[nodiscard]] static Result<TrialLog> read(archive::Archive& archive);
    // By kernel; each has the trial that was its first.
    [[nodiscard]] const std::map<archive::KernelId, Done>& done() const noexcept { return done_; }
    [[nodiscard]] const Done* find(archive::KernelId kernel) const;
    // Seconds of what seemed better and was not screened again yet.
    [[nodiscard]] const std::map<archive::KernelId, double>& begun() const noexcept {
        return begun_;
    }

private:
    std::map<archive::KernelId, Done> done_;
    std::map<archive::KernelId, double> begun_;
};

}  // namespace cupel::engineer
