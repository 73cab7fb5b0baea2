// SPDX-License-Identifier: Apache-2.0
#include "oracle/oracle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <thread>

#include "oracle/machine.hpp"
#include "oracle/types.hpp"

namespace cupel::oracle {
namespace {

using wire::oracle::Position;
using wire::oracle::Request;
using wire::oracle::Truth;

template <class T, class P>
class WorkerOf final : public Worker {
public:
    explicit WorkerOf(const Code& code) : code_(code), machine_(code) {}

    void set_inputs(std::span<const std::byte* const> inputs) override {
        machine_.set_inputs(inputs);
    }

    void answer(std::span<const Position> positions, std::span<const std::size_t> order,
                std::span<Truth> truths) override {
        std::array<std::int64_t, kLanes> elements{};
        std::array<Number<T>, kLanes> numbers;
        std::size_t done = 0;
        while (done < order.size()) {
            const std::uint32_t output = positions[order[done]].output;
            std::size_t count = 0;
            for (; count < kLanes && done + count < order.size(); ++count) {
                const Position& position = positions[order[done + count]];
                if (position.output != output) break;
                elements[count] = static_cast<std::int64_t>(position.element);
            }
            const int stage = code_.outputs[output];
            machine_.evaluate(stage, std::span(elements).first(count), numbers.data());
            const task::Type type = code_.stages[static_cast<std::size_t>(stage)].type;
            for (std::size_t i = 0; i < count; ++i)
                truths[order[done + i]] = delivered(numbers[i], type);
            done += count;
        }
    }

private:
    // Storing the answer is one more rounding, of the output's unit, and the scale counts in units
    // of the task's precision: a bfloat16 answer of a bf16 task is one of them, not 2^16. But an
    // input that was only chosen (a maximum, a row of a table) is stored as it is.
    [[nodiscard]] Truth delivered(const Number<T>& number, task::Type type) const {
        const int bits = significand_bits(type);
        T scale = number.scale;
        const bool chosen = scale == 0 && stored(static_cast<double>(number.value), type) ==
                                              static_cast<double>(number.value);
        if (bits != 0 && bits <= std::numeric_limits<P>::digits && !chosen)
            scale += std::ldexp(std::abs(number.value), code_.precision_bits - bits);
        Truth truth{static_cast<double>(number.value), static_cast<double>(scale), {}};
        for (int which = 0; which < kOrders; ++which)
            truth.panel[which] = stored(number.panel[which], type);
        return truth;
    }

    const Code& code_;
    Machine<T, P> machine_;
};

}  // namespace

Result<Oracle> Oracle::make(const task::Task& task, int threads) {
    CUPEL_TRY(Code code, compile(task));
    if (code.inputs.size() > wire::oracle::kMaxInputs) {
        return fail(Errc::Invalid, fmt::format("{} inputs; {} are the most", code.inputs.size(),
                                               wire::oracle::kMaxInputs));
    }
    Oracle oracle;
    oracle.code_ = std::make_unique<const Code>(std::move(code));
    for (int i = 0; i < std::clamp(threads, 1, 64); ++i) {
        if (oracle.code_->fp64) {
            oracle.workers_.push_back(
                std::make_unique<WorkerOf<long double, double>>(*oracle.code_));
        } else {
            oracle.workers_.push_back(std::make_unique<WorkerOf<double, float>>(*oracle.code_));
        }
    }
    return oracle;
}

Result<void> Oracle::check(const Request& request, std::size_t bytes,
                           std::span<const Position> positions) const {
    if (request.positions != positions.size() || positions.size() > kMaxPositions) {
        return fail(Errc::Invalid, fmt::format("{} positions asked, {} given, {} are the most",
                                               request.positions, positions.size(), kMaxPositions));
    }
    for (std::size_t i = 0; i < code_->inputs.size(); ++i) {
        const auto [type, size] = code_->inputs[i];
        const std::uint64_t offset = request.input_offset[i];
        const auto needed = static_cast<std::uint64_t>(size);
        if (offset > bytes || needed > bytes - offset) {
            return fail(Errc::Invalid, fmt::format("input {} at {} needs {} bytes of {}", i, offset,
                                                   needed, bytes));
        }
        if (offset % task::type_size(type) != 0)
            return fail(Errc::Invalid, fmt::format("input {} at {} is not aligned", i, offset));
    }
    for (const Position& position : positions) {
        if (position.output >= code_->outputs.size())
            return fail(Errc::Invalid, fmt::format("there is no output {}", position.output));
        const auto stage = static_cast<std::size_t>(code_->outputs[position.output]);
        const auto elements = static_cast<std::uint64_t>(code_->stages[stage].elements);
        if (position.element >= elements) {
            return fail(Errc::Invalid, fmt::format("output {} has {} elements, not {}",
                                                   position.output, elements, position.element));
        }
    }
    return {};
}

Result<void> Oracle::answer(const Request& request, std::span<const std::byte> region,
                            std::span<const Position> positions, std::span<Truth> truths) {
    CUPEL_CHECK(positions.size() == truths.size());
    CUPEL_DO(check(request, region.size(), positions));
    std::vector<const std::byte*> inputs;
    inputs.reserve(code_->inputs.size());
    for (std::size_t i = 0; i < code_->inputs.size(); ++i)
        inputs.push_back(region.data() + request.input_offset[i]);
    // Neighbours share intermediates, so they are asked for together, and by one worker.
    std::vector<std::size_t> order(positions.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) {
        return std::pair(positions[i].output, positions[i].element);
    });
    const std::size_t share = (order.size() + workers_.size() - 1) / workers_.size();
    const auto work = [&](std::size_t which) {
        const std::size_t first = std::min(which * share, order.size());
        workers_[which]->set_inputs(inputs);
        workers_[which]->answer(
            positions, std::span(order).subspan(first, std::min(share, order.size() - first)),
            truths);
    };
    std::vector<std::jthread> others;
    for (std::size_t which = 1; which < workers_.size(); ++which)
        others.emplace_back(work, which);
    work(0);
    return {};
}

}  // namespace cupel::oracle
