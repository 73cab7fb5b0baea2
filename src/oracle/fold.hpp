// SPDX-License-Identifier: Apache-2.0
// One reduction in progress: terms arrive in order, any number at a time. The truth is summed in
// order; the panel three ways, as honest kernels do: in order, in eight lanes joined by a tree, and
// by halves (a tree over blocks of kBlock terms). Sums and products know orders; extrema have none.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "oracle/arithmetic.hpp"
#include "oracle/lanes.hpp"
#include "task/task.hpp"

namespace cupel::oracle {

// `Join` is std::plus<> or std::multiplies<>; `unit` its neutral element.
template <class P, class Join>
class OrderedFold {
public:
    void start(P unit) {
        unit_ = running_ = block_ = unit;
        eight_.fill(unit);
        count_ = 0;
    }

    // The three orders' terms: the same array three times where they agree.
    void add(const P* const terms[kOrders], int count) {
        for (int i = 0; i < count; ++i)
            running_ = join_(running_, terms[0][i]);
        add_eight(terms[1], count);
        for (int i = 0; i < count; ++i) {
            block_ = join_(block_, terms[2][i]);
            if ((count_ + static_cast<std::uint64_t>(i) + 1) % kBlock == 0) end_block(i);
        }
        count_ += static_cast<std::uint64_t>(count);
    }

    void finish(double panel[kOrders]) const {
        panel[0] = static_cast<double>(running_);
        const auto& e = eight_;
        panel[1] = static_cast<double>(join_(join_(join_(e[0], e[4]), join_(e[2], e[6])),
                                             join_(join_(e[1], e[5]), join_(e[3], e[7]))));
        P sum = block_;
        for (std::uint64_t blocks = count_ / kBlock; blocks != 0; blocks &= blocks - 1)
            sum = join_(halves_[static_cast<std::size_t>(std::countr_zero(blocks))], sum);
        panel[2] = static_cast<double>(sum);
    }

private:
    static constexpr std::uint64_t kBlock = 16;

    void add_eight(const P* terms, int count) {
        int i = 0;
        for (; i < count && (count_ + static_cast<std::uint64_t>(i)) % 8 != 0; ++i) {
            P& lane = eight_[(count_ + static_cast<std::uint64_t>(i)) % 8];
            lane = join_(lane, terms[i]);
        }
        for (; i + 8 <= count; i += 8) {
            for (std::size_t lane = 0; lane < 8; ++lane)
                eight_[lane] = join_(eight_[lane], terms[i + static_cast<int>(lane)]);
        }
        for (std::size_t lane = 0; i < count; ++i, ++lane)
            eight_[lane] = join_(eight_[lane], terms[i]);
    }
    // A binary counter of blocks: bit k set means that halves_[k] holds 2^k of them.
    void end_block(int term) {
        std::uint64_t blocks = (count_ + static_cast<std::uint64_t>(term)) / kBlock;
        std::size_t level = 0;
        for (; (blocks & 1) != 0; blocks >>= 1, ++level)
            block_ = join_(halves_[level], block_);
        halves_[level] = block_;
        block_ = unit_;
    }

    Join join_;
    P unit_ = 0;
    P running_ = 0;
    P block_ = 0;
    std::array<P, 8> eight_{};
    std::array<P, 64> halves_{};
    std::uint64_t count_ = 0;
};

template <class T, class P>
class Fold {
public:
    using Lanes = Register<T, P>;

    void start(task::Reducer how) {
        how_ = how;
        empty_ = true;
        const bool product = how == task::Reducer::Prod;
        truth_ = {product ? T{1} : T{0}, 0, {}};
        if (how == task::Reducer::Sum) sum_.start(0);
        if (product) product_.start(1);
    }

    // Lanes first .. first + count - 1; `linear` is each term's place in the whole domain.
    void add(const Lanes& terms, int first, int count, const Line& linear) {
        const P* panel[kOrders];
        for (int which = 0; which < kOrders; ++which)
            panel[which] = terms.order(which) + first;
        const T* value = terms.value + first;
        const T* scale = terms.scale + first;
        using enum task::Reducer;
        if (how_ == Sum) {
            for (int i = 0; i < count; ++i) {
                truth_.value += value[i];
                truth_.scale += scale[i] + std::abs(value[i]);
            }
            sum_.add(panel, count);
        } else if (how_ == Prod) {
            for (int i = 0; i < count; ++i) {
                const T next = truth_.value * value[i];
                truth_.scale = carried(value[i], truth_.scale) + carried(truth_.value, scale[i]) +
                               std::abs(next);
                truth_.value = next;
            }
            product_.add(panel, count);
        } else if (how_ == Max || how_ == ArgMax) {
            add_extremum(terms, first, count, linear, [](auto a, auto b) { return greater(a, b); });
        } else {
            add_extremum(terms, first, count, linear, [](auto a, auto b) { return smaller(a, b); });
        }
        empty_ = false;
    }

    // Of no terms: 0, 1, -inf, inf, and for the arg reducers 0.
    [[nodiscard]] Number<T> finish() const {
        using enum task::Reducer;
        Number<T> result = truth_;
        if (how_ == Sum) sum_.finish(result.panel);
        if (how_ == Prod) product_.finish(result.panel);
        if (how_ == Max || how_ == Min) {
            const T none = std::numeric_limits<T>::infinity() * (how_ == Max ? -1 : 1);
            if (empty_) result.value = none;
            for (int which = 0; which < kOrders; ++which)
                result.panel[which] = static_cast<double>(empty_ ? P(none) : best_[which]);
        }
        if (how_ == ArgMax || how_ == ArgMin) {
            result = {};
            if (empty_) return result;
            result.value = static_cast<T>(at_[kOrders]);
            for (int which = 0; which < kOrders; ++which)
                result.panel[which] = static_cast<double>(at_[which]);
        }
        return result;
    }

private:
    template <class Better>
    void add_extremum(const Lanes& terms, int first, int count, const Line& linear, Better better) {
        int from = first;
        if (empty_) {
            truth_ = {terms.value[first], terms.scale[first], {}};
            for (int which = 0; which < kOrders; ++which)
                best_[which] = terms.order(which)[first];
            std::ranges::fill(at_, linear.at(first));
            from = first + 1;
        }
        for (int lane = from; lane < first + count; ++lane) {
            if (!better(terms.value[lane], truth_.value)) continue;
            truth_ = {terms.value[lane], terms.scale[lane], {}};
            at_[kOrders] = linear.at(lane);
        }
        for (int which = 0; which < kOrders; ++which) {
            const P* panel = terms.order(which);
            for (int lane = from; lane < first + count; ++lane) {
                if (!better(panel[lane], best_[which])) continue;
                best_[which] = panel[lane];
                at_[which] = linear.at(lane);
            }
        }
    }

    task::Reducer how_ = task::Reducer::Sum;
    bool empty_ = true;
    Number<T> truth_;
    OrderedFold<P, std::plus<>> sum_;
    OrderedFold<P, std::multiplies<>> product_;
    P best_[kOrders] = {};
    std::int64_t at_[kOrders + 1] = {};  // the truth's last
};

}  // namespace cupel::oracle
