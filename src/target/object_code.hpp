// SPDX-License-Identifier: Apache-2.0
// What a compiled kernel is made of, read from its instructions: evidence for whoever makes it
// faster. Counts of the text, not of what runs; nothing is decided by them.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cupel::target {

struct ObjectCode {
    // Instructions that add, multiply, divide, compare to a maximum or take a root, of reals.
    int scalar = 0;    // on one number
    int packed = 0;    // on as many as a vector register holds
    int widest = 0;    // bytes of the widest register that these use
    int doubles = 0;   // of scalar and packed, those on 64 bits a number
    int halves = 0;    // on 16 bits a number, conversions from them included
    int gathers = 0;   // loads from as many places as a vector has numbers
    int streamed = 0;  // stores past the caches
    int prefetches = 0;
    int accumulators = 0;                   // registers that multiply-adds add to
    int depth = 0;                          // of its loops, nested
    int widest_in_loops = 0;                // bytes, as above
    std::map<std::string, int> calls = {};  // of functions of libraries: places
};

// The words of objdump about an x86-64 object; of others nothing is counted.
[[nodiscard]] ObjectCode read_disassembly(std::string_view words);

// How the kernel works, a word each: threads, width of vectors, tile of registers, way through
// memory, depth of loops, precision. "parallel 512-bit tiled streamed depth3 fp32". A kernel for
// which two agree is another way to write the same one.
[[nodiscard]] std::string axes_of(const ObjectCode& code);

// Disassembles in a cell, as the object is a stranger's. None where there is no objdump, or it
// makes nothing of the object. A hundredth of a second or two.
[[nodiscard]] Result<std::optional<ObjectCode>> object_code(const std::filesystem::path& object);

}  // namespace cupel::target
