// SPDX-License-Identifier: Apache-2.0
// Matrix instructions as forms: which lane's register holds which element, and tiles that are hard
// on an accumulator. One warp is one tile.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "conformance/operand.hpp"
#include "emulator/fragment.hpp"

namespace cupel::emulator::conformance {

struct TensorForm : MatrixOperation {
    std::string name;  // the instruction
};

// In the order of their forms in all_forms().
[[nodiscard]] const std::vector<TensorForm>& tensor_forms();
// The place in all_forms() of the first of them.
[[nodiscard]] std::size_t first_tensor_form();
[[nodiscard]] bool is_tensor_form(std::size_t form_index);

// Operands of the kernel in order: the registers of A, of B (of a warpgroup: 16 bits a lane of the
// tile in shared memory), of C.
[[nodiscard]] std::vector<Type> tensor_operands(const TensorForm& form);
[[nodiscard]] std::vector<Type> tensor_results(const TensorForm& form);

// A tile's elements, row by row; B by column, so that both lie along k.
struct Tile {
    std::vector<std::uint64_t> a, b, c;
};
[[nodiscard]] Tile make_tile(const TensorForm& form, std::uint64_t key, std::uint64_t number);

// Operand `place` of a thread of its warp, or of its warpgroup (0 to 127).
[[nodiscard]] std::uint64_t pack_operand(const TensorForm& form, const Tile& tile, unsigned place,
                                         unsigned thread);
// Element (row, column) of the result of tile `number` of `count`, taken from a kernel's results.
[[nodiscard]] std::uint64_t result_at(const TensorForm& form, std::span<const std::uint8_t> results,
                                      std::size_t number, Cell cell);
// What the rule gives for it, row by row.
[[nodiscard]] std::vector<std::uint64_t> expected_tile(const TensorForm& form, const Tile& tile);

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
