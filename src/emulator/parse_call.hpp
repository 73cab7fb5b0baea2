// SPDX-License-Identifier: Apache-2.0
// Functions that the compiler did not inline (the slow path of sin, pow, __noinline__) are put
// where they are called, each call a copy: what runs knows of no calls. What is given to a call and
// given back lies in registers.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "emulator/parser.hpp"

namespace cupel::emulator {

// The functions of a module that have a body, wherever in the text it is.
class Functions {
public:
    // cursor: at the head of the module.
    explicit Functions(Cursor cursor);
    // Where the head of the function starts, behind .func; kNoPosition where there is none.
    [[nodiscard]] std::size_t find(std::string_view name) const;
    // With a body or without.
    [[nodiscard]] bool has(std::string_view name) const { return names_.contains(name); }
    // Tokens that were read once more, for a call; false where it becomes too many.
    bool spend(std::size_t tokens);

    static constexpr std::size_t kNoPosition = ~std::size_t{0};

private:
    std::set<std::string_view> names_;
    std::map<std::string_view, std::size_t> heads_;
    std::size_t left_;
};

// (a, b), or nothing.
[[nodiscard]] Result<std::vector<Token>> parse_names(Cursor& cursor);
// The function that is called next before the brace that closes; something else where none is.
[[nodiscard]] std::string_view next_call(Cursor cursor);

// A .param of a call as the registers that hold its parts.
class CallParameters {
public:
    CallParameters(const Source& source, Kernel& kernel) : source_(source), kernel_(kernel) {}
    void own(Index variable) { parts_.emplace(variable, std::map<std::uint64_t, Part>()); }
    [[nodiscard]] bool owns(Index variable) const { return parts_.contains(variable); }
    // ld.param or st.param of such a variable: what does the same with registers.
    [[nodiscard]] Result<std::vector<Instruction>> lower(const Instruction& in);

private:
    struct Part {
        unsigned bytes = 0;
        Index reg = kNoIndex;
    };
    using Parts = std::map<std::uint64_t, Part>;  // by offset

    Result<Instruction> store(const Instruction& in, Parts& parts, std::uint64_t at, unsigned bytes,
                              const Operand& value);
    Result<std::vector<Instruction>> load(const Instruction& in, const Parts& parts,
                                          std::uint64_t at, Type type, const Operand& target);
    Index new_register(unsigned bytes);

    const Source& source_;
    Kernel& kernel_;
    std::map<Index, Parts> parts_;
};

}  // namespace cupel::emulator
