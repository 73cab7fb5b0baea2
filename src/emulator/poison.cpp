// SPDX-License-Identifier: Apache-2.0
#include "emulator/poison.hpp"

#include <algorithm>

namespace cupel::emulator {
namespace {

constexpr unsigned kWidest = 8;
// A row, in words of eight bytes, of which it has four for each byte of a lane.
using RowWords = std::array<std::uint64_t, kLanes>;

std::size_t words_of(unsigned width) {
    return std::size_t{width} * kLanes / sizeof(std::uint64_t);
}

// Eight bytes, each all ones where its bit is one.
constexpr auto kSpread = [] {
    std::array<std::uint64_t, 256> spread{};
    for (unsigned bits = 0; bits < spread.size(); bits++) {
        for (unsigned b = 0; b < kWidest; b++)
            spread[bits] |= ((bits >> b) & 1U) != 0 ? std::uint64_t{0xFF} << (8 * b) : 0;
    }
    return spread;
}();

struct Moved {
    std::uint32_t row = kZeroRow;
    unsigned width = 0;
    RowWords kept{};
    RowWords poisoned{};  // all ones where a byte is
};

Moved take(const Warp& warp, std::uint32_t row_offset, unsigned width) {
    Moved moved{.row = row_offset, .width = width};
    std::copy_n(row<std::uint64_t>(warp, row_offset), words_of(width), moved.kept.begin());
    void* const bytes = moved.poisoned.data();
    for_lanes(taint_of(warp, row_offset).poison & warp.mask, [&](unsigned i) {
        const std::uint64_t mask = kSpread[poisoned_bytes(warp, row_offset, i)];
        std::memcpy(static_cast<std::byte*>(bytes) + std::size_t{i} * width, &mask, width);
    });
    return moved;
}

void fill(const Warp& warp, const Moved& moved, bool ones) {
    auto* const to = row<std::uint64_t>(warp, moved.row);
    for (std::size_t w = 0; w < words_of(moved.width); w++)
        to[w] = ones ? moved.kept[w] | moved.poisoned[w] : moved.kept[w] & ~moved.poisoned[w];
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
    if (!warp.parts && (bytes & all) == all) return;  // as it is without
    if (!warp.parts) warp.parts = std::make_unique<PoisonedBytes[]>(warp.units());
    warp.parts[row_offset / kUnit][lane] = (bytes & all) == all ? 0 : bytes & all;
}

// Each bit of such a result is a function of one bit of each source at most, so what it does not
// show for any choice of zeros and ones, one for each source, it does not depend on.
void spread_bytes(Warp& warp, const Op& op) {
    const std::array rows = {op.a, op.b, op.c, op.e};
    std::uint32_t lanes = taint_of(warp, op.d).poison & warp.mask;
    std::vector<Moved> moved;
    for (unsigned s = 0; s < rows.size(); s++) {
        const std::uint32_t poisoned = taint_of(warp, rows.at(s)).poison & warp.mask;
        if (poisoned == 0) continue;
        if (((op.moves >> s) & 1U) == 0) {
            lanes &= ~poisoned;  // how far it shifts, say
        } else if (std::ranges::find(moved, rows.at(s), &Moved::row) == moved.end()) {
            moved.push_back(take(warp, rows.at(s), s < 2 ? op.from_bytes : op.to_bytes));
        }
    }
    if (lanes == 0) return;
    auto* const result = row<std::uint64_t>(warp, op.d);
    const std::size_t words = words_of(op.to_bytes);
    RowWords kept{};
    RowWords differs{};
    std::copy_n(result, words, kept.begin());
    for (unsigned choice = 0; choice < 1U << moved.size(); choice++) {
        for (unsigned s = 0; s < moved.size(); s++)
            fill(warp, moved[s], ((choice >> s) & 1U) != 0);
        op.run(warp, op);
        for (std::size_t w = 0; w < words; w++)
            differs[w] |= result[w] ^ kept[w];
    }
    for (const Moved& source : moved) {
        std::copy_n(source.kept.begin(), words_of(source.width),
                    row<std::uint64_t>(warp, source.row));
    }
    std::copy_n(kept.begin(), words, result);
    const void* const bytes = differs.data();
    for_lanes(lanes, [&](unsigned i) {
        const auto* const lane =
            static_cast<const std::uint8_t*>(bytes) + std::size_t{i} * op.to_bytes;
        unsigned reached = 0;
        for (unsigned b = 0; b < op.to_bytes; b++)
            reached |= unsigned{lane[b] != 0} << b;
        if (reached == 0) {
            taint_of(warp, op.d).poison &= ~(1U << i);
        } else {
            narrow_poison(warp, op.d, i, static_cast<std::uint8_t>(reached), op.to_bytes);
        }
    });
}

}  // namespace cupel::emulator
