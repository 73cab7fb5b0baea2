// SPDX-License-Identifier: Apache-2.0
// When to ask: a token bucket for each provider, and how long to wait before trying again. Pure;
// the clock is the caller's.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

namespace cupel::model {

class TokenBucket {
public:
    // `per_second` requests in the long run, `burst` of them at once.
    TokenBucket(double per_second, double burst)
        : per_second_(per_second), burst_(burst), tokens_(burst) {}

    // Takes a token and says how many seconds after `now` it may be used: each caller gets a place
    // of its own in the queue.
    [[nodiscard]] double take(double now);
    // The provider asks everybody to wait.
    void pause(double now, double seconds);
    // How many seconds after `now` that ends: whoever has waited for a turn meanwhile is held, too.
    [[nodiscard]] double held(double now);

private:
    std::mutex mutex_;
    double per_second_;
    double burst_;
    double tokens_;
    double last_ = 0;
    double paused_until_ = 0;
    bool begun_ = false;
};

struct Patience {
    int attempts = 5;
    double first_wait = 1;     // seconds; doubled each time
    double longest_wait = 90;  // a provider that asks for more is left alone
    double connect = 20;
    double idle = 300;
    double total = 1200;
};

// Seconds to wait before the attempt after this one (0 is the first); `chance` in [0, 1). None: not
// to be tried again.
[[nodiscard]] std::optional<double> wait_before_next(const Patience& patience, int attempt,
                                                     std::optional<double> retry_after,
                                                     double chance);

}  // namespace cupel::model
