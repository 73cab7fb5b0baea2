// SPDX-License-Identifier: Apache-2.0
// What names mean within the braces of a body.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "emulator/parser.hpp"

namespace cupel::emulator {

// .reg .b32 %r<40>; declares a prefix and a count, .reg .pred p; one name.
struct Declared {
    Type type = Type::B32;
    std::uint64_t count = 0;  // 0: the name itself
    std::unordered_map<std::uint64_t, Index> used;
};

struct Pending {
    std::size_t instruction;
    std::size_t operand;
};

struct Braces {
    std::map<std::string_view, Declared> registers;
    std::map<std::string_view, Index> variables;
    std::map<std::string_view, std::size_t> labels;
    std::map<std::string_view, std::vector<Pending>> wanted;
    bool of_function = false;               // names of the caller are out of sight
    std::string_view function;              // its name, if so
    std::optional<std::string_view> calls;  // the next function that is called within
};

// From the innermost scope outwards; kNoIndex where there is none. A register that is named for the
// first time becomes one of the kernel's.
[[nodiscard]] Index find_register(std::vector<Braces>& scopes, std::string_view name,
                                  Kernel& kernel);
[[nodiscard]] Index find_variable(const std::vector<Braces>& scopes, std::string_view name,
                                  const Module& module);
// Of `.pragma "used_bytes_mask 4095"`, which is of the load that follows: a compiler widened it.
// Others say nothing of what a kernel means, and change nothing here.
void read_used_bytes(std::string_view pragma, std::uint32_t& used);

}  // namespace cupel::emulator
