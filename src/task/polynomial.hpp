// SPDX-License-Identifier: Apache-2.0
// A formula as a polynomial of its inputs, read off the normal form. Where it is one, exact and
// scaled questions follow: integers that every order of summation adds without rounding, and
// inputs multiplied by powers of two.
#pragma once

#include <optional>
#include <vector>

#include "task/task.hpp"

namespace cupel::task {

struct Monomial {
    std::vector<TensorId> inputs;  // sorted; as often as it is a factor; empty: a constant
    double terms = 1;              // products that one element of the output adds up, at most
    bool exact = true;             // every coefficient is a power of two ...
    int low = 0;                   // ... from 2^low
    int high = 0;                  // ... to 2^high
};

// The monomials of an output; nullopt: it is no polynomial (a maximum, a quotient of data, exp).
[[nodiscard]] std::optional<std::vector<Monomial>> polynomial(const Task& task, TensorId output);

// Whether every input stands at most once in every monomial and none is a constant: then the
// output is linear in each input that all monomials share, and may be scaled.
[[nodiscard]] bool is_multilinear(const std::vector<Monomial>& monomials);

}  // namespace cupel::task
