// SPDX-License-Identifier: Apache-2.0
// The trusted answer: any elements of a task's outputs, in float64, with the scale of honest error
// and what honest arithmetic makes of them. Trusted: nothing here ever sees a kernel or its answer.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "oracle/code.hpp"
#include "task/task.hpp"
#include "wire/oracle.hpp"

namespace cupel::oracle {

inline constexpr std::uint64_t kMaxPositions = std::uint64_t{1} << 20;

// One thread's interpreter, of whichever precision.
class Worker {
public:
    Worker() = default;
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    Worker(Worker&&) = delete;
    Worker& operator=(Worker&&) = delete;
    virtual ~Worker() = default;
    virtual void set_inputs(std::span<const std::byte* const> inputs) = 0;
    // The truths of `order`'s positions, each at the same place in `truths`.
    virtual void answer(std::span<const wire::oracle::Position> positions,
                        std::span<const std::size_t> order,
                        std::span<wire::oracle::Truth> truths) = 0;
};

// Truth::value is float64 throughout and never rounded to the output's type; in a task of fp64 it
// is computed in 80-bit arithmetic, so that it is better than what it judges. Truth::scale counts
// units of u = 2^-24 (2^-53 in fp64), storing the answer in its type included: a bf16 output adds
// 2^16 |value|. The panel is stored in the output's type. Integer outputs have scale 0.
// max, min and their args see NaN as the winner; the lowest index wins among equals.
class Oracle {
public:
    [[nodiscard]] static Result<Oracle> make(const task::Task& task, int threads = 1);

    // One truth per position. Invalid, and nothing computed, where the request is malformed: too
    // many positions, an output or an element that is not there, an input outside the region.
    [[nodiscard]] Result<void> answer(const wire::oracle::Request& request,
                                      std::span<const std::byte> region,
                                      std::span<const wire::oracle::Position> positions,
                                      std::span<wire::oracle::Truth> truths);

private:
    Oracle() = default;
    [[nodiscard]] Result<void> check(const wire::oracle::Request& request, std::size_t bytes,
                                     std::span<const wire::oracle::Position> positions) const;

    std::unique_ptr<const Code> code_;  // the workers point into it
    std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace cupel::oracle
