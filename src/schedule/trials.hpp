// SPDX-License-Identifier: Apache-2.0
// For tests: the kernels of one task at one shape, run on the same inputs and held against the
// truth.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "schedule/testing.hpp"
#include "task/task.hpp"

namespace cupel::schedule::testing {

using Reals = std::vector<double>;

class Buffers {
public:
    explicit Buffers(const task::Task& task) : task_(task) {
        std::mt19937 random(7);
        std::normal_distribution<float> normal;
        for (const auto id : task.inputs) {
            const task::Tensor& tensor = task.tensor(id);
            auto& bytes = bytes_.emplace_back(static_cast<std::size_t>(tensor.bytes()));
            auto& real = inputs_.emplace_back();
            for (std::int64_t i = 0; i < tensor.elements(); ++i) {
                if (tensor.type == task::Type::F32) {
                    reinterpret_cast<float*>(bytes.data())[i] = normal(random);
                } else if (tensor.type == task::Type::F64) {
                    reinterpret_cast<double*>(bytes.data())[i] =
                        static_cast<double>(normal(random));
                } else if (tensor.type == task::Type::F16) {
                    reinterpret_cast<_Float16*>(bytes.data())[i] =
                        static_cast<_Float16>(normal(random));
                } else if (tensor.type == task::Type::BF16) {
                    reinterpret_cast<std::uint16_t*>(bytes.data())[i] = static_cast<std::uint16_t>(
                        std::bit_cast<std::uint32_t>(normal(random)) >> 16);
                } else {
                    reinterpret_cast<std::int64_t*>(bytes.data())[i] = i % 3;
                }
                real.push_back(read(tensor.type, bytes, i));
            }
        }
        for (const auto id : task.outputs)
            bytes_.emplace_back(static_cast<std::size_t>(task.tensor(id).bytes()) + kGuard);
    }
    [[nodiscard]] const std::vector<Reals>& inputs() const { return inputs_; }

    // All outputs, one after the other.
    Reals call(void* symbol) {
        for (std::size_t k = inputs_.size(); k < bytes_.size(); ++k)
            std::ranges::fill(bytes_[k], kPoison);
        std::array<void*, 5> p{};
        for (std::size_t k = 0; k < bytes_.size(); ++k)
            p.at(k) = bytes_[k].data();
        using F = void (*)(void*, void*, void*, void*, void*);  // too many arguments do no harm
        reinterpret_cast<F>(symbol)(p[0], p[1], p[2], p[3], p[4]);
        Reals out;
        for (std::size_t k = 0; k < task_.outputs.size(); ++k) {
            const task::Tensor& tensor = task_.tensor(task_.outputs[k]);
            for (std::int64_t i = 0; i < tensor.elements(); ++i)
                out.push_back(read(tensor.type, bytes_[inputs_.size() + k], i));
        }
        return out;
    }
    [[nodiscard]] bool guard_is_whole() const {
        return std::all_of(bytes_.begin() + std::ssize(inputs_), bytes_.end(),
                           [](const std::vector<char>& bytes) {
                               return std::all_of(bytes.end() - kGuard, bytes.end(),
                                                  [](char byte) { return byte == kPoison; });
                           });
    }

private:
    static constexpr std::size_t kGuard = 64;
    static constexpr char kPoison = '\x7f';

    static double read(task::Type type, const std::vector<char>& bytes, std::int64_t i) {
        if (type == task::Type::F32)
            return static_cast<double>(reinterpret_cast<const float*>(bytes.data())[i]);
        if (type == task::Type::F64) return reinterpret_cast<const double*>(bytes.data())[i];
        if (type == task::Type::F16)
            return static_cast<double>(reinterpret_cast<const _Float16*>(bytes.data())[i]);
        if (type == task::Type::BF16) {
            const std::uint32_t bits = reinterpret_cast<const std::uint16_t*>(bytes.data())[i];
            return static_cast<double>(std::bit_cast<float>(bits << 16));
        }
        return static_cast<double>(reinterpret_cast<const std::int64_t*>(bytes.data())[i]);
    }

    const task::Task& task_;
    std::vector<std::vector<char>> bytes_;  // of the inputs, then of the outputs
    std::vector<Reals> inputs_;
};

// One task at one shape, and its kernels' place in the unit.
struct Trial {
    std::string what;
    task::Task task;
    double tolerance = 0;
    std::vector<std::string> kernels;
    std::size_t first = 0;
};

inline void expect_right(const Trial& trial, Library& library) {
    SCOPED_TRACE(trial.what);
    Buffers buffers(trial.task);
    const Truth truth(trial.task, buffers.inputs());
    Reals right;
    for (const task::TensorId output : trial.task.outputs)
        right.insert(right.end(), truth.of(output).begin(), truth.of(output).end());
    double largest = 1e-30;
    for (const double value : right)
        largest = std::max(largest, std::abs(value));
    for (std::size_t k = 0; k < trial.kernels.size(); ++k) {
        void* const symbol = library.find(fmt::format("kernel{}", trial.first + k));
        ASSERT_NE(symbol, nullptr);
        const Reals got = buffers.call(symbol);
        ASSERT_EQ(got.size(), right.size());
        for (std::size_t i = 0; i < got.size(); ++i) {
            ASSERT_LE(std::abs(got[i] - right[i]), trial.tolerance * largest * 0x1p-24)
                << "element " << i << " is " << got[i] << ", not " << right[i] << "\n"
                << trial.kernels[k];
        }
        EXPECT_TRUE(buffers.guard_is_whole()) << trial.kernels[k];
    }
}

}  // namespace cupel::schedule::testing
