// SPDX-License-Identifier: Apache-2.0
// An instruction form: a few lines of PTX over registers %a0, %a1, ... (operands) and %d0, %d1, ...
// (results), with everything needed to run it in a kernel of its own. The same text runs on silicon
// (device/) and on the emulator, and must give the same bits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/operand.hpp"

namespace cupel::emulator::conformance {

// What the result is held to.
enum class Promise : std::uint8_t {
    Bits,         // IEEE or integer arithmetic: the emulator must give the same bits
    Approximate,  // the instruction promises an error bound only
    Unspecified,  // the instruction set leaves part of it open; kept to know what silicon does
};

struct Form {
    std::string name;  // unique; most are the instruction itself
    std::string body;  // PTX; may use %lane (0 to 31), %t (thread of the block), %m0... (the
                       // address of a result's slot, for results that the body stores itself)
    std::vector<Type> in;
    std::vector<Type> out;
    Promise promise = Promise::Bits;
    unsigned stored_by_body = 0;  // one bit a result: the epilogue leaves it alone
    bool hopper_only = false;     // sm_90a: of this architecture alone

    [[nodiscard]] std::uint64_t key() const { return key_of(name); }
};

// Threads of a block, in every form; the lanes of a form are a multiple.
inline constexpr unsigned kBlock = 256;

using Forms = std::vector<Form>;

// The kernel `name(u64 in, u64 out, u32 lanes)`. Operand k of lane i lies in `in` at
// lanes * (bytes of the operands before it) + i * (its bytes); results in `out` in the same way.
[[nodiscard]] std::string kernel_text(const Form& form, std::string_view kernel_name);

// "f" and the form's place in all_forms(), four digits.
[[nodiscard]] std::string kernel_name(std::size_t index);

// How many lanes a form's golden results have, and all their operands in the kernel's layout.
[[nodiscard]] unsigned lanes_of(std::size_t form_index);
[[nodiscard]] std::vector<std::uint8_t> operands_of(std::size_t form_index);
[[nodiscard]] std::size_t bytes_per_lane(const std::vector<Type>& types);

// All forms cut into modules of one target each.
struct Range {
    std::size_t first = 0;
    std::size_t count = 0;
};
[[nodiscard]] std::vector<Range> modules();

// A module of the forms [first, first + count) of the list.
[[nodiscard]] std::string module_text(const std::vector<Form>& forms, std::size_t first,
                                      std::size_t count);

// Every form, always in the same order.
[[nodiscard]] const Forms& all_forms();

// Adds `op %d0, %a0, ...;`, under the name op.
void add_plain(Forms& forms, const std::string& op, Type out, std::vector<Type> in,
               Promise promise = Promise::Bits);

void add_integer_forms(Forms& forms);
void add_bit_forms(Forms& forms);
void add_compare_forms(Forms& forms);
void add_float_forms(Forms& forms);
void add_half_forms(Forms& forms);
void add_convert_forms(Forms& forms);
void add_warp_forms(Forms& forms);
void add_memory_forms(Forms& forms);
void add_wmma_forms(Forms& forms);
void add_tensor_forms(Forms& forms);

}  // namespace cupel::emulator::conformance
