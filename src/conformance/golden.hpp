// SPDX-License-Identifier: Apache-2.0
// What silicon made of every instruction form: its first lanes in full, and hashes of all of them.
// The file's bytes: docs/formats/golden.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cupel::emulator::conformance {

struct GoldenForm {
    std::string name;
    std::uint64_t text_hash = 0;             // of the form's kernel; see text_hash_of
    std::uint64_t operand_hash = 0;          // of all operands
    std::uint64_t result_hash = 0;           // of all results
    std::uint32_t lanes = 0;                 // a multiple of 32
    std::uint32_t kept = 0;                  // lanes whose results are here, from the first
    std::uint32_t lane_bytes = 0;            // of one lane's results
    std::vector<std::uint32_t> warp_hashes;  // of each 32 lanes' results
    std::vector<std::uint8_t> results;       // laid out as if there were only the kept lanes
};

struct Golden {
    std::string device;             // what recorded it
    std::vector<GoldenForm> forms;  // in the order of all_forms()
};

// All hashes are 64-bit FNV-1a over bytes; a warp's is its lower half.
[[nodiscard]] std::uint64_t hash_of(std::span<const std::uint8_t> bytes);
[[nodiscard]] std::uint64_t text_hash_of(std::size_t form_index);
// Over the results of lanes [32 * warp, 32 * warp + 32), one result after the other.
[[nodiscard]] std::uint32_t warp_hash_of(std::size_t form_index,
                                         std::span<const std::uint8_t> results, std::size_t warp);
// The results of the lanes [0, count) alone, in the same layout.
[[nodiscard]] std::vector<std::uint8_t> first_lanes(std::size_t form_index,
                                                    std::span<const std::uint8_t> results,
                                                    unsigned count);

// The record of a form, from all its results.
[[nodiscard]] GoldenForm make_golden(std::size_t form_index, std::span<const std::uint8_t> results);

[[nodiscard]] std::string write_golden(const Golden& golden);
// The bytes of the whole file, with its seal. Errors: Corrupt, with what is wrong where.
[[nodiscard]] Result<Golden> read_golden(std::string_view bytes);
// Errors: those of the file, too.
[[nodiscard]] Result<Golden> load_golden(const std::string& path);

}  // namespace cupel::emulator::conformance
