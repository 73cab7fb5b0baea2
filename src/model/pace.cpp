// SPDX-License-Identifier: Apache-2.0
#include "model/pace.hpp"

#include <algorithm>
#include <cmath>

namespace cupel::model {

double TokenBucket::take(double now) {
    const std::scoped_lock lock(mutex_);
    if (begun_) tokens_ = std::min(burst_, tokens_ + (now - last_) * per_second_);
    begun_ = true;
    last_ = now;
    tokens_ -= 1;
    const double turn = tokens_ >= 0 ? 0 : -tokens_ / per_second_;
    return std::max(turn, paused_until_ - now);
}

void TokenBucket::pause(double now, double seconds) {
    const std::scoped_lock lock(mutex_);
    paused_until_ = std::max(paused_until_, now + seconds);
}

double TokenBucket::held(double now) {
    const std::scoped_lock lock(mutex_);
    return std::max(0.0, paused_until_ - now);
}

std::optional<double> wait_before_next(const Patience& patience, int attempt,
                                       std::optional<double> retry_after, double chance) {
    if (attempt + 1 >= patience.attempts) return std::nullopt;
    const double longest =
        std::min(patience.longest_wait, patience.first_wait * std::exp2(attempt));
    // From half of it to all: callers that were refused together do not come back together.
    const double wait = longest * (0.5 + 0.5 * chance);
    if (!retry_after) return wait;
    if (*retry_after > patience.longest_wait) return std::nullopt;
    // Never before it says; a little later, for the same reason.
    return *retry_after + 0.1 * wait;
}

}  // namespace cupel::model
