// SPDX-License-Identifier: Apache-2.0
// Matrix instructions as forms: which lane's register holds which element, and tiles that are hard
// on an accumulator. One warp is one tile.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emulator/conformance/operand.hpp"
#include "emulator/tensor_core.hpp"

namespace cupel::emulator::conformance {

enum class Accumulator : std::uint8_t { F32, F16, S32, F64 };

struct TensorForm {
    std::string name;  // the instruction
    unsigned m, n, k;
    Element a, b;
    Accumulator c;
    bool saturates = false;  // integers: .satfinite
    bool both_bits = false;  // of bits: and.popc, not xor.popc
    bool warpgroup = false;  // wgmma: four warps share one B, which lies in shared memory
};

// Registers of one lane: 32 bits each, 64 of F64.
[[nodiscard]] unsigned a_registers(const TensorForm& form);
[[nodiscard]] unsigned b_registers(const TensorForm& form);
[[nodiscard]] unsigned c_registers(const TensorForm& form);

// In the order of their forms in all_forms().
[[nodiscard]] const std::vector<TensorForm>& tensor_forms();
// The place in all_forms() of the first of them.
[[nodiscard]] std::size_t first_tensor_form();
[[nodiscard]] bool is_tensor_form(std::size_t form_index);

// Operands of the kernel in order: the registers of A, of B (of a warpgroup: 16 bits a lane of the
// tile in shared memory), of C.
[[nodiscard]] std::vector<Type> tensor_operands(const TensorForm& form);
[[nodiscard]] std::vector<Type> tensor_results(const TensorForm& form);

struct Place {
    unsigned row, column;
};
// Where the element `part` (lowest bits first) of a register lies; of A (row, k), of B (k, column).
[[nodiscard]] Place place_in_a(const TensorForm& form, unsigned lane, unsigned reg, unsigned part);
[[nodiscard]] Place place_in_b(const TensorForm& form, unsigned lane, unsigned reg, unsigned part);
[[nodiscard]] Place place_in_c(const TensorForm& form, unsigned lane, unsigned reg, unsigned part);

// A tile's elements, row by row; B by column, so that both lie along k.
struct Tile {
    std::vector<std::uint64_t> a, b, c;
};
[[nodiscard]] Tile make_tile(const TensorForm& form, std::uint64_t key, std::uint64_t number);

// Operand `place` of a thread of its warp, or of its warpgroup (0 to 127).
[[nodiscard]] std::uint64_t pack_operand(const TensorForm& form, const Tile& tile, unsigned place,
                                         unsigned thread);
// Element (row, column) of the result, taken from the results of a warp.
[[nodiscard]] unsigned result_register(const TensorForm& form, Place place, unsigned& lane,
                                       unsigned& part);

// Writes the operands of one tile of `count` into their places in the kernel's layout.
void place_tile(const TensorForm& form, const Tile& tile, std::size_t number, std::size_t count,
                std::uint8_t* operands);
// The operands of tiles [first, first + count) in the kernel's layout, 32 lanes a tile.
[[nodiscard]] std::vector<std::uint8_t> tile_operands(const TensorForm& form, std::uint64_t key,
                                                      std::uint64_t first, unsigned count);

// Tiles whose results are kept as golden data; a multiple of 8.
inline constexpr unsigned kGoldenTiles = 256;

// Classes that tile numbers run through.
inline constexpr unsigned kTileClasses = 16;

}  // namespace cupel::emulator::conformance
