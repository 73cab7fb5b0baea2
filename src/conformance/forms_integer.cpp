// SPDX-License-Identifier: Apache-2.0
// Integer arithmetic: sums with and without carry, products, quotients, extrema, dot products, and
// the video instructions.
#include "conformance/form.hpp"

namespace cupel::emulator::conformance {
namespace {

struct Integer {
    const char* name;
    Type type;
    Type twice;  // of twice the width
    Type unsigned_type;
    unsigned bits;
};

constexpr Integer kIntegers[] = {
    {"u16", Type::U16, Type::U32, Type::U16, 16}, {"s16", Type::S16, Type::S32, Type::U16, 16},
    {"u32", Type::U32, Type::U64, Type::U32, 32}, {"s32", Type::S32, Type::S64, Type::U32, 32},
    {"u64", Type::U64, Type::U64, Type::U64, 64}, {"s64", Type::S64, Type::S64, Type::U64, 64}};

bool is_signed(const Integer& t) {
    return t.name[0] == 's';
}

void add_arithmetic(Forms& forms, const Integer& t) {
    const std::string dot = std::string(".") + t.name;
    for (const char* op : {"add", "sub", "mul.lo", "mul.hi", "min", "max"})
        add_plain(forms, op + dot, t.type, {t.type, t.type});
    for (const char* op : {"div", "rem"})  // by zero: whatever the device gives
        add_plain(forms, op + dot, t.type, {t.type, t.type}, Promise::Unspecified);
    for (const char* op : {"mad.lo", "mad.hi", "sad"})
        add_plain(forms, op + dot, t.type, {t.type, t.type, t.type});
    if (t.bits < 64) {
        add_plain(forms, "mul.wide" + dot, t.twice, {t.type, t.type});
        add_plain(forms, "mad.wide" + dot, t.twice, {t.type, t.type, t.twice});
    }
    if (is_signed(t)) {
        for (const char* op : {"abs", "neg"})
            add_plain(forms, op + dot, t.type, {t.type});
    }
}

void add_carries(Forms& forms, const Integer& t) {
    const std::string s = std::string(".") + t.name;
    const auto add = [&](const std::string& name, const std::string& body, unsigned operands) {
        forms.push_back({.name = name + s,
                         .body = body,
                         .in = std::vector<Type>(operands, t.type),
                         .out = {t.type, t.type}});
    };
    add("add.cc addc", "add.cc" + s + " %d0, %a0, %a1;\n  addc" + s + " %d1, %a0, 0;", 2);
    add("sub.cc subc", "sub.cc" + s + " %d0, %a0, %a1;\n  subc" + s + " %d1, %a0, 0;", 2);
    add("addc.cc twice",
        "add.cc" + s + " %d0, %a0, %a1;\n  addc.cc" + s + " %d1, %a0, %a1;\n  addc" + s +
            " %d0, %d0, %a0;",
        2);
    add("subc.cc twice",
        "sub.cc" + s + " %d0, %a0, %a1;\n  subc.cc" + s + " %d1, %a1, %a0;\n  subc" + s +
            " %d0, %d0, %a1;",
        2);
    add("mad.lo.cc madc.hi",
        "mad.lo.cc" + s + " %d0, %a0, %a1, %a2;\n  madc.hi" + s + " %d1, %a0, %a1, 0;", 3);
    add("mad.hi.cc madc.lo.cc",
        "mad.hi.cc" + s + " %d0, %a0, %a1, %a2;\n  madc.lo.cc" + s +
            " %d1, %a0, %a1, %a2;\n  addc" + s + " %d0, %d0, 0;",
        3);
}

void add_24_bit_products(Forms& forms) {
    for (const Integer& t : {kIntegers[2], kIntegers[3]}) {
        const std::string dot = std::string(".") + t.name;
        for (const char* part : {".lo", ".hi"}) {
            add_plain(forms, "mul24" + (part + dot), t.type, {t.type, t.type});
            add_plain(forms, "mad24" + (part + dot), t.type, {t.type, t.type, t.type});
        }
    }
    add_plain(forms, "mad24.hi.sat.s32", Type::S32, {Type::S32, Type::S32, Type::S32});
    add_plain(forms, "mad.hi.sat.s32", Type::S32, {Type::S32, Type::S32, Type::S32});
    add_plain(forms, "add.sat.s32", Type::S32, {Type::S32, Type::S32});
    add_plain(forms, "sub.sat.s32", Type::S32, {Type::S32, Type::S32});
}

void add_pairs(Forms& forms) {
    for (const char* type : {".u16x2", ".s16x2"}) {
        for (const char* op : {"add", "min", "max"})
            add_plain(forms, std::string(op) + type, Type::B32, {Type::B32, Type::B32});
    }
    for (const char* op : {"min.relu.s16x2", "max.relu.s16x2", "min.relu.s32", "max.relu.s32"})
        add_plain(forms, op, Type::B32, {Type::B32, Type::B32});
}

void add_dots(Forms& forms) {
    for (const char* a : {".u32", ".s32"}) {
        for (const char* b : {".u32", ".s32"}) {
            for (const char* op : {"dp4a", "dp2a.lo", "dp2a.hi"}) {
                add_plain(forms, std::string(op) + a + b, Type::B32,
                          {Type::B32, Type::B32, Type::B32});
            }
        }
    }
}

// The video instructions, scalar and of two or four parts. Later ones are made of many
// instructions by the compiler, but their meaning stands.
void add_video(Forms& forms) {
    const auto add = [&](const std::string& op, const std::string& selected, unsigned operands) {
        std::string body = op + " %d0";
        for (unsigned k = 0; k < operands; ++k)
            body += ", %a" + std::to_string(k) + (k < 2 ? selected : "");
        forms.push_back({.name = op + selected,
                         .body = body + ";",
                         .in = std::vector<Type>(operands, Type::B32),
                         .out = {Type::B32}});
    };
    const std::string types[] = {".u32", ".s32"};
    for (const std::string& t : types) {
        const std::string same = t + t + t;
        for (const std::string op : {"vadd", "vsub", "vabsdiff", "vmin", "vmax"}) {
            for (const std::string selected : {"", ".b1", ".h1"}) {
                add(op + same, selected, 2);
                add(op + ".s32" + t + t + ".sat", selected, 2);
                add(op + ".u32" + t + t + ".add", selected, 3);
            }
        }
        for (const std::string op : {"vshl", "vshr"}) {
            for (const std::string mode : {".clamp", ".wrap"})
                add(op + same.substr(0, 4) + t + ".u32" + mode, "", 2);
        }
        add("vmad" + same, ".b2", 3);
        add("vmad" + same + ".sat.shr7", ".h0", 3);
        add("vmad" + same + ".shr15", ".h1", 3);
        for (const std::string compare : {".eq", ".ne", ".lt", ".le", ".gt", ".ge"})
            add("vset" + t + t + compare, ".b3", 2);
        for (const std::string count : {"2", "4"}) {
            for (const std::string op : {"vadd", "vsub", "vavrg", "vabsdiff", "vmin", "vmax"}) {
                add(op + count + same, "", 3);
                add(op + count + same + ".sat", "", 3);
                add(op + count + ".u32" + t + t + ".add", "", 3);
            }
        }
        for (const std::string count : {"2", "4"}) {
            for (const std::string compare : {".eq", ".ne", ".lt", ".le", ".gt", ".ge"})
                add("vset" + count + t + t + compare, "", 3);
        }
    }
}

}  // namespace

void add_integer_forms(Forms& forms) {
    for (const Integer& t : kIntegers)
        add_arithmetic(forms, t);
    for (const Integer& t : {kIntegers[2], kIntegers[3], kIntegers[4], kIntegers[5]})
        add_carries(forms, t);
    add_24_bit_products(forms);
    add_pairs(forms);
    add_dots(forms);
    add_video(forms);
}

}  // namespace cupel::emulator::conformance
