// SPDX-License-Identifier: Apache-2.0
// Decisions: tests that may be looked at after every round, corrections for many tests, and the
// check of our own ruler.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace cupel::stats {

// Is one contender faster more often than not? Anytime-valid: the evidence ratio of a uniform
// mixture over the win probability against 1/2 is a martingale when there is no difference, so by
// Ville's inequality it reaches 1 / alpha with probability at most alpha, however often one looks.
// A fixed test looked at every 10 rounds is wrong 46 % of the time. Ties tell nothing and are not
// added.
class SignTest {
public:
    void add(bool win);
    [[nodiscard]] std::int64_t wins() const { return wins_; }
    [[nodiscard]] std::int64_t losses() const { return losses_; }
    // Infinite only where a double cannot hold it.
    [[nodiscard]] double evidence() const;
    [[nodiscard]] bool rejects(double alpha = 0.05) const;
    // Rejected, and in whose favour.
    [[nodiscard]] bool wins_more(double alpha = 0.05) const {
        return rejects(alpha) && wins_ > losses_;
    }
    [[nodiscard]] bool loses_more(double alpha = 0.05) const {
        return rejects(alpha) && losses_ > wins_;
    }

private:
    std::int64_t wins_ = 0;
    std::int64_t losses_ = 0;
    double log_evidence_ = 0;
};

// Two-sided exact p value of the sign test at a number of rounds fixed in advance.
[[nodiscard]] double sign_test(std::int64_t wins, std::int64_t losses);

// Adjusted p values (Holm 1979), in the order given: reject where the result is at most alpha and
// the chance of any false rejection stays at most alpha. A NaN counts as 1.
[[nodiscard]] std::vector<double> holm(std::span<const double> p_values);

// Whether the record of A/A runs (identical code on both sides) fits the level that was promised:
// false when as many false positives or more would be seen with probability below alpha. Claims are
// blocked then.
[[nodiscard]] bool aa_compatible(std::int64_t false_positives, std::int64_t runs,
                                 double promised = 0.05, double alpha = 0.01);

// The same as numbers that can be shown and recomputed.
struct AaTest {
    std::int64_t runs = 0;
    std::int64_t different = 0;  // called faster or slower, though both sides were the same code
    double promised = 0.05;
    // Small, since the record is looked at before every claim.
    double significance = 0.001;
    double p_value = 1;  // of as many or more, were the promise kept
    bool contradicted = false;
};
[[nodiscard]] AaTest aa_test(std::int64_t different, std::int64_t runs);

}  // namespace cupel::stats
