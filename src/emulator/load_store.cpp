// SPDX-License-Identifier: Apache-2.0
// ld and st, single and of vectors. A vector of n is one access of n elements per lane.
#include "emulator/access.hpp"
#include "emulator/lanewise.hpp"
#include "emulator/poison.hpp"
#include "emulator/race.hpp"

namespace cupel::emulator {
namespace {

std::uint32_t row_of(const Warp& warp, const Op& op, unsigned element, std::uint32_t single) {
    return op.elements == 1 ? single : warp.block->grid.code.lists[op.target][element];
}

// The lanes of the part take the element. M: in memory, R: in registers.
template <class M, class R>
[[gnu::always_inline]] inline void gather(const Warp& warp, const Part& part, unsigned at,
                                          bool single, std::uint32_t to) {
    const std::byte* const data = part.region->data.data() + at;
    std::array<R, kLanes> values;
    const auto value_at = [&](std::uint64_t offset) {
        M value;
        std::memcpy(&value, data + offset, sizeof(M));
        return static_cast<R>(value);
    };
    if (part.pattern == Pattern::Uniform) {
        values.fill(value_at(part.offsets[0]));
    } else if (part.pattern == Pattern::Consecutive && single) {
        for (unsigned i = 0; i < kLanes; i++)
            values[i] = value_at(part.offsets[0] + i * sizeof(M));
    } else if (single && part.shape != nullptr && part.shape->smooth) {
        for (unsigned o = 0; o < kLanes; o += kOctet) {
            const std::uint32_t from = part.offsets[o];
            if (part.shape->octets[o / kOctet] == Pattern::Uniform) {
                std::fill_n(values.data() + o, kOctet, value_at(from));
            } else {
                for (unsigned i = 0; i < kOctet; i++)
                    values[o + i] = value_at(from + i * sizeof(M));
            }
        }
    } else {
        for (unsigned i = 0; i < kLanes; i++)
            values[i] = value_at(part.offsets[i]);
    }
    store_lanes(warp, to, values.data(), part.mask);
}

template <class R>
void poison(const Warp& warp, std::uint32_t mask, std::uint32_t to) {
    auto* const values = row<R>(warp, to);
    for_lanes(mask, [&](unsigned i) { values[i] = static_cast<R>(0xFBFB'FBFB'FBFB'FBFBU); });
}

struct ElementTaints {
    std::array<Taint, 4> each{};
    struct InPart {
        unsigned element = 0;
        unsigned lane = 0;
        std::uint8_t bytes = 0;  // that are poison
    };
    std::vector<InPart> in_part;
};

// What is doubtful of a vector is so element by element, and poison byte by byte.
void note_load(const Warp& warp, const Op& op, const Part& part, unsigned bytes,
               ElementTaints& taints) {
    for (Taint& taint : taints.each)
        taint.poison |= part.bad;
    if (part.mask == 0) return;
    const Taint found = check_load(warp, op, part, bytes);
    if ((found.poison | found.environment) != 0) {
        const unsigned each = bytes / op.elements;
        for (unsigned e = 0; e < op.elements; e++) {
            const Taint own = op.elements == 1 ? found : taint_in_memory(part, e * each, each);
            taints.each.at(e).poison |= own.poison;
            taints.each.at(e).environment |= own.environment;
            for_lanes(own.poison & part.mask, [&](unsigned i) {
                taints.in_part.push_back({e, i, poison_in_memory(part, i, e * each, each)});
            });
        }
    }
    if ((op.flags & kConstant) != 0 && part.region->writable())
        mark_constant(*part.region, part, op.site, bytes);
    count_access(warp, part, bytes);
    synchronise_load(warp, op, part);
}

// A strong load that nothing orders after what was written may find what was there before.
template <class M, class R>
[[gnu::noinline]] void take_old(const Warp& warp, const Op& op, const Part& part) {
    std::array<std::byte, 16> old;
    for_lanes(part.mask, [&](unsigned i) {
        const Touch touch{.block = *warp.block,
                          .region = *part.region,
                          .offset = part.offsets[i],
                          .bytes = static_cast<unsigned>(sizeof(M) * op.elements),
                          .thread = warp.thread(i),
                          .site = op.site};
        if (!sees_old(touch, old)) return;
        for (unsigned e = 0; e < op.elements; e++) {
            M value;
            std::memcpy(&value, old.data() + e * sizeof(M), sizeof(M));
            // NOLINTNEXTLINE(bugprone-signed-char-misuse): a signed load spreads the sign
            row<R>(warp, row_of(warp, op, e, op.d))[i] = static_cast<R>(value);
        }
    });
}

// Bytes that are poison in a register when those are in memory: a sign is spread over the rest.
template <class M, class R>
std::uint8_t extended(std::uint8_t bytes) {
    constexpr unsigned kAll = (1U << sizeof(R)) - 1;
    constexpr unsigned kBeyond = kAll & ~((1U << sizeof(M)) - 1);
    const bool sign = std::is_signed_v<M> && ((unsigned{bytes} >> (sizeof(M) - 1)) & 1U) != 0;
    return static_cast<std::uint8_t>(bytes | (sign ? kBeyond : 0U));
}

template <class M, class R, bool Checked>
struct Load {
    [[gnu::always_inline]] static void run(Warp& warp, const Op& op) {
        const unsigned bytes = sizeof(M) * op.elements;
        if constexpr (Checked) check_address_taint(warp, op);
        if ((op.flags & kStrong) != 0 && op.space != Space::Shared) warp.block->polls++;
        // NOLINTNEXTLINE(misc-const-correctness): some instances change it
        ElementTaints taints{};
        for_parts(warp, op, bytes, [&](Part& part) __attribute__((always_inline)) {
            if constexpr (Checked) {
                find_leaders(part);
                note_load(warp, op, part, bytes, taints);
            }
            for (unsigned e = 0; e < op.elements; e++) {
                const std::uint32_t to = row_of(warp, op, e, op.d);
                if (part.bad != 0) poison<R>(warp, part.bad, to);
                if (part.mask != 0) gather<M, R>(warp, part, e * sizeof(M), op.elements == 1, to);
            }
            if constexpr (Checked) {
                if ((op.flags & kStrong) != 0 && part.mask != 0) take_old<M, R>(warp, op, part);
            }
        });
        if constexpr (Checked) {
            for (unsigned e = 0; e < op.elements; e++) {  // two may be of one register
                const std::uint32_t to = row_of(warp, op, e, op.d);
                set_taint(warp, to, taints.each[e]);
                for (const ElementTaints::InPart& one : taints.in_part) {
                    if (one.element == e)
                        narrow_poison(warp, to, one.lane, extended<M, R>(one.bytes), sizeof(R));
                }
            }
        }
    }
};

template <class M, class R>
[[gnu::always_inline]] inline void scatter(const Warp& warp, const Part& part, unsigned at,
                                           bool single, std::uint32_t from) {
    std::byte* const data = part.region->data.data() + at;
    const auto* const values = row<R>(warp, from);
    if (part.pattern == Pattern::Consecutive && single) {
        std::array<M, kLanes> packed;
        for (unsigned i = 0; i < kLanes; i++)
            packed[i] = static_cast<M>(values[i]);
        std::memcpy(data + part.offsets[0], packed.data(), sizeof packed);
        return;
    }
    for_lanes(part.mask, [&](unsigned i) {
        const M value = static_cast<M>(values[i]);
        std::memcpy(data + part.offsets[i], &value, sizeof(M));
    });
}

template <class M, class R, bool Checked>
struct Store {
    [[gnu::always_inline]] static void run(Warp& warp, const Op& op) {
        const unsigned bytes = sizeof(M) * op.elements;
        if constexpr (Checked) check_address_taint(warp, op);
        for_parts(warp, op, bytes, [&](Part& part) __attribute__((always_inline)) {
            if (part.mask == 0 || !may_write(warp, op, part)) return;
            if constexpr (Checked) {
                count_access(warp, part, bytes);
                synchronise_store(warp, op, part, true);
                checked_store(warp, op, part, bytes);
            } else {
                for (unsigned e = 0; e < op.elements; e++) {
                    scatter<M, R>(warp, part, e * sizeof(M), op.elements == 1,
                                  row_of(warp, op, e, op.b));
                }
            }
        });
    }

private:
    static void checked_store(const Warp& warp, const Op& op, const Part& part, unsigned bytes) {
        Region& region = *part.region;
        Block& block = *warp.block;
        const bool traced = !region.trails.empty();
        const Writer writer(block, warp, region, op.site);
        if (block.copies.empty() && (!traced || writer.settles_all(part, bytes))) {
            for (unsigned e = 0; e < op.elements; e++) {
                scatter<M, R>(warp, part, e * sizeof(M), op.elements == 1,
                              row_of(warp, op, e, op.b));
            }
        } else {
            store_by_lane(warp, op, part, writer);
        }
        for (unsigned e = 0; e < op.elements; e++) {
            const std::uint32_t from = row_of(warp, op, e, op.b);
            const auto at = static_cast<unsigned>(e * sizeof(M));
            const Taint taint = taint_of(warp, from);
            shade_stored(warp, part, sizeof(M), at, taint);
            if (!warp.parts) continue;
            for_lanes(taint.poison & part.mask & warp.mask, [&](unsigned i) {
                clear_poison(part, i, at, sizeof(M), poisoned_bytes(warp, from, i));
            });
        }
    }

    // So that lanes of one instruction that meet are seen in turn.
    static void store_by_lane(const Warp& warp, const Op& op, const Part& part,
                              const Writer& writer) {
        Region& region = *part.region;
        Block& block = *warp.block;
        const unsigned bytes = sizeof(M) * op.elements;
        const bool traced = !region.trails.empty();
        for_lanes(part.mask, [&](unsigned i) {
            const std::uint32_t offset = part.offsets[i];
            if (!block.copies.empty() && is_in_flight(region.shadow.data() + offset, bytes))
                report_in_flight(warp, op.site, i, part);
            std::array<std::byte, 64> value;
            for (unsigned e = 0; e < op.elements; e++) {
                const M element = static_cast<M>(row<R>(warp, row_of(warp, op, e, op.b))[i]);
                std::memcpy(value.data() + e * sizeof(M), &element, sizeof(M));
            }
            if (traced && !writer.settles(offset, bytes, i)) {
                race_write({.block = block,
                            .region = region,
                            .offset = offset,
                            .bytes = bytes,
                            .thread = warp.thread(i),
                            .site = op.site},
                           value.data());
            }
            std::byte* const to = region.data.data() + offset;
            for (unsigned e = 0; e < op.elements; e++)
                std::memcpy(to + e * sizeof(M), value.data() + e * sizeof(M), sizeof(M));
        });
    }
};

template <class M, class R>
Pair load_pair() {
    return {handler<Load<M, R, false>>(), handler<Load<M, R, true>>()};
}
template <class M, class R>
Pair store_pair() {
    return {handler<Store<M, R, false>>(), &run_anywhere<Store<M, R, true>>};
}

}  // namespace

Pair load_handler(unsigned memory_bytes, bool sign, unsigned register_bytes) {
    using U8 = std::uint8_t;
    using S8 = std::int8_t;
    using U16 = std::uint16_t;
    using S16 = std::int16_t;
    using U32 = std::uint32_t;
    using S32 = std::int32_t;
    using U64 = std::uint64_t;
    switch (memory_bytes * 100 + register_bytes * 10 + (sign ? 1 : 0)) {
        case 120:
            return load_pair<U8, U16>();
        case 121:
            return load_pair<S8, U16>();
        case 140:
            return load_pair<U8, U32>();
        case 141:
            return load_pair<S8, U32>();
        case 180:
            return load_pair<U8, U64>();
        case 181:
            return load_pair<S8, U64>();
        case 220:
        case 221:
            return load_pair<U16, U16>();
        case 240:
            return load_pair<U16, U32>();
        case 241:
            return load_pair<S16, U32>();
        case 280:
            return load_pair<U16, U64>();
        case 281:
            return load_pair<S16, U64>();
        case 440:
        case 441:
            return load_pair<U32, U32>();
        case 480:
            return load_pair<U32, U64>();
        case 481:
            return load_pair<S32, U64>();
        case 880:
        case 881:
            return load_pair<U64, U64>();
        default:
            return {};
    }
}

Pair store_handler(unsigned memory_bytes, unsigned register_bytes) {
    using U8 = std::uint8_t;
    using U16 = std::uint16_t;
    using U32 = std::uint32_t;
    using U64 = std::uint64_t;
    switch (memory_bytes * 10 + register_bytes) {
        case 12:
            return store_pair<U8, U16>();
        case 14:
            return store_pair<U8, U32>();
        case 18:
            return store_pair<U8, U64>();
        case 22:
            return store_pair<U16, U16>();
        case 24:
            return store_pair<U16, U32>();
        case 28:
            return store_pair<U16, U64>();
        case 44:
            return store_pair<U32, U32>();
        case 48:
            return store_pair<U32, U64>();
        case 88:
            return store_pair<U64, U64>();
        default:
            return {};
    }
}

}  // namespace cupel::emulator
