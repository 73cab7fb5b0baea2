// SPDX-License-Identifier: Apache-2.0
// The few distributions that the referee needs, to about 1e-10. Arguments outside the domain give
// NaN.
#pragma once

#include <cstdint>

namespace cupel::stats {

[[nodiscard]] double normal_cdf(double z);
[[nodiscard]] double normal_quantile(double probability);

// Student's t; degrees of freedom are positive and need not be whole (Welch).
[[nodiscard]] double student_cdf(double t, double degrees);
[[nodiscard]] double student_quantile(double probability, double degrees);

// P(X <= successes) and P(X >= successes) for X binomial.
[[nodiscard]] double binomial_cdf(std::int64_t successes, std::int64_t trials, double probability);
[[nodiscard]] double binomial_tail(std::int64_t successes, std::int64_t trials, double probability);

// I_x(a, b), by Lentz's continued fraction (Numerical Recipes 6.4).
[[nodiscard]] double incomplete_beta(double a, double b, double x);

}  // namespace cupel::stats
