// SPDX-License-Identifier: Apache-2.0
#include "emulator/wmma.hpp"

#include <fmt/format.h>

#include "emulator/code.hpp"
#include "emulator/matrix.hpp"

// After the names of elements, which are those of integers too.
#include "emulator/integers.hpp"

namespace cupel::emulator {
namespace {

void report_uneven(const Warp& warp, const Op& op, unsigned lane) {
    warp.block->grid.findings.add(
        warp.block->event(warp, lane, op, Fault::MaskError), 8,
        [&](const std::string& here, const std::string&) {
            return fmt::format("{} gives another address or stride than the first lane of its warp",
                               here);
        });
}

void report_alignment(const Warp& warp, const Op& op, std::string_view what, U64 bytes,
                      U32 alignment) {
    const auto lane = static_cast<unsigned>(std::countr_zero(warp.mask));
    warp.block->grid.findings.add(warp.block->event(warp, lane, op, Fault::Misaligned), 1,
                                  [&](const std::string& here, const std::string&) {
                                      return fmt::format("{} has {} of {} bytes, no multiple of {}",
                                                         here, what, bytes, alignment);
                                  });
}

// Lane, and half of its register, that hold an element of a matrix of 8 by 8.
struct Holder {
    unsigned lane = 0;
    unsigned half = 0;
};
Holder holder_of(unsigned along, unsigned across, bool transposed) {
    if (transposed) return {across * 4 + along / 2, along % 2};
    return {along * 4 + across / 2, across % 2};
}

U32 half_of(const U32* values, const Holder& from) {
    return (values[from.lane] >> (16 * from.half)) & 0xFFFF;
}
U32 bit_of(U32 lanes, unsigned lane) {
    return (lanes >> lane) & 1;
}

template <bool Checked>
void collect(Warp& warp, const Op& op) {
    const auto& list = warp.block->grid.code.lists[op.target];
    const U32 givers = op.elements == 4 ? kAllLanes : (1U << (8U * op.elements)) - 1;
    (void)needs_all_lanes(warp, op);
    for (unsigned word = 0; word < 4; word++) {
        std::array<U32, kLanes> values{};
        // NOLINTNEXTLINE(misc-const-correctness): some instances change it
        Taint taint;
        for_lanes(givers & warp.mask, [&](unsigned i) {
            const std::uint32_t from = list[4 + i / 8];
            const Holder low = holder_of(i % 8, 2 * word, op.bytes == 1);
            const Holder high = holder_of(i % 8, 2 * word + 1, op.bytes == 1);
            const auto* const held = row<U32>(warp, from);
            values[i] = (half_of(held, high) << 16) | half_of(held, low);
            if constexpr (Checked) {
                const Taint of = taint_of(warp, from);
                taint.poison |= (bit_of(of.poison, low.lane) | bit_of(of.poison, high.lane)) << i;
                taint.environment |=
                    (bit_of(of.environment, low.lane) | bit_of(of.environment, high.lane)) << i;
            }
        });
        store_row(warp, list[word], values.data());
        if constexpr (Checked) set_taint(warp, list[word], taint);
    }
}

template <bool Checked>
void transpose(Warp& warp, const Op& op) {
    if (!needs_all_lanes(warp, op)) return;
    const auto* const held = row<U32>(warp, op.a);
    const Taint of = taint_of(warp, op.a);
    std::array<U32, kLanes> values;
    Taint taint;
    for (unsigned i = 0; i < kLanes; i++) {
        const Holder low = holder_of(i / 4, i % 4 * 2, true);
        const Holder high = holder_of(i / 4, i % 4 * 2 + 1, true);
        values[i] = (half_of(held, high) << 16) | half_of(held, low);
        taint.poison |= (bit_of(of.poison, low.lane) | bit_of(of.poison, high.lane)) << i;
        taint.environment |= (bit_of(of.environment, low.lane) | bit_of(of.environment, high.lane))
                             << i;
    }
    store_row(warp, op.d, values.data());
    if constexpr (Checked) set_taint(warp, op.d, taint);
}

}  // namespace

void meet_at_matrix(Warp& warp, const Op& op) {
    (void)needs_all_lanes(warp, op);
    const auto* const stride = row<U32>(warp, op.b);
    const auto& rule = warp.block->grid.code.lists[op.target];
    std::array<U64, kLanes> address{};
    for (unsigned i = 0; i < kLanes; i++) {
        const U64 held =
            (op.flags & kNarrowAddress) != 0 ? row<U32>(warp, op.a)[i] : row<U64>(warp, op.a)[i];
        address[i] = held + static_cast<U64>(op.imm);
    }
    const auto first = static_cast<unsigned>(std::countr_zero(warp.mask));
    U32 uneven = 0;
    for_lanes(warp.mask, [&](unsigned i) {
        const bool same = address[i] == address[first] && stride[i] == stride[first];
        uneven |= U32{!same} << i;
    });
    if (uneven != 0) report_uneven(warp, op, static_cast<unsigned>(std::countr_zero(uneven)));
    const U64 step = U64{stride[first]} * rule[kElementBytes];
    if (address[first] % rule[kBaseAlignment] != 0)
        report_alignment(warp, op, "a matrix at an address", address[first], rule[kBaseAlignment]);
    if (step % rule[kRowAlignment] != 0)
        report_alignment(warp, op, "a stride", step, rule[kRowAlignment]);
    std::array<U32, kLanes> strides;
    load_row(warp, op.b, strides.data());
    store_row(warp, op.d, address.data());
    store_row(warp, op.d2, strides.data());
}

void place_elements(Warp& warp, const Op& op) {
    const auto& list = warp.block->grid.code.lists[op.target];
    const auto* const base = row<U64>(warp, op.a);
    const auto* const stride = row<U32>(warp, op.b);
    std::array<U64, kLanes> address;
    for (unsigned i = 0; i < kLanes; i++) {
        const U64 elements = U64{list[i] >> 16} * stride[i] + (list[i] & 0xFFFF);
        address[i] = base[i] + elements * op.bytes;
    }
    store_row(warp, op.d, address.data());
}

void join_parts(Warp& warp, const Op& op) {
    const std::array<std::uint32_t, 4> from = {op.a, op.b, op.c, op.e};
    std::array<U32, kLanes> values{};
    for (unsigned part = 0; part < op.elements; part++) {
        const auto* const parts = row<U16>(warp, from[part]);
        const U32 mask = op.bytes == 1 ? 0xFF : 0xFFFF;
        for (unsigned i = 0; i < kLanes; i++)
            values[i] |= (parts[i] & mask) << (8U * op.bytes * part);
    }
    store_row(warp, op.d, values.data());
}

void take_half(Warp& warp, const Op& op) {
    const auto* const from = row<U32>(warp, op.a);
    std::array<U16, kLanes> values;
    for (unsigned i = 0; i < kLanes; i++)
        values[i] = static_cast<U16>(from[i] >> op.imm);
    store_row(warp, op.d, values.data());
}

void choose_givers(Warp& warp, const Op& op) {
    set_predicate(warp, op.d, (predicate(warp, op.a) ^ op.target) & static_cast<U32>(op.imm));
}
void collect_rows(Warp& warp, const Op& op) {
    collect<false>(warp, op);
}
void collect_rows_checked(Warp& warp, const Op& op) {
    collect<true>(warp, op);
}
void transpose_matrix(Warp& warp, const Op& op) {
    transpose<false>(warp, op);
}
void transpose_matrix_checked(Warp& warp, const Op& op) {
    transpose<true>(warp, op);
}

}  // namespace cupel::emulator
