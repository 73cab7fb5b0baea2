// SPDX-License-Identifier: Apache-2.0
#include "emulator/poison.hpp"

#include <algorithm>

namespace cupel::emulator {
namespace {

constexpr unsigned kWidest = 8;
// All zeros, all ones, and drawn bits: a bit of the result that depends on up to three of poison,
// as of lop3, is seen by each draw at least every eighth time.
constexpr unsigned kDraws = 16;

using RowBytes = std::array<std::byte, std::size_t{kWidest} * kLanes>;

struct Moved {
    std::uint32_t row = kZeroRow;
    unsigned width = 0;
    std::uint32_t lanes = 0;  // that hold poison
    RowBytes kept{};
    std::array<std::uint8_t, kLanes> bytes{};
};

std::uint64_t next_draw(std::uint64_t& state) {  // splitmix64
    state += 0x9E37'79B9'7F4A'7C15U;
    std::uint64_t z = state;
    z = (z ^ (z >> 30U)) * 0xBF58'476D'1CE4'E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D0'49BB'1331'11EBU;
    return z ^ (z >> 31U);
}

void fill_poison(const Warp& warp, const Moved& source, unsigned draw, std::uint64_t& state) {
    std::byte* const to = warp.rows + source.row;
    for_lanes(source.lanes, [&](unsigned i) {
        const std::uint64_t bits = draw == 0 ? 0 : draw == 1 ? ~std::uint64_t{0} : next_draw(state);
        for (unsigned b = 0; b < source.width; b++) {
            if (((source.bytes[i] >> b) & 1U) != 0)
                to[i * source.width + b] = static_cast<std::byte>(bits >> (8 * b));
        }
    });
}

}  // namespace

std::uint8_t poisoned_bytes(const Warp& warp, std::uint32_t row_offset, unsigned lane) {
    if (((taint_of(warp, row_offset).poison >> lane) & 1U) == 0) return 0;
    const std::uint8_t known = warp.parts ? warp.parts[row_offset / kUnit][lane] : 0;
    return known != 0 ? known : kAllBytes;
}

void narrow_poison(Warp& warp, std::uint32_t row_offset, unsigned lane, std::uint8_t bytes,
                   unsigned width) {
    const auto all = static_cast<std::uint8_t>((1U << width) - 1);
    if ((bytes & all) == all) return;  // as it is without
    if (!warp.parts) warp.parts = std::make_unique<PoisonedBytes[]>(warp.units());
    warp.parts[row_offset / kUnit][lane] = bytes & all;
}

void spread_bytes(Warp& warp, const Op& op) {
    const std::array<Moved, 4> all = {
        Moved{.row = op.a, .width = op.from_bytes}, Moved{.row = op.b, .width = op.from_bytes},
        Moved{.row = op.c, .width = op.to_bytes}, Moved{.row = op.e, .width = op.to_bytes}};
    std::uint32_t lanes = taint_of(warp, op.d).poison & warp.mask;
    std::vector<Moved> moved;
    for (unsigned s = 0; s < all.size(); s++) {
        Moved source = all.at(s);
        source.lanes = taint_of(warp, source.row).poison & warp.mask;
        if (source.lanes == 0) continue;
        if (((op.moves >> s) & 1U) == 0) {
            lanes &= ~source.lanes;  // how far it shifts, say
            continue;
        }
        std::memcpy(source.kept.data(), warp.rows + source.row, std::size_t{source.width} * kLanes);
        for_lanes(source.lanes,
                  [&](unsigned i) { source.bytes[i] = poisoned_bytes(warp, source.row, i); });
        moved.push_back(source);
    }
    if (lanes == 0) return;
    const unsigned width = op.to_bytes;
    std::byte* const result = warp.rows + op.d;
    RowBytes kept;
    std::memcpy(kept.data(), result, std::size_t{width} * kLanes);
    std::array<std::uint8_t, kLanes> reached{};
    std::uint64_t state = op.site;
    for (unsigned draw = 0; draw < kDraws; draw++) {
        for (const Moved& source : moved)
            fill_poison(warp, source, draw, state);
        op.run(warp, op);
        for_lanes(lanes, [&](unsigned i) {
            for (unsigned b = 0; b < width; b++) {
                const bool same = result[i * width + b] == kept[i * width + b];
                reached[i] |= static_cast<std::uint8_t>((same ? 0U : 1U) << b);
            }
        });
    }
    for (const Moved& source : moved)
        std::memcpy(warp.rows + source.row, source.kept.data(), std::size_t{source.width} * kLanes);
    std::memcpy(result, kept.data(), std::size_t{width} * kLanes);
    for_lanes(lanes, [&](unsigned i) {
        if (reached[i] == 0) {
            taint_of(warp, op.d).poison &= ~(1U << i);
        } else {
            narrow_poison(warp, op.d, i, reached[i], width);
        }
    });
}

}  // namespace cupel::emulator
