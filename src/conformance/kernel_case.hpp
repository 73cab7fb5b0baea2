// SPDX-License-Identifier: Apache-2.0
// Whole kernels with their buffers, launches and a reference in double. Silicon and the emulator
// run the same PTX (src/emulator/kernels) on the same inputs, which come from the counter-based
// generator.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "emulator/tensor_core.hpp"

namespace cupel::emulator::conformance {

enum class Word : std::uint8_t { F32, F64, F16, Bf16, I32, U32, U64, U8 };
[[nodiscard]] unsigned bytes_of(Word word);

struct Array {
    enum class Fill : std::uint8_t {
        Zero,
        Uniform,       // multiples of 2^-23 in [-1, 1)
        SixtyFourths,  // k / 64, |k| <= 64: exact in every float type
        SmallWhole,    // -8 to 8
        Whole,         // -1000 to 1000
        SkewedBytes,   // 0 to 255, small ones more often
    };
    std::string name;
    Word word = Word::F32;
    std::size_t count = 0;
    Fill fill = Fill::Zero;
    bool output = false;
};

struct Launch {
    // A buffer's place, or a whole number.
    struct Argument {
        int buffer = -1;
        std::int32_t number = 0;
    };
    std::string kernel;
    std::array<unsigned, 3> grid{1, 1, 1};
    std::array<unsigned, 3> block{1, 1, 1};
    std::vector<Argument> arguments;
};

using Columns = std::vector<std::vector<double>>;

struct KernelCase {
    std::string name;  // of the .cu file without its ending
    std::vector<Array> arrays;
    std::vector<Launch> launches;
    // Fills the outputs among the columns, one a buffer, from the inputs.
    void (*reference)(Columns& columns) = nullptr;
    int racy_mutants = 0;  // compiled with DROPPED=1, 2, ...
};

[[nodiscard]] const std::vector<KernelCase>& kernel_cases();

// The first content of a buffer.
[[nodiscard]] std::vector<std::uint8_t> initial_bytes(const KernelCase& kernel, std::size_t array);
[[nodiscard]] std::vector<double> as_doubles(Word word, const std::vector<std::uint8_t>& bytes);
// The columns with the outputs as they should be.
[[nodiscard]] Columns reference_columns(const KernelCase& kernel);

}  // namespace cupel::emulator::conformance
