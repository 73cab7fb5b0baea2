// SPDX-License-Identifier: Apache-2.0
// What one instruction does to registers. The truth carries a first-order running error in units of
// the rounding unit (Higham, Accuracy and Stability of Numerical Algorithms, 3.3): what the
// operands' errors become, plus one |result| for a rounding, two for an elementary function. The
// panel is the same operation in P, rounded by the hardware.
#pragma once

#include <cmath>
#include <limits>
#include <numbers>

#include "oracle/lanes.hpp"
#include "task/task.hpp"

namespace cupel::oracle {

// The product of a factor and an error: no error stays none, whatever it is multiplied with.
template <class T>
[[nodiscard]] T carried(T factor, T scale) {
    return scale == 0 || factor == 0 ? T{0} : std::abs(factor) * scale;
}

// NaN wins, as in PyTorch's amax and amin: an answer that hides one is wrong.
template <class T>
[[nodiscard]] bool greater(T a, T b) {
    return a > b || (std::isnan(a) && !std::isnan(b));
}
template <class T>
[[nodiscard]] bool smaller(T a, T b) {
    return a < b || (std::isnan(a) && !std::isnan(b));
}

template <class T, class P>
class Arithmetic {
public:
    using Lanes = Register<T, P>;

    static void constant(double number, Lanes& out) {
        const T value = static_cast<T>(number);
        const P rounded = static_cast<P>(number);
        const T scale =
            static_cast<T>(rounded) == value || std::isnan(number) ? T{0} : std::abs(value);
        out.shared = true;
        for (int lane = 0; lane < kLanes; ++lane) {
            out.value[lane] = value;
            out.scale[lane] = scale;
            out.panel[0][lane] = rounded;
        }
    }

    static void axis(const Line& line, int lanes, Lanes& out) {
        out.shared = true;
        for (int lane = 0; lane < lanes; ++lane) {
            const std::int64_t at = line.at(lane);
            out.value[lane] = static_cast<T>(at);
            out.scale[lane] = 0;
            out.panel[0][lane] = static_cast<P>(at);
        }
    }

    static void unary(task::Op op, const Lanes& a, int lanes, Lanes& out);
    static void binary(task::Op op, const Lanes& a, const Lanes& b, int lanes, Lanes& out);
    static void select(const Lanes& condition, const Lanes& a, const Lanes& b, Lanes& out);
    // `out` adds `a` to a sum of n terms, which a kernel may begin with `a`: then it is rounded
    // with each of them. Roundings either way add up as the root of their squares (Higham, 2.8):
    // n of |a| to root_n |a|, and that with what the sum had.
    static void begin_with(const Lanes& a, double root_n, int lanes, Lanes& out) {
        if (root_n == 0) return;
        for (int lane = 0; lane < lanes; ++lane)
            out.scale[lane] = std::hypot(out.scale[lane], static_cast<T>(root_n) * a.value[lane]);
    }

private:
    // `error(value of a, scale of a, result)`.
    template <class F, class E>
    static void map1(const Lanes& a, int lanes, Lanes& out, F function, E error) {
        for (int lane = 0; lane < lanes; ++lane) {
            out.value[lane] = function(a.value[lane]);
            out.scale[lane] = error(a.value[lane], a.scale[lane], out.value[lane]);
        }
        out.shared = a.shared;
        for (int which = 0; which < (out.shared ? 1 : kOrders); ++which) {
            for (int lane = 0; lane < lanes; ++lane)
                out.panel[which][lane] = function(a.panel[which][lane]);
        }
    }
    // The panel's half of a binary operation.
    template <class F>
    static void map_panel(const Lanes& a, const Lanes& b, int lanes, Lanes& out, F function) {
        out.shared = a.shared && b.shared;
        for (int which = 0; which < (out.shared ? 1 : kOrders); ++which) {
            const P* x = a.order(which);
            const P* y = b.order(which);
            for (int lane = 0; lane < lanes; ++lane)
                out.panel[which][lane] = function(x[lane], y[lane]);
        }
    }
    struct Pair {
        const Lanes& a;
        const Lanes& b;
    };
    // `error(a, scale of a, b, scale of b, result)`.
    template <class F, class E>
    static void map2(Pair operands, int lanes, Lanes& out, F function, E error) {
        const auto& [a, b] = operands;
        for (int lane = 0; lane < lanes; ++lane) {
            out.value[lane] = function(a.value[lane], b.value[lane]);
            out.scale[lane] =
                error(a.value[lane], a.scale[lane], b.value[lane], b.scale[lane], out.value[lane]);
        }
        map_panel(a, b, lanes, out, function);
    }
    template <class F>
    static void choose(const Lanes& a, const Lanes& b, int lanes, Lanes& out, F first) {
        for (int lane = 0; lane < lanes; ++lane) {
            const bool a_wins = first(a.value[lane], b.value[lane]);
            out.value[lane] = a_wins ? a.value[lane] : b.value[lane];
            out.scale[lane] = a_wins ? a.scale[lane] : b.scale[lane];
        }
        map_panel(a, b, lanes, out, [first](P x, P y) { return first(x, y) ? x : y; });
    }
    template <class F>
    static void test(const Lanes& a, const Lanes& b, int lanes, Lanes& out, F holds) {
        const auto one_or_zero = [holds](auto x, auto y) -> decltype(x) {
            return holds(x, y) ? decltype(x){1} : decltype(x){0};
        };
        map2({a, b}, lanes, out, one_or_zero, [](T, T, T, T, T) { return T{0}; });
    }
    static void elementary(task::Op op, const Lanes& a, int lanes, Lanes& out);
};

template <class T, class P>
void Arithmetic<T, P>::elementary(task::Op op, const Lanes& a, int lanes, Lanes& out) {
    // `slope(a, result)`.
    const auto apply = [&](auto function, auto slope) {
        map1(a, lanes, out, function,
             [slope](T x, T s, T v) { return carried(slope(x, v), s) + 2 * std::abs(v); });
    };
    using enum task::Op;
    if (op == Exp) apply([](auto x) { return std::exp(x); }, [](T, T v) { return v; });
    if (op == Log) apply([](auto x) { return std::log(x); }, [](T x, T) { return 1 / x; });
    if (op == Tanh) apply([](auto x) { return std::tanh(x); }, [](T, T v) { return 1 - v * v; });
    if (op == Sin) apply([](auto x) { return std::sin(x); }, [](T x, T) { return std::cos(x); });
    if (op == Cos) apply([](auto x) { return std::cos(x); }, [](T x, T) { return std::sin(x); });
    if (op == Erf) {
        apply([](auto x) { return std::erf(x); },
              [](T x, T) { return 2 * std::numbers::inv_sqrtpi_v<T> * std::exp(-x * x); });
    }
    if (op == Sqrt) {
        // Near zero the slope has no bound, but the root of a disturbance of s u is sqrt(s u).
        constexpr T kUnit = static_cast<T>(std::numeric_limits<P>::epsilon()) / 2;
        map1(
            a, lanes, out, [](auto x) { return std::sqrt(x); },
            [](T, T s, T v) {
                const T far = v > 0 ? s / (2 * v) : std::numeric_limits<T>::infinity();
                return (s == 0 ? T{0} : std::min(far, std::sqrt(s / kUnit))) + std::abs(v);
            });
    }
}

template <class T, class P>
void Arithmetic<T, P>::unary(task::Op op, const Lanes& a, int lanes, Lanes& out) {
    const auto kept = [](T, T s, T) { return s; };
    const auto none = [](T, T, T) { return T{0}; };
    using enum task::Op;
    if (op == Neg) return map1(a, lanes, out, [](auto x) { return -x; }, kept);
    if (op == Abs) return map1(a, lanes, out, [](auto x) { return std::abs(x); }, kept);
    // A step's error is all or nothing; the panel shows it where it matters.
    if (op == Floor) return map1(a, lanes, out, [](auto x) { return std::floor(x); }, none);
    if (op == Not) {
        return map1(
            a, lanes, out, [](auto x) { return x == 0 ? decltype(x){1} : decltype(x){0}; }, none);
    }
    elementary(op, a, lanes, out);
}

template <class T, class P>
void Arithmetic<T, P>::binary(task::Op op, const Lanes& a, const Lanes& b, int lanes, Lanes& out) {
    const auto sum_error = [](T, T s, T, T t, T v) { return s + t + std::abs(v); };
    using enum task::Op;
    if (op == Add)
        return map2({a, b}, kLanes, out, [](auto x, auto y) { return x + y; }, sum_error);
    if (op == Sub)
        return map2({a, b}, kLanes, out, [](auto x, auto y) { return x - y; }, sum_error);
    if (op == Mul) {
        return map2(
            {a, b}, kLanes, out, [](auto x, auto y) { return x * y; },
            [](T x, T s, T y, T t, T v) { return carried(x, t) + carried(y, s) + std::abs(v); });
    }
    if (op == Div) {
        return map2(
            {a, b}, kLanes, out, [](auto x, auto y) { return x / y; },
            [](T, T s, T y, T t, T v) {
                return carried(1 / y, s) + carried(v / y, t) + std::abs(v);
            });
    }
    if (op == Pow) {
        return map2(
            {a, b}, lanes, out, [](auto x, auto y) { return std::pow(x, y); },
            [](T x, T s, T y, T t, T v) {
                return carried(s == 0 ? T{0} : y * std::pow(x, y - 1), s) +
                       carried(t == 0 ? T{0} : v * std::log(x), t) + 2 * std::abs(v);
            });
    }
    if (op == Max) return choose(a, b, lanes, out, [](auto x, auto y) { return !greater(y, x); });
    if (op == Min) return choose(a, b, lanes, out, [](auto x, auto y) { return !smaller(y, x); });
    if (op == Less) return test(a, b, lanes, out, [](auto x, auto y) { return x < y; });
    if (op == LessEqual) return test(a, b, lanes, out, [](auto x, auto y) { return x <= y; });
    if (op == Equal) return test(a, b, lanes, out, [](auto x, auto y) { return x == y; });
    if (op == NotEqual) return test(a, b, lanes, out, [](auto x, auto y) { return x != y; });
    if (op == And) return test(a, b, lanes, out, [](auto x, auto y) { return x != 0 && y != 0; });
    return test(a, b, lanes, out, [](auto x, auto y) { return x != 0 || y != 0; });
}

template <class T, class P>
void Arithmetic<T, P>::select(const Lanes& condition, const Lanes& a, const Lanes& b, Lanes& out) {
    for (int lane = 0; lane < kLanes; ++lane) {
        const bool first = condition.value[lane] != 0;
        out.value[lane] = first ? a.value[lane] : b.value[lane];
        out.scale[lane] = first ? a.scale[lane] : b.scale[lane];
    }
    out.shared = condition.shared && a.shared && b.shared;
    for (int which = 0; which < (out.shared ? 1 : kOrders); ++which) {
        const P* test = condition.order(which);
        const P* x = a.order(which);
        const P* y = b.order(which);
        for (int lane = 0; lane < kLanes; ++lane)
            out.panel[which][lane] = test[lane] != 0 ? x[lane] : y[lane];
    }
}

}  // namespace cupel::oracle
