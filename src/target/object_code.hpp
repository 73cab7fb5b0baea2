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
    int scalar = 0;                         // on one number
    int packed = 0;                         // on as many as a vector register holds
    int widest = 0;                         // bytes of the widest register that these use
    std::map<std::string, int> calls = {};  // of functions of libraries: places
};

// The words of objdump about an x86-64 object; of others nothing is counted.
[[nodiscard]] ObjectCode read_disassembly(std::string_view words);

// Disassembles in a cell, as the object is a stranger's. None where there is no objdump, or it
// makes nothing of the object. A hundredth of a second or two.
[[nodiscard]] Result<std::optional<ObjectCode>> object_code(const std::filesystem::path& object);

}  // namespace cupel::target
