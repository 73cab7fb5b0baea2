// SPDX-License-Identifier: Apache-2.0
// How far a result may lie from silicon's where the instruction promises an error bound only. The
// bounds are those measured over all operands (golden/approximations.txt), rounded up.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "conformance/operand.hpp"

namespace cupel::emulator::conformance {

struct Bound {
    std::string_view instruction;  // a form's name begins with it
    double ulps = 0;               // of silicon's result; or
    double absolute = 0;           // whichever is more
    double range = 0;  // operands beyond it are not held to more than the kind of result
};

// Null: the instruction has no bound.
[[nodiscard]] const Bound* bound_of(std::string_view form_name);

// Whether `got` can stand for `golden`, an element of type F16, Bf16, F32 or F64 (of x2 types: both
// halves). `operands`: of this lane, the first of type `type` too.
[[nodiscard]] bool is_near(const Bound& bound, Type type, std::uint64_t got, std::uint64_t golden,
                           std::span<const std::uint64_t> operands);

}  // namespace cupel::emulator::conformance
