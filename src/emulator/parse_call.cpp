// SPDX-License-Identifier: Apache-2.0
#include "emulator/parse_call.hpp"

#include <algorithm>
#include <iterator>
#include <span>

namespace cupel::emulator {
namespace {

// Of all calls in a module: as many as the longest text has.
constexpr std::size_t kMaxSpent = std::size_t{16} << 20;

unsigned held_bytes(Type type) {
    return type == Type::Pred ? 0 : std::max(2U, bytes_of(type));
}

std::string_view move_of(unsigned bytes) {
    return bytes <= 2 ? "mov.b16" : bytes == 4 ? "mov.b32" : "mov.b64";
}

// Takes the low bytes of a register that may be wider, into one that may be wider.
std::string_view conversion_of(unsigned bytes, bool sign) {
    switch (bytes) {
        case 1:
            return sign ? "cvt.s16.s8" : "cvt.u16.u8";
        case 2:
            return sign ? "cvt.s16.s16" : "cvt.u16.u16";
        case 4:
            return sign ? "cvt.s32.s32" : "cvt.u32.u32";
        default:
            return sign ? "cvt.s64.s64" : "cvt.u64.u64";
    }
}

std::string_view shift_of(unsigned bytes) {
    return bytes <= 2 ? "shr.u16" : bytes == 4 ? "shr.u32" : "shr.u64";
}

Operand register_operand(Index index, Offset at) {
    Operand made;
    made.kind = OperandKind::Register;
    made.index = index;
    made.at = at;
    return made;
}

Instruction same_but(const Instruction& in, std::string_view opcode,
                     std::vector<Operand> operands) {
    Instruction made = in;
    made.opcode = opcode;
    made.operands = std::move(operands);
    return made;
}

}  // namespace

Functions::Functions(Cursor cursor) : left_(kMaxSpent) {
    while (!cursor.at_end()) {
        if (!cursor.accept(".func")) {
            cursor.next();
            continue;
        }
        const std::size_t head = cursor.position();
        if (cursor.at("(")) {
            while (!cursor.at(")") && !cursor.at_end())
                cursor.next();
            cursor.next();
        }
        const std::string_view name = cursor.next().text;
        names_.insert(name);
        while (!cursor.at(";") && !cursor.at("{") && !cursor.at_end())
            cursor.next();
        if (cursor.at("{")) heads_.emplace(name, head);
    }
}

std::size_t Functions::find(std::string_view name) const {
    const auto found = heads_.find(name);
    return found == heads_.end() ? kNoPosition : found->second;
}

bool Functions::spend(std::size_t tokens) {
    if (tokens > left_) return false;
    left_ -= tokens;
    return true;
}

Result<std::vector<Token>> parse_names(Cursor& cursor) {
    std::vector<Token> found;
    if (!cursor.accept("(") || cursor.accept(")")) return found;
    do {
        found.push_back(cursor.next());
    } while (cursor.accept(","));
    CUPEL_DO(cursor.expect(")", "after what a call is given"));
    return found;
}

std::string_view next_call(Cursor cursor) {
    const auto calls = [&] {
        return cursor.peek().text == "call" || cursor.peek().text.starts_with("call.");
    };
    for (int depth = 0; !cursor.at_end() && !calls(); cursor.next()) {
        if (cursor.at("{")) depth++;
        if (cursor.at("}") && --depth < 0) return {};
    }
    cursor.next();
    if (cursor.at("(")) {
        while (!cursor.at_end() && !cursor.at(")"))
            cursor.next();
        cursor.next();
        cursor.accept(",");
    }
    return cursor.peek().text;
}

Index CallParameters::new_register(unsigned bytes) {
    const Type type = bytes <= 2 ? Type::B16 : bytes == 4 ? Type::B32 : Type::B64;
    kernel_.registers.push_back({.name = "a parameter of a call", .type = type});
    return static_cast<Index>(kernel_.registers.size() - 1);
}

Result<std::vector<Instruction>> CallParameters::lower(const Instruction& in) {
    const bool stores = in.opcode.starts_with("st.param.");
    std::string_view rest = in.opcode.substr(std::string_view("ld.param.").size());
    std::size_t count = 1;
    for (const auto& [word, lanes] : {std::pair{"v2.", 2U}, std::pair{"v4.", 4U}}) {
        if (!rest.starts_with(word)) continue;
        rest.remove_prefix(3);
        count = lanes;
    }
    const auto type = type_named(rest);
    if (!type || *type == Type::Pred || bytes_of(*type) > 8 || in.operands.size() != 2) {
        return source_.error(in.at, "no access to a parameter of a call that is understood");
    }
    const Operand& place = in.operands[stores ? 0 : 1];
    const Operand& values = in.operands[stores ? 1 : 0];
    const auto elements =
        values.kind == OperandKind::Vector ? std::span(values.elements) : std::span(&values, 1);
    if (elements.size() != count) return source_.error(values.at, "expected as many as .v says");
    const Variable& variable = kernel_.variables.at(place.variable);
    const unsigned bytes = bytes_of(*type);
    const std::uint64_t room = variable.bytes;
    if (place.bits > room || room - place.bits < bytes * count) {
        return source_.error(place.at, "beyond the end of this parameter");
    }
    std::vector<Instruction> made;
    for (std::size_t i = 0; i < count; i++) {
        Parts& parts = parts_.at(place.variable);
        const std::uint64_t at = place.bits + i * bytes;
        if (stores) {
            CUPEL_TRY(Instruction one, store(in, parts, at, bytes, elements[i]));
            made.push_back(std::move(one));
        } else {
            CUPEL_TRY(std::vector<Instruction> some, load(in, parts, at, *type, elements[i]));
            std::ranges::move(some, std::back_inserter(made));
        }
    }
    return made;
}

Result<Instruction> CallParameters::store(const Instruction& in, Parts& parts, std::uint64_t at,
                                          unsigned bytes, const Operand& value) {
    const auto next = parts.lower_bound(at);
    const bool known = next != parts.end() && next->first == at && next->second.bytes == bytes;
    if (!known) {
        const bool before =
            next != parts.begin() && std::prev(next)->first + std::prev(next)->second.bytes > at;
        const bool after = next != parts.end() && next->first < at + bytes;
        if (before || after) {
            return source_.error(in.at, "two layouts of one parameter of a call");
        }
        parts[at] = {.bytes = bytes, .reg = new_register(bytes)};
    }
    const bool wider = value.kind == OperandKind::Register &&
                       held_bytes(kernel_.registers[value.index].type) > bytes;
    return same_but(in, wider ? conversion_of(bytes, false) : move_of(bytes),
                    {register_operand(parts[at].reg, in.at), value});
}

// From the part that holds it whole: of an int that was given, a function may read a short.
Result<std::vector<Instruction>> CallParameters::load(const Instruction& in, const Parts& parts,
                                                      std::uint64_t at, Type type,
                                                      const Operand& target) {
    const unsigned bytes = bytes_of(type);
    const auto next = parts.upper_bound(at);
    if (next == parts.begin() ||
        std::prev(next)->first + std::prev(next)->second.bytes < at + bytes) {
        return source_.error(in.at, "a part of a parameter that the call was not given as a whole");
    }
    const auto& [start, part] = *std::prev(next);
    std::vector<Instruction> made;
    Operand from = register_operand(part.reg, in.at);
    if (start != at) {
        Operand shift;
        shift.kind = OperandKind::Integer;
        shift.bits = 8 * (at - start);
        shift.at = in.at;
        const Operand shifted = register_operand(new_register(part.bytes), in.at);
        made.push_back(same_but(in, shift_of(part.bytes), {shifted, from, shift}));
        from = shifted;
    }
    const bool alike = target.kind == OperandKind::Register && part.bytes == bytes && bytes > 1 &&
                       held_bytes(kernel_.registers[target.index].type) == bytes;
    made.push_back(same_but(in, alike ? move_of(bytes) : conversion_of(bytes, is_signed(type)),
                            {target, from}));
    return made;
}

}  // namespace cupel::emulator
