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

// Random bits: as likely NaN or huge as anything else, never a pattern to recognise.
void fill_poison(std::span<std::byte> out, Key key, int threads);

}  // namespace cupel::referee
