// SPDX-License-Identifier: Apache-2.0
#include "conformance/tensor_form.hpp"

#include <cstring>

#include "conformance/form.hpp"

namespace cupel::emulator::conformance {
namespace {

Type register_type(const TensorForm& form) {
    return form.a == Element::F64 ? Type::F64 : Type::B32;
}

}  // namespace

std::vector<Type> tensor_operands(const TensorForm& form) {
    std::vector<Type> types(a_registers(form), register_type(form));
    if (form.warpgroup) {
        types.push_back(Type::B16);
    } else {
        types.insert(types.end(), b_registers(form), register_type(form));
    }
    types.insert(types.end(), c_registers(form), register_type(form));
    return types;
}

std::vector<Type> tensor_results(const TensorForm& form) {
    return std::vector<Type>(c_registers(form), register_type(form));
}

namespace {

// Two bytes of B as wgmma wants it without swizzle: core matrices of 8 columns by 16 bytes along k,
// one behind the other.
std::uint64_t shared_piece(const TensorForm& form, const Tile& tile, unsigned thread) {
    const unsigned offset = 2 * thread;
    const unsigned column = offset % 128 / 16;
    const unsigned first_bit = (offset / 128 * 16 + offset % 16) * 8;
    const unsigned bits = bits_of(form.b);
    std::uint64_t word = 0;
    for (unsigned bit = first_bit; bit < first_bit + 16; bit += bits < 16 ? bits : 16) {
        const std::uint64_t element =
            tile.b[static_cast<std::size_t>(column) * form.k + bit / bits] >> (bit % bits);
        word |= element << (bit - first_bit);
    }
    return word & 0xffff;
}

}  // namespace

std::uint64_t pack_operand(const TensorForm& form, const Tile& tile, unsigned place,
                           unsigned thread) {
    const unsigned lane = thread % 32;
    const unsigned in_a = a_registers(form);
    const unsigned in_b = form.warpgroup ? 1 : b_registers(form);
    std::uint64_t word = 0;
    if (place < in_a) {
        const unsigned bits = bits_of(form.a);
        for (unsigned part = 0; part < bits_of_register(form) / bits; ++part) {
            const Cell at = cell_in_a(form, lane, place, part);
            word |= tile.a[static_cast<std::size_t>(at.row) * form.k + at.column] << (part * bits);
        }
        return word;
    }
    if (place < in_a + in_b) {
        if (form.warpgroup) return shared_piece(form, tile, thread);
        const unsigned bits = bits_of(form.b);
        for (unsigned part = 0; part < bits_of_register(form) / bits; ++part) {
            const Cell at = cell_in_b(form, lane, place - in_a, part);
            word |= tile.b[static_cast<std::size_t>(at.column) * form.k + at.row] << (part * bits);
        }
        return word;
    }
    const unsigned bits = bits_of_accumulator(form);
    for (unsigned part = 0; part < bits_of_register(form) / bits; ++part) {
        const Cell at = cell_in_c(form, lane, place - in_a - in_b, part);
        word |= tile.c[static_cast<std::size_t>(at.row) * form.n + at.column] << (part * bits);
    }
    return word;
}

std::uint64_t result_at(const TensorForm& form, std::span<const std::uint8_t> results,
                        std::size_t number, Cell cell) {
    const Slot slot = slot_of_c(form, cell);
    const unsigned width = bits_of_register(form) / 8;
    const std::size_t lanes = results.size() / width / c_registers(form);
    std::uint64_t word = 0;
    std::memcpy(&word, &results[(slot.reg * lanes + number * 32 + slot.lane) * width], width);
    return form.c == Accumulator::F16 ? word >> (16 * slot.part) & 0xffff : word;
}

std::vector<std::uint64_t> expected_tile(const TensorForm& form, const Tile& tile) {
    std::vector<std::uint64_t> results(tile.c.size());
    multiply(form, tile.a, tile.b, tile.c, results);
    return results;
}

void place_tile(const TensorForm& form, const Tile& tile, std::size_t number, std::size_t count,
                std::uint8_t* operands) {
    const std::vector<Type> types = tensor_operands(form);
    std::size_t array = 0;
    for (unsigned place = 0; place < types.size(); ++place) {
        const unsigned width = bytes_of(types[place]);
        for (unsigned lane = 0; lane < 32; ++lane) {
            const auto thread =
                form.warpgroup ? static_cast<unsigned>(number % 4) * 32 + lane : lane;
            const std::uint64_t word = pack_operand(form, tile, place, thread);
            std::memcpy(operands + array + (number * 32 + lane) * width, &word, width);
        }
        array += count * 32 * width;
    }
}

std::vector<std::uint8_t> tile_operands(const TensorForm& form, std::uint64_t key,
                                        std::uint64_t first, unsigned count) {
    std::vector<std::uint8_t> out(bytes_per_lane(tensor_operands(form)) * count * 32);
    for (unsigned i = 0; i < count; ++i)
        place_tile(form, make_tile(form, key, first + i), i, count, out.data());
    return out;
}

}  // namespace cupel::emulator::conformance
