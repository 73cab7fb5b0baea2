// SPDX-License-Identifier: Apache-2.0
#include "emulator/matrix.hpp"

#include <fmt/format.h>

#include "emulator/code.hpp"
#include "emulator/integers.hpp"

namespace cupel::emulator {
namespace {

template <class Place>
std::vector<U16> places(unsigned registers, unsigned parts, Place place) {
    std::vector<U16> result;
    for (unsigned lane = 0; lane < kLanes; lane++) {
        for (unsigned reg = 0; reg < registers; reg++) {
            for (unsigned part = 0; part < parts; part++)
                result.push_back(static_cast<U16>(place(lane, reg, part)));
        }
    }
    return result;
}

// The elements of some registers.
struct Elements {
    std::span<const U32> rows;
    unsigned bits = 0;
    const std::vector<U16>& where;
};

// Calls use(index of the element, bits, lane, row) for each of them.
template <class Use>
void for_elements(const Warp& warp, const Elements& elements, unsigned register_bits, Use use) {
    const auto& [rows, bits, where] = elements;
    const unsigned parts = register_bits / bits;
    const U64 mask = bits == 64 ? ~U64{0} : (U64{1} << bits) - 1;
    std::size_t at = 0;
    for (unsigned lane = 0; lane < kLanes; lane++) {
        for (const U32 offset : rows) {
            const U64 value =
                register_bits == 64 ? row<U64>(warp, offset)[lane] : row<U32>(warp, offset)[lane];
            for (unsigned part = 0; part < parts; part++)
                use(where[at++], (value >> (part * bits)) & mask, lane, offset);
        }
    }
}

struct Operands {
    std::span<const U32> d, a, b, c;
};
Operands operands_of(const Warp& warp, const Op& op, const MatrixPlan& plan) {
    const std::span<const U32> all = warp.block->grid.code.lists[op.target];
    return {.d = all.first(plan.c),
            .a = all.subspan(plan.c, plan.a),
            .b = all.subspan(plan.c + plan.a, plan.b),
            .c = all.subspan(plan.c + plan.a + plan.b, plan.c)};
}

// The doubt of an element of d is that of a row of a, a column of b and one element of c.
void spread_matrix_taint(Warp& warp, const MatrixPlan& plan, const Operands& operands) {
    const MatrixOperation& op = plan.operation;
    std::vector<std::uint8_t> rows(op.m, 0);
    std::vector<std::uint8_t> columns(op.n, 0);
    std::vector<std::uint8_t> cells(std::size_t{op.m} * op.n, 0);
    const auto doubt = [&](unsigned lane, U32 offset) {
        const Taint taint = taint_of(warp, offset);
        return static_cast<std::uint8_t>(((taint.poison >> lane) & 1) * kPoison |
                                         ((taint.environment >> lane) & 1) * kFromEnvironment);
    };
    const unsigned width = bits_of_register(op);
    for_elements(
        warp, {operands.a, bits_of(op.a), plan.a_places}, width,
        [&](U16 at, U64, unsigned lane, U32 offset) { rows[at / op.k] |= doubt(lane, offset); });
    for_elements(
        warp, {operands.b, bits_of(op.b), plan.b_places}, width,
        [&](U16 at, U64, unsigned lane, U32 offset) { columns[at / op.k] |= doubt(lane, offset); });
    const unsigned bits = bits_of_accumulator(op);
    for_elements(warp, {operands.c, bits, plan.c_places}, width,
                 [&](U16 at, U64, unsigned lane, U32 offset) { cells[at] |= doubt(lane, offset); });
    for (const U32 offset : operands.d)
        set_taint(warp, offset, {});
    for_elements(warp, {operands.d, bits, plan.c_places}, width,
                 [&](U16 at, U64, unsigned lane, U32 offset) {
                     const unsigned seen = rows[at / op.n] | columns[at % op.n] | cells[at];
                     Taint& taint = taint_of(warp, offset);
                     taint.poison |= U32{(seen & kPoison) != 0} << lane;
                     taint.environment |= U32{(seen & kFromEnvironment) != 0} << lane;
                 });
}

struct Rows16 {
    std::array<std::array<U16, 8>, kLanes> values{};
    Taint taint;  // by the lane that gave the address
};

Rows16 read_rows(Warp& warp, const Op& op, bool checks) {
    Rows16 rows;
    const U32 before = warp.mask;
    const unsigned givers = 8U * op.elements;
    warp.mask = givers == kLanes ? kAllLanes : (1U << givers) - 1;
    for_parts(warp, op, 16, [&](Part& part) {
        find_leaders(part);
        rows.taint.poison |= part.bad;
        if (part.mask == 0) return;
        if (checks) {
            const Taint found = check_load(warp, op, part, 16);
            rows.taint.poison |= found.poison;
            rows.taint.environment |= found.environment;
            count_access(warp, part, 16);
        }
        for_lanes(part.mask, [&](unsigned i) {
            std::memcpy(rows.values[i].data(), part.region->data.data() + part.offsets[i], 16);
        });
    });
    warp.mask = before;
    return rows;
}

void give_rows(Warp& warp, const Op& op, const Rows16& rows, bool checks) {
    const bool transposed = op.bytes == 1;
    const auto& list = warp.block->grid.code.lists[op.target];
    for (unsigned m = 0; m < op.elements; m++) {
        std::array<U32, kLanes> values;
        Taint taint;
        for (unsigned lane = 0; lane < kLanes; lane++) {
            const unsigned across = lane / 4;
            const unsigned along = 2 * (lane % 4);
            const unsigned first = 8 * m + (transposed ? along : across);
            const unsigned second = transposed ? first + 1 : first;
            const U16 low = rows.values[first][transposed ? across : along];
            const U16 high = rows.values[second][transposed ? across : along + 1];
            values[lane] = (U32{high} << 16) | low;
            taint.poison |= (((rows.taint.poison >> first) | (rows.taint.poison >> second)) & 1)
                            << lane;
            taint.environment |=
                (((rows.taint.environment >> first) | (rows.taint.environment >> second)) & 1)
                << lane;
        }
        store_row(warp, list[m], values.data());
        if (checks) set_taint(warp, list[m], taint);
    }
}

}  // namespace

bool needs_all_lanes(const Warp& warp, const Op& op) {
    if (warp.mask == kAllLanes) return true;
    const auto lane = static_cast<unsigned>(std::countr_zero(warp.mask));
    warp.block->grid.findings.add(warp.block->event(warp, lane, op, Fault::MaskError), 7,
                                  [&](const std::string& here, const std::string&) {
                                      return fmt::format("{} needs all 32 lanes, and {} are there",
                                                         here, std::popcount(warp.mask));
                                  });
    return false;
}

MatrixPlan make_plan(const MatrixOperation& op) {
    MatrixPlan plan{.operation = op,
                    .a = a_registers(op),
                    .b = b_registers(op),
                    .c = c_registers(op),
                    .a_places = {},
                    .b_places = {},
                    .c_places = {}};
    const unsigned width = bits_of_register(op);
    plan.a_places = places(plan.a, width / bits_of(op.a), [&](unsigned l, unsigned r, unsigned p) {
        const Cell cell = cell_in_a(op, l, r, p);
        return cell.row * op.k + cell.column;
    });
    plan.b_places = places(plan.b, width / bits_of(op.b), [&](unsigned l, unsigned r, unsigned p) {
        const Cell cell = cell_in_b(op, l, r, p);
        return cell.column * op.k + cell.row;
    });
    plan.c_places =
        places(plan.c, width / bits_of_accumulator(op), [&](unsigned l, unsigned r, unsigned p) {
            const Cell cell = cell_in_c(op, l, r, p);
            return cell.row * op.n + cell.column;
        });
    return plan;
}

void load_matrix(Warp& warp, const Op& op) {
    if (!needs_all_lanes(warp, op)) return;
    give_rows(warp, op, read_rows(warp, op, false), false);
}

void load_matrix_checked(Warp& warp, const Op& op) {
    if (!needs_all_lanes(warp, op)) return;
    check_address_taint(warp, op);
    give_rows(warp, op, read_rows(warp, op, true), true);
}

void multiply_matrices(Warp& warp, const Op& op) {
    if (!needs_all_lanes(warp, op)) return;
    const MatrixPlan& plan = *warp.block->grid.code.plans[static_cast<std::size_t>(op.imm)];
    const MatrixOperation& shape = plan.operation;
    const Operands operands = operands_of(warp, op, plan);
    std::vector<U64> a(std::size_t{shape.m} * shape.k);
    std::vector<U64> b(std::size_t{shape.n} * shape.k);
    std::vector<U64> c(std::size_t{shape.m} * shape.n);
    std::vector<U64> d(c.size());
    const unsigned width = bits_of_register(shape);
    const unsigned bits = bits_of_accumulator(shape);
    for_elements(warp, {operands.a, bits_of(shape.a), plan.a_places}, width,
                 [&](U16 at, U64 value, unsigned, U32) { a[at] = value; });
    for_elements(warp, {operands.b, bits_of(shape.b), plan.b_places}, width,
                 [&](U16 at, U64 value, unsigned, U32) { b[at] = value; });
    for_elements(warp, {operands.c, bits, plan.c_places}, width,
                 [&](U16 at, U64 value, unsigned, U32) { c[at] = value; });
    multiply(shape, a, b, c, d);
    std::size_t at = 0;
    for (unsigned lane = 0; lane < kLanes; lane++) {
        for (const U32 offset : operands.d) {
            U64 value = 0;
            for (unsigned part = 0; part < width / bits; part++)
                value |= d[plan.c_places[at++]] << (part * bits);
            if (width == 64) {
                row<U64>(warp, offset)[lane] = value;
            } else {
                row<U32>(warp, offset)[lane] = static_cast<U32>(value);
            }
        }
    }
}

void multiply_matrices_checked(Warp& warp, const Op& op) {
    if (warp.mask == kAllLanes) {
        const MatrixPlan& plan = *warp.block->grid.code.plans[static_cast<std::size_t>(op.imm)];
        spread_matrix_taint(warp, plan, operands_of(warp, op, plan));
    }
    multiply_matrices(warp, op);
}

}  // namespace cupel::emulator
