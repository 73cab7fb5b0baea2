// SPDX-License-Identifier: Apache-2.0
// The vector functions of printed kernels, as text: exp, log, tanh, erf and the like over `vec`, a
// compiler vector of floats (or doubles) of any width. They hold for every float, infinities and
// NaNs included, and need no -ffast-math. Only what a kernel uses is printed.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "task/task.hpp"

namespace cupel::schedule {

// True of what takes a polynomial: exp, log and the like, not sqrt and floor.
[[nodiscard]] bool is_function(task::Op op);

class VectorMaths {
public:
    // vector_bytes: 16, 32 or 64. real: F32 or F64.
    VectorMaths(int vector_bytes, task::Type real);

    [[nodiscard]] int lanes() const;  // W
    [[nodiscard]] int vector_bytes() const { return vector_bytes_; }
    [[nodiscard]] task::Type real() const { return real_; }

    // Notes that the function is used, with what it needs itself, and returns its name. Known:
    // load(const T*), load_even(const T*) (every second), store(T*, vec), in F32 also load_bf16,
    // store_bf16, load_f16 and store_f16 (which round to nearest), splat(T), iota(long)
    // (first, first + 1, ...), aligned(const T*), stream(T*, vec, aligned), fence(),
    // load_some(const T*, n, fill), store_some(T*, vec, n), load_inside(load, const T*, at, n,
    // fill) (by the function `load`, 0 <= at + lane < n), load_even_inside(const T*, at, n, fill),
    // kept_inside(vec, at, n, fill), every_second(low, high, first), following(before, vec, n),
    // reduce_add(vec), reduce_max(vec),
    // reduce_min(vec), reduce_mul(vec), scan_add(vec) (sums up to each lane), vmax vmin vabs vfloor
    // vsqrt vexp vlog vtanh verf verf1 (1 + erf, in F32 only) vsin vcos vpow.
    std::string use(std::string_view function);
    // Notes all that the other one has noted.
    void use_all(const VectorMaths& other) { used_.insert(other.used_.begin(), other.used_.end()); }

    // The #include lines that the prelude needs besides <algorithm>, <cmath> and <cstdint>.
    [[nodiscard]] std::string headers() const;
    // typedefs `vec` and `ivec`, constexpr long W, and the functions noted, in an order that
    // compiles.
    [[nodiscard]] std::string prelude() const;

private:
    int vector_bytes_;
    task::Type real_;
    std::set<std::string, std::less<>> used_;
};

}  // namespace cupel::schedule
