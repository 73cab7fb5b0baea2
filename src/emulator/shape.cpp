// SPDX-License-Identifier: Apache-2.0
#include "emulator/shape.hpp"

#include <algorithm>

namespace cupel::emulator {
namespace {

constexpr std::int64_t kFarthest = std::int64_t{1} << 30;
constexpr std::size_t kMostShapes = 256;
constexpr std::uint32_t kTries = 4;
constexpr std::uint32_t kRarely = 64;

Pattern pattern_of(const std::int32_t* offsets, unsigned count, std::uint32_t bytes) {
    bool same = true;
    bool consecutive = true;
    for (unsigned i = 1; i < count; i++) {
        same = same && offsets[i] == offsets[0];
        consecutive =
            consecutive && offsets[i] - offsets[0] == static_cast<std::int32_t>(i * bytes);
    }
    return same ? Pattern::Uniform : consecutive ? Pattern::Consecutive : Pattern::Scattered;
}

void find_runs(Shape& shape) {
    std::array<std::int32_t, kLanes> sorted;
    std::size_t count = 0;
    for_lanes(shape.lanes, [&](unsigned i) { sorted[count++] = shape.offsets[i]; });
    std::sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(count));
    const auto bytes = static_cast<std::int32_t>(shape.bytes);
    shape.apart = true;
    shape.run_count = 0;
    for (std::size_t i = 0; i < count; i++) {
        if (i > 0 && sorted[i] - sorted[i - 1] < bytes) shape.apart = false;
    }
    unsigned runs = 0;
    for (std::size_t i = 0; i < count; i++) {
        if (i > 0 && sorted[i] - sorted[i - 1] <= bytes) {
            Run& last = shape.runs[runs - 1];
            last.bytes = static_cast<std::uint32_t>(sorted[i] + bytes - last.from);
            continue;
        }
        if (runs == kMostRuns) return;
        shape.runs[runs++] = {.from = sorted[i], .bytes = shape.bytes};
    }
    shape.run_count = runs;
}

// This lane and those behind it up to the next leader.
std::uint32_t lanes_behind(const Shape& shape, unsigned lane) {
    const std::uint32_t from = kAllLanes << lane;
    const std::uint32_t next = shape.leaders & (from << 1);
    const std::uint32_t behind = next == 0 ? 0 : kAllLanes << std::countr_zero(next);
    return from & ~behind & shape.lanes;
}

void find_words(Shape& shape) {
    shape.word_count = 0;
    if (shape.bytes != shape.grain) return;
    unsigned count = 0;
    for_lanes(shape.leaders, [&](unsigned i) {
        const std::uint32_t behind = lanes_behind(shape, i);
        const std::int32_t from = shape.offsets[i] / static_cast<std::int32_t>(shape.grain);
        const auto known = std::find_if(shape.words.begin(), shape.words.begin() + count,
                                        [&](const SharedWord& word) { return word.from == from; });
        if (known == shape.words.begin() + count) {
            shape.words[count++] = {.from = from, .lanes = behind, .first = behind};
        } else {
            known->lanes |= behind;
        }
    });
    shape.word_count = count;
}

// False: the lanes are too far from each other to be kept.
bool set_offsets(Shape& shape, const std::uint32_t* offsets) {
    const std::uint32_t start = offsets[static_cast<unsigned>(std::countr_zero(shape.lanes))];
    for (unsigned i = 0; i < kLanes; i++) {
        const std::int64_t distance = std::int64_t{offsets[i]} - std::int64_t{start};
        if (std::max(distance, -distance) > kFarthest) return false;
        shape.offsets[i] = static_cast<std::int32_t>(distance);
        shape.low = std::min(shape.low, shape.offsets[i]);
        shape.high = std::max(shape.high, shape.offsets[i]);
    }
    shape.phase = shape.bytes < 4 ? start & 3 : 0;
    return true;
}

// What follows from the offsets.
void derive(Shape& shape) {
    const std::array<std::int32_t, kLanes>& offsets = shape.offsets;
    shape.leaders = shape.lanes;
    for (unsigned i = 1; shape.lanes == kAllLanes && i < kLanes; i++) {
        if (offsets[i] == offsets[i - 1]) shape.leaders &= ~(1U << i);
    }
    shape.pattern = pattern_of(offsets.data(), kLanes, shape.bytes);
    if (shape.pattern == Pattern::Consecutive && shape.lanes != kAllLanes)
        shape.pattern = Pattern::Scattered;
    shape.smooth = true;
    for (unsigned i = 0; i < kLanes / kOctet; i++) {
        shape.octets[i] = pattern_of(&offsets[std::size_t{i} * kOctet], kOctet, shape.bytes);
        shape.smooth = shape.smooth && shape.octets[i] != Pattern::Scattered;
    }
    find_runs(shape);
    find_words(shape);
}

}  // namespace

Shape* Shapes::find(const Shape& wanted) {
    const auto found = std::ranges::find_if(all_, [&](const Shape& one) {
        return one.lanes == wanted.lanes && one.bytes == wanted.bytes &&
               one.grain == wanted.grain && one.phase == wanted.phase &&
               one.offsets == wanted.offsets;
    });
    return found == all_.end() ? nullptr : &*found;
}

Shape* Shapes::learn(KnownShape& known, const std::uint32_t* offsets, const LaneAccess& access) {
    const std::uint32_t misses = known.misses++;
    if (misses >= kTries && misses % kRarely != 0) return nullptr;
    Shape shape;
    shape.lanes = access.lanes;
    shape.bytes = access.bytes;
    shape.grain = access.grain;
    if (!set_offsets(shape, offsets)) return nullptr;
    known.shape = find(shape);
    if (known.shape != nullptr) return known.shape;
    if (all_.size() == kMostShapes) {
        for (KnownShape& other : known_)
            other.shape = nullptr;
        all_.clear();
    }
    derive(shape);
    known.shape = &all_.emplace_back(shape);
    return known.shape;
}

}  // namespace cupel::emulator
