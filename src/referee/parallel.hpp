// SPDX-License-Identifier: Apache-2.0
// Passes over whole questions and answers on all processors. Only called while every contender is
// frozen, so that nothing here is on anybody's clock.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <thread>
#include <vector>

namespace cupel::referee {

inline constexpr std::size_t kParallelBytes =
    std::size_t{4} << 20;  // below this a second thread costs more than it saves

// Calls work(first, last) over parts of 0 .. count-1, each once, on so many threads as pay for
// `bytes` bytes.
template <class Work>
void in_parts(std::size_t count, std::size_t bytes, int threads, const Work& work) {
    if (bytes < kParallelBytes || threads < 2) return work(std::size_t{0}, count);
    std::vector<std::jthread> helpers;
    const auto parts = static_cast<std::size_t>(threads);
    for (std::size_t t = 1; t < parts; ++t) {
        helpers.emplace_back(
            [&work, count, parts, t] { work(count * t / parts, count * (t + 1) / parts); });
    }
    work(std::size_t{0}, count / parts);
}

// Equally long; memory that does not overlap.
inline void copy_bytes(std::span<const std::byte> from, std::span<std::byte> to, int threads) {
    in_parts(from.size(), from.size(), threads, [&](std::size_t first, std::size_t last) {
        if (first < last) std::memcpy(to.data() + first, from.data() + first, last - first);
    });
}

}  // namespace cupel::referee
