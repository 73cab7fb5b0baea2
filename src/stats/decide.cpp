// SPDX-License-Identifier: Apache-2.0
#include "stats/decide.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "stats/distribution.hpp"

namespace cupel::stats {

void SignTest::add(bool win) {
    // Laplace's rule of succession is the uniform mixture one round at a time: what was predicted
    // for this outcome, over the 1/2 that no difference predicts.
    const std::int64_t seen = win ? wins_ : losses_;
    const std::int64_t rounds = wins_ + losses_;
    log_evidence_ += std::log(2 * static_cast<double>(seen + 1) / static_cast<double>(rounds + 2));
    ++(win ? wins_ : losses_);
}

double SignTest::evidence() const {
    return std::exp(log_evidence_);
}

bool SignTest::rejects(double alpha) const {
    return log_evidence_ >= -std::log(alpha);
}

double sign_test(std::int64_t wins, std::int64_t losses) {
    const double tail = binomial_cdf(std::min(wins, losses), wins + losses, 0.5);
    return std::min(1.0, 2 * tail);
}

std::vector<double> holm(std::span<const double> p_values) {
    const std::size_t n = p_values.size();
    const auto value = [&](std::size_t i) { return std::isnan(p_values[i]) ? 1.0 : p_values[i]; };
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, value);
    std::vector<double> adjusted(n);
    double running = 0;
    for (std::size_t rank = 0; rank < n; ++rank) {
        const double scaled = static_cast<double>(n - rank) * value(order[rank]);
        running = std::max(running, std::min(1.0, scaled));
        adjusted[order[rank]] = running;
    }
    return adjusted;
}

bool aa_compatible(std::int64_t false_positives, std::int64_t runs, double promised, double alpha) {
    return binomial_tail(false_positives, runs, promised) >= alpha;
}

AaTest aa_test(std::int64_t different, std::int64_t runs) {
    AaTest test;
    test.runs = runs;
    test.different = different;
    test.p_value = binomial_tail(different, runs, test.promised);
    test.contradicted = !aa_compatible(different, runs, test.promised, test.significance);
    return test;
}

}  // namespace cupel::stats
