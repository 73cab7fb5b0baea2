// SPDX-License-Identifier: Apache-2.0
// The interpreter of the normal form: elements of stages, computed from the inputs, kLanes at a
// time. The lanes of a map are its elements; the lanes of a reduction are its terms, those of the
// next element behind those of the last, so that one long reduction and many short ones fill them
// equally. Only what is asked for is computed.
//
// Integers are computed in T and P like everything else: exact up to 2^53 in double.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "oracle/code.hpp"
#include "oracle/fold.hpp"
#include "oracle/lanes.hpp"
#include "oracle/memo.hpp"

namespace cupel::oracle {

template <class T, class P>
class Machine {
public:
    // `code` must outlive the machine.
    explicit Machine(const Code& code);

    // The inputs of all that follows, one pointer each, aligned for their types; what was
    // remembered of others is forgotten.
    void set_inputs(std::span<const std::byte* const> inputs);

    // At most kLanes elements of one stage, row-major positions inside it.
    void evaluate(int stage, std::span<const std::int64_t> elements, Number<T>* results);

private:
    using Lanes = Register<T, P>;
    using Integers = std::array<std::int64_t, kLanes>;

    struct Miss {
        std::int64_t element = 0;
        int lane = 0;
    };
    // A stage is active at most once at a time (loads go to earlier stages), so each has one desk.
    struct LoadDesk {
        std::vector<Integers> lists;  // one per dimension, then the element
        std::vector<Line> at;
        std::array<bool, kLanes> outside{};
        bool any_outside = false;
        std::vector<Miss> misses;
    };
    struct Segment {  // lanes that hold terms of one element
        int element = 0;
        int first = 0;
        int count = 0;
    };
    struct Desk {
        std::vector<std::unique_ptr<Lanes>> registers;
        std::vector<LoadDesk> loads;
        std::vector<Line> axes;  // by slot
        std::vector<Integers> lists;
        std::vector<std::int64_t> now;  // by slot: the walk's position
        Integers linear{};
        std::int64_t row = 0;  // the number of the walk's row in the whole domain
        int filled = 0;
        std::vector<Segment> segments;
        std::vector<Fold<T, P>> folds;
        Memo<T> memo;
    };

    [[nodiscard]] const StageCode& code(int stage) const {
        return code_.stages[static_cast<std::size_t>(stage)];
    }
    [[nodiscard]] Desk& desk(int stage) { return desks_[static_cast<std::size_t>(stage)]; }

    void map(int stage, std::span<const std::int64_t> elements, Number<T>* results);
    void reduce(int stage, std::span<const std::int64_t> elements, Number<T>* results);
    void walk(int stage, int element);
    void add_row(int stage, int element, std::int64_t low, std::int64_t high);
    void add_terms(int stage, int element, std::int64_t low, int count);
    void flush(int stage);

    // The body, for lanes at desk.axes; the answer is in the result register.
    void run(int stage, int lanes);
    void load(int stage, int number, int lanes, int out);
    void locate(int stage, int number, int lanes);
    Line place(int stage, const Place& place, LoadDesk& load, int lanes, Integers& list);
    void fetch(const Load& load, const Line& flat, int lanes, Lanes& out) const;
    void recall(const Load& load, LoadDesk& desk, const Line& flat, int lanes, Lanes& out);
    void make_room();

    const Code& code_;
    std::vector<const std::byte*> inputs_;
    std::vector<Desk> desks_;
};

extern template class Machine<double, float>;
extern template class Machine<long double, double>;

}  // namespace cupel::oracle
