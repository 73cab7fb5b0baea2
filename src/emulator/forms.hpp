// SPDX-License-Identifier: Apache-2.0
// The whitelist: every spelling of an arithmetic instruction that is understood, with its handler.
// What is not in it is refused when a kernel is decoded; nothing is ever guessed from a prefix.
#pragma once

#include <initializer_list>
#include <map>
#include <string>

#include "emulator/op.hpp"

namespace cupel::emulator {

struct Form {
    Handler run = nullptr;
    Handler inner = nullptr;      // set: of setp
    std::array<Type, 5> types{};  // of d, a, b, c, e
    unsigned sources = 0;
    Work work = Work::Integer;
    std::uint8_t flops = 0;
    bool selects = false;      // selp, slct: the doubt is that of what was selected
    bool pair = false;         // may have p|q for its result
    std::uint8_t flags = 0;    // for the handler: Op::flags
    bool takes_carry = false;  // e is the row of the carry
    bool gives_carry = false;  // and d2
};

class Forms {
public:
    // types: of the result, then of the sources.
    void add(std::string name, Handler run, std::initializer_list<Type> types, Work work,
             std::uint8_t flops = 0);
    void add(std::string name, Form form) { rows_.insert_or_assign(std::move(name), form); }
    [[nodiscard]] const Form* find(std::string_view name) const;
    // A spelling near to one that is not known, for a message.
    [[nodiscard]] std::string near(std::string_view name) const;

private:
    std::map<std::string, Form, std::less<>> rows_;
};

[[nodiscard]] const Forms& all_forms();

void add_integer_forms(Forms& forms);
void add_logic_forms(Forms& forms);
void add_compare_forms(Forms& forms);
void add_real_forms(Forms& forms);
void add_half_forms(Forms& forms);
void add_convert_forms(Forms& forms);
void add_convert_half_forms(Forms& forms);

}  // namespace cupel::emulator
