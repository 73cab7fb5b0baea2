// SPDX-License-Identifier: Apache-2.0
// The unit in which the oracle computes: kLanes values at once, each as the truth with its error
// scale and as a panel of honest results, one for every summation order.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "wire/oracle.hpp"

namespace cupel::oracle {

inline constexpr int kLanes = 128;
inline constexpr int kOrders = wire::oracle::kPanel;

// An integer in every lane: base + step * lane, unless the lanes are listed.
struct Line {
    std::int64_t base = 0;
    std::int64_t step = 0;
    const std::int64_t* listed = nullptr;

    [[nodiscard]] std::int64_t at(int lane) const {
        return listed != nullptr ? listed[lane] : base + step * lane;
    }
};

// The same integers as a formula if they follow one: formulas are what makes loads fast.
[[nodiscard]] inline Line simplified(const std::int64_t* listed, int lanes) {
    const std::int64_t base = listed[0];
    const std::int64_t step = lanes > 1 ? listed[1] - base : 0;
    for (int lane = 2; lane < lanes; ++lane)
        if (listed[lane] != base + step * lane) return {0, 0, listed};
    return {base, step, nullptr};
}

// One element. The panel is kept in double, which holds every float and every index exactly.
template <class T>
struct Number {
    T value = 0;
    T scale = 0;
    double panel[kOrders] = {};
};

// T: the truth's type. P: the type honest code computes in.
template <class T, class P>
struct Register {
    alignas(64) T value[kLanes] = {};
    alignas(64) T scale[kLanes] = {};
    alignas(64) P panel[kOrders][kLanes] = {};
    bool shared = true;  // all orders agree, and only panel[0] is filled

    [[nodiscard]] const P* order(int which) const { return panel[shared ? 0 : which]; }

    void unshare() {
        if (!shared) return;
        for (int lane = 0; lane < kLanes; ++lane)
            panel[1][lane] = panel[2][lane] = panel[0][lane];
        shared = false;
    }
    // Needs an unshared register, or a number on which all orders agree.
    void set(int lane, const Number<T>& number) {
        value[lane] = number.value;
        scale[lane] = number.scale;
        for (int which = 0; which < (shared ? 1 : kOrders); ++which)
            panel[which][lane] = static_cast<P>(number.panel[which]);
    }
    [[nodiscard]] Number<T> get(int lane) const {
        Number<T> number{value[lane], scale[lane], {}};
        for (int which = 0; which < kOrders; ++which)
            number.panel[which] = static_cast<double>(order(which)[lane]);
        return number;
    }
};
static_assert(kOrders == 3, "unshare() and the folds know three orders");

}  // namespace cupel::oracle
