// SPDX-License-Identifier: Apache-2.0
// For tests: the kernels of one task at one shape, run on the same inputs and held against the
// truth.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "schedule/testing.hpp"
#include "task/task.hpp"

namespace cupel::schedule::testing {

using Reals = std::vector<double>;

constexpr char kPoison = '\x7f';

// Bytes between two pages that nobody may touch: right behind the one or right before the other.
class Fenced {
public:
    explicit Fenced(std::size_t bytes)
        : bytes_(bytes), inner_((bytes + kPage - 1) / kPage * kPage) {
        void* const all =
            mmap(nullptr, inner_ + 2 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (all == MAP_FAILED) throw std::bad_alloc();
        first_ = static_cast<char*>(all) + kPage;
        mprotect(first_, inner_, PROT_READ | PROT_WRITE);
        place_ = first_;
    }
    ~Fenced() { munmap(first_ - kPage, inner_ + 2 * kPage); }
    Fenced(const Fenced&) = delete;
    Fenced& operator=(const Fenced&) = delete;

    // Puts the bytes right before the last page, or right behind the first.
    void* put(const std::vector<char>& bytes, bool end) {
        place_ = end ? first_ + (inner_ - bytes_) : first_;
        std::memset(first_, kPoison, inner_);
        return std::memcpy(place_, bytes.data(), bytes_);
    }
    // True if nothing was written beside them.
    [[nodiscard]] bool is_whole() const {
        const auto is_poison = [](char byte) { return byte == kPoison; };
        return std::all_of(first_, place_, is_poison) &&
               std::all_of(place_ + bytes_, first_ + inner_, is_poison);
    }

private:
    static constexpr std::size_t kPage = 4096;
    std::size_t bytes_;
    std::size_t inner_;
    char* first_ = nullptr;
    char* place_ = nullptr;
};

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
                real.push_back(read(tensor.type, bytes.data(), i));
            }
        }
        for (const auto id : task.outputs)
            bytes_.emplace_back(static_cast<std::size_t>(task.tensor(id).bytes()), kPoison);
        for (const std::vector<char>& bytes : bytes_)
            fenced_.push_back(std::make_unique<Fenced>(bytes.size()));
    }
    [[nodiscard]] const std::vector<Reals>& inputs() const { return inputs_; }

    // All outputs, one after the other, of a kernel whose arguments begin or end beside a page that
    // nobody may touch: a read too far ends the process there, vectors at the ends of rows
    // included.
    Reals call(void* symbol, bool end) {
        std::array<void*, 5> p{};
        for (std::size_t k = 0; k < bytes_.size(); ++k)
            p.at(k) = fenced_[k]->put(bytes_[k], end);
        using F = void (*)(void*, void*, void*, void*, void*);  // too many arguments do no harm
        reinterpret_cast<F>(symbol)(p[0], p[1], p[2], p[3], p[4]);
        Reals out;
        for (std::size_t k = 0; k < task_.outputs.size(); ++k) {
            const task::Tensor& tensor = task_.tensor(task_.outputs[k]);
            for (std::int64_t i = 0; i < tensor.elements(); ++i)
                out.push_back(read(tensor.type, p.at(inputs_.size() + k), i));
        }
        return out;
    }
    // Up to the other page, too, nothing was written.
    [[nodiscard]] bool fences_are_whole() const {
        return std::ranges::all_of(fenced_, [](const auto& each) { return each->is_whole(); });
    }

private:
    static double read(task::Type type, const void* bytes, std::int64_t i) {
        if (type == task::Type::F32)
            return static_cast<double>(static_cast<const float*>(bytes)[i]);
        if (type == task::Type::F64) return static_cast<const double*>(bytes)[i];
        if (type == task::Type::F16)
            return static_cast<double>(static_cast<const _Float16*>(bytes)[i]);
        if (type == task::Type::BF16) {
            const std::uint32_t bits = static_cast<const std::uint16_t*>(bytes)[i];
            return static_cast<double>(std::bit_cast<float>(bits << 16));
        }
        return static_cast<double>(static_cast<const std::int64_t*>(bytes)[i]);
    }

    const task::Task& task_;
    std::vector<std::vector<char>> bytes_;  // of the inputs, then of the outputs
    std::vector<std::unique_ptr<Fenced>> fenced_;
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
        for (const bool end : {false, true}) {
            const Reals got = buffers.call(symbol, end);
            ASSERT_EQ(got.size(), right.size());
            for (std::size_t i = 0; i < got.size(); ++i) {
                ASSERT_LE(std::abs(got[i] - right[i]), trial.tolerance * largest * 0x1p-24)
                    << "element " << i << " is " << got[i] << ", not " << right[i] << "\n"
                    << trial.kernels[k];
            }
            EXPECT_TRUE(buffers.fences_are_whole()) << trial.kernels[k];
        }
    }
}

}  // namespace cupel::schedule::testing
