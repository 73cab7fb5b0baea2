// SPDX-License-Identifier: Apache-2.0
#include "referee/round.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace cupel::referee {
namespace {

constexpr std::size_t kMostWatched = 4;
constexpr std::size_t kWatchedBytes = std::size_t{8} << 20;
// Widened rounds are few, and what is wrong in them may be one element of a row: where an extreme
// stands alone, all else of a softmax is zero.
constexpr std::size_t kWatchedWideBytes = std::size_t{64} << 20;

}  // namespace

int questions_in(int full, int timed, std::uint64_t drawn) {
    if (full <= 1 || timed % kSingleEvery == 1) return 1;
    const auto choices = static_cast<std::uint64_t>(full - full / 2);
    return full - static_cast<int>(drawn % choices);
}

Kind draw_kind(bool polynomial, std::uint64_t drawn) {
    if (drawn % kExactEvery == 0) return Kind::Exact;
    const bool wide = drawn / kExactEvery % kWideEvery == 0;
    return wide && polynomial ? Kind::Wide : Kind::Lawful;
}

std::vector<int> draw_watched(std::span<const Kind> kinds, std::size_t answer_bytes,
                              std::uint64_t seed) {
    const bool wide = std::ranges::all_of(kinds, [](Kind kind) { return kind == Kind::Wide; });
    const std::size_t wanted = std::clamp<std::size_t>(
        (wide ? kWatchedWideBytes : kWatchedBytes) / std::max<std::size_t>(1, answer_bytes), 1,
        kMostWatched);
    std::mt19937_64 random(seed);
    std::vector<int> slots(kinds.size());
    std::iota(slots.begin(), slots.end(), 0);
    std::shuffle(slots.begin(), slots.end(), random);
    if (random() % 2 == 0) {
        std::ranges::stable_partition(
            slots, [&](int slot) { return kinds[static_cast<std::size_t>(slot)] == Kind::Exact; });
    }
    slots.resize(std::min(slots.size(), wanted));
    return slots;
}

}  // namespace cupel::referee
