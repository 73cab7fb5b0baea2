// SPDX-License-Identifier: Apache-2.0
#include "emulator/shape.hpp"

#include <algorithm>

namespace cupel::emulator {
namespace {

constexpr std::int64_t kFarthest = std::int64_t{1} << 30;

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

void find_words(Shape& shape, unsigned grain) {
    shape.grain = grain;
    shape.word_count = 0;
    if (shape.bytes != grain) return;
    unsigned count = 0;
    for_lanes(shape.leaders, [&](unsigned i) {
        const std::uint32_t behind = lanes_behind(shape, i);
        const std::int32_t from = shape.offsets[i] / static_cast<std::int32_t>(grain);
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

}  // namespace

void learn(Shape& shape, const std::uint32_t* offsets, std::uint32_t lanes, unsigned bytes,
           unsigned grain) {
    const std::uint32_t start = offsets[static_cast<unsigned>(std::countr_zero(lanes))];
    shape.lanes = 0;
    shape.low = 0;
    shape.high = 0;
    for (unsigned i = 0; i < kLanes; i++) {
        const std::int64_t distance = std::int64_t{offsets[i]} - std::int64_t{start};
        if (std::max(distance, -distance) > kFarthest) return;
        shape.offsets[i] = static_cast<std::int32_t>(distance);
        shape.low = std::min(shape.low, shape.offsets[i]);
        shape.high = std::max(shape.high, shape.offsets[i]);
    }
    shape.lanes = lanes;
    shape.bytes = bytes;
    shape.phase = bytes < 4 ? start & 3 : 0;
    shape.wavefronts = 0;
    shape.leaders = lanes;
    for (unsigned i = 1; lanes == kAllLanes && i < kLanes; i++) {
        if (offsets[i] == offsets[i - 1]) shape.leaders &= ~(1U << i);
    }
    shape.pattern = pattern_of(shape.offsets.data(), kLanes, bytes);
    if (shape.pattern == Pattern::Consecutive && lanes != kAllLanes)
        shape.pattern = Pattern::Scattered;
    shape.smooth = true;
    for (unsigned i = 0; i < kLanes / kOctet; i++) {
        shape.octets[i] = pattern_of(&shape.offsets[std::size_t{i} * kOctet], kOctet, bytes);
        shape.smooth = shape.smooth && shape.octets[i] != Pattern::Scattered;
    }
    find_runs(shape);
    find_words(shape, grain);
}

}  // namespace cupel::emulator
