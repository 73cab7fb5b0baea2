// SPDX-License-Identifier: Apache-2.0
// Fresh values for questions and poison for answers, at memory speed. Each call takes its own
// secret key from the operating system, so no value can be predicted from any other question.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "task/task.hpp"

namespace cupel::referee {

struct Key {  // never reused
    std::uint32_t a = 0;
    std::uint32_t b = 0;
};
[[nodiscard]] Key fresh_key();

// Fills with draws from the law. Normal draws come from the inverse of the normal distribution at
// 4096 knots, linear in between, and end at 5 standard deviations.
void fill_values(std::span<std::byte> out, task::Type type, const task::Values& values, Key key,
                 int threads);

// The same, but five runs of 64 in 32 (of a normal law) are from another distribution, no larger
// than the law's own: of one sign, each value eight times, values that cancel pairwise, every
// second one smaller by up to 2^12, or an eighth of them equal, 4.75 standard deviations from the
// mean, so that rows have their extremes more than once. So what is typical of a law cannot be
// relied on, and nothing shows from outside which runs these are.
void fill_blend(std::span<std::byte> out, task::Type type, const task::Values& values, Key key,
                int threads);

// Odd integers of `bits` bits with random signs (1 bit: 1 and -1), times 2^exponent; F32 or F64.
struct Odd {
    int bits = 1;
    int exponent = 0;
};
void fill_odd(std::span<std::byte> out, task::Type type, Odd odd, Key key, int threads);

// Random bits: as likely NaN or huge as anything else, never a pattern to recognise.
void fill_poison(std::span<std::byte> out, Key key, int threads);

}  // namespace cupel::referee
