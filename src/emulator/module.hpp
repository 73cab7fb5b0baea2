// SPDX-License-Identifier: Apache-2.0
// A PTX module after parsing: names are resolved, nothing is yet known of what opcodes mean.
// Views point into `text`, which the module owns.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/lexer.hpp"
#include "emulator/type.hpp"

namespace cupel::emulator {

using Index = std::uint32_t;
constexpr Index kNoIndex = ~Index{0};

// Where in the source of the kernel, by .loc: the line that a person wrote, outside of whatever was
// inlined into it. Line 0: unknown.
struct Line {
    Index file = 0;  // as numbered by .file
    std::uint32_t line = 0;
    bool operator==(const Line&) const = default;
};

struct Variable {
    std::string_view name;
    Space space = Space::Global;
    Type type = Type::B8;
    std::uint64_t bytes = 0;
    unsigned align = 1;
    bool external = false;      // extern .shared: as large as the launch says
    std::uint64_t offset = 0;   // of a parameter, in the block of parameters
    bool of_functions = false;  // holds addresses of functions, which are not known
    bool of_call = false;       // a .param declared within a call: our callees never look at it
    std::vector<std::byte> initial;
    struct Address {  // a word of the initialiser that is the address of another variable
        std::uint64_t offset = 0;
        Index variable = kNoIndex;
        bool generic = false;
        std::int64_t addend = 0;
    };
    std::vector<Address> addresses;
};

enum class OperandKind : std::uint8_t {
    Register,  // index
    Integer,   // bits
    Real,      // bits of a double
    Single,    // bits of a float
    Symbol,    // the address of variable `index`, plus bits
    Special,   // name: %tid.x
    Label,     // index of an instruction, once the kernel is whole
    Address,   // [register `index`, or variable `variable`, or neither; plus bits]
    Texel,     // [name, {elements}]: of a texture or surface, which no instruction we know has
    Vector,    // {elements}
    Sink,      // _
};

struct Operand {
    OperandKind kind = OperandKind::Integer;
    bool negated = false;  // !%p
    Index index = kNoIndex;
    Index variable = kNoIndex;  // of Symbol and Address; see variable_of
    Index second = kNoIndex;    // the register after | in %p|%q
    Offset at = 0;
    std::uint64_t bits = 0;
    std::string_view name;
    std::vector<Operand> elements;
};

struct Instruction {
    std::string_view opcode;  // with all modifiers
    Offset at = 0;
    Line line;
    Index guard = kNoIndex;  // the predicate after @
    bool guard_negated = false;
    std::vector<Operand> operands;
    std::string_view callee;  // of call
    // Of a load, a bit for each byte of one lane: the others are fetched and never looked at.
    std::uint32_t used_bytes = ~std::uint32_t{0};
};

struct Register {
    std::string_view name;
    Type type = Type::B32;
};

// Why a kernel cannot be launched, whatever else is in it.
struct Unlaunchable {
    Offset at = 0;
    Line line;  // 0: that of its first instruction
    std::string why;
};

struct Kernel {
    std::string_view name;
    std::optional<Unlaunchable> unlaunchable;
    std::vector<Index> parameters;  // those of the variables that are parameters, in order
    std::uint64_t parameter_bytes = 0;
    std::vector<Register> registers;  // those that are used
    std::vector<Variable> variables;  // its parameters, .shared and .local
    std::vector<Instruction> instructions;
    std::array<std::uint32_t, 3> required_block = {0, 0, 0};  // .reqntid
    std::array<std::uint32_t, 3> maximum_block = {0, 0, 0};   // .maxntid
};

struct Module {
    std::shared_ptr<const std::string> text;
    std::string file;  // for messages
    std::string_view target;
    std::vector<std::string_view> files;  // by number, as .file says; empty where there is none
    std::vector<Variable> variables;
    std::map<std::string_view, Index> names;  // of the variables
    std::vector<Kernel> kernels;

    [[nodiscard]] Source source() const { return {*text, file}; }
};

// An Index of a variable with this bit is one of the module, without it one of the kernel.
constexpr Index kOfModule = Index{1} << 31;
[[nodiscard]] inline const Variable& variable_of(const Module& module, const Kernel& kernel,
                                                 Index index) {
    return (index & kOfModule) != 0 ? module.variables.at(index & ~kOfModule)
                                    : kernel.variables.at(index);
}

// Errors: anything that is not well-formed PTX of 64-bit addresses, with line, column, caret and
// what was expected. Untrusted: time and memory are linear in the text.
[[nodiscard]] Result<Module> parse(std::string_view text, std::string_view file);

}  // namespace cupel::emulator
