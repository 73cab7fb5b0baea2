// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>

namespace cupel::referee {

// What a window costs besides its calls, in seconds. Processors that waited for a long one are
// colder, and end it later: windows of half a millisecond that took 65 us more than their calls
// took 95 to 150 more at 4 to 8 ms, where interrupts count too.
class Overhead {
public:
    static constexpr double kBrief = 0.5e-3;  // seconds that a window lasts
    static constexpr double kLong = 8e-3;

    // The same for all windows; so it is where nobody measured long ones.
    // NOLINTNEXTLINE(google-explicit-constructor)
    constexpr Overhead(double all = 0) : Overhead(all, all) {}
    // Of windows that last kBrief and kLong: between them on a line, beyond them the nearer one.
    // Quiet machines show up to 2.6 times as much; beside busy ones a long wait ends ms late, and
    // whoever is faster would gain by it.
    // `team`: what brief windows of a kernel cost more whose threads must wake.
    constexpr Overhead(double brief, double lasting, double team = 0)
        : brief_(brief),
          long_(std::max(brief, std::min(lasting, 3 * brief))),
          team_(std::max(0.0, team)) {}
    [[nodiscard]] double of(double window_seconds) const {
        const double share = (window_seconds - kBrief) / (kLong - kBrief);
        return std::lerp(brief_, long_, std::clamp(share, 0.0, 1.0));
    }
    // How much less one contender's windows may cost than another's of that length: a quarter, or
    // as much as it costs to wake threads, if only one of them does.
    [[nodiscard]] double apart(double window_seconds) const {
        return std::max(of(window_seconds) / 4, team_);
    }
    [[nodiscard]] double brief() const { return brief_; }
    [[nodiscard]] double lasting() const { return long_; }
    [[nodiscard]] double team() const { return team_; }

private:
    double brief_;
    double long_;
    double team_;
};

}  // namespace cupel::referee
