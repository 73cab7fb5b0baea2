// SPDX-License-Identifier: Apache-2.0
// Logic, shifts, counting, fields and permutations of bits; moves that pack and unpack.
#include "conformance/form.hpp"

namespace cupel::emulator::conformance {
namespace {

struct Width {
    const char* name;
    Type type;
};

constexpr Width kWidths[] = {{".b16", Type::B16}, {".b32", Type::B32}, {".b64", Type::B64}};

void add_logic(Forms& forms) {
    for (const auto& [name, type] : kWidths) {
        for (const char* op : {"and", "or", "xor"})
            add_plain(forms, std::string(op) + name, type, {type, type});
        for (const char* op : {"not", "cnot"})
            add_plain(forms, std::string(op) + name, type, {type});
        add_plain(forms, std::string("selp") + name, type, {type, type, Type::Pred});
        add_plain(forms, std::string("shl") + name, type, {type, Type::Shift});
        add_plain(forms, std::string("shr") + name, type, {type, Type::Shift});
    }
    for (const char* op : {"and.pred", "or.pred", "xor.pred"})
        add_plain(forms, op, Type::Pred, {Type::Pred, Type::Pred});
    add_plain(forms, "not.pred", Type::Pred, {Type::Pred});
    for (const auto& [name, type] :
         {Width{".u16", Type::U16}, Width{".s16", Type::S16}, Width{".u32", Type::U32},
          Width{".s32", Type::S32}, Width{".u64", Type::U64}, Width{".s64", Type::S64}})
        add_plain(forms, std::string("shr") + name, type, {type, Type::Shift});
}

// All 256 tables of lop3 in 16 forms of 16 results.
void add_lop3(Forms& forms) {
    for (unsigned high = 0; high < 16; ++high) {
        Form form{.name = "lop3.b32 tables " + std::to_string(16 * high) + " and up",
                  .body = "",
                  .in = {Type::B32, Type::B32, Type::B32},
                  .out = std::vector<Type>(16, Type::B32)};
        for (unsigned low = 0; low < 16; ++low) {
            form.body += "lop3.b32 %d" + std::to_string(low) + ", %a0, %a1, %a2, " +
                         std::to_string(16 * high + low) + ";\n  ";
        }
        forms.push_back(std::move(form));
    }
    for (const char* op : {"lop3.or.b32", "lop3.and.b32"}) {
        forms.push_back({.name = op,
                         .body = std::string(op) + " %d0|%d1, %a0, %a1, %a2, 150, %a3;",
                         .in = {Type::B32, Type::B32, Type::B32, Type::Pred},
                         .out = {Type::B32, Type::Pred}});
    }
}

void add_shifts(Forms& forms) {
    for (const char* op :
         {"shf.l.wrap.b32", "shf.l.clamp.b32", "shf.r.wrap.b32", "shf.r.clamp.b32"})
        add_plain(forms, op, Type::B32, {Type::B32, Type::B32, Type::Shift});
    for (const char* mode : {".clamp", ".wrap"}) {
        for (const char* type : {".u32", ".s32"}) {
            add_plain(forms, std::string("szext") + mode + type, Type::B32,
                      {Type::B32, Type::Shift});
        }
        add_plain(forms, std::string("bmsk") + mode + ".b32", Type::B32,
                  {Type::Shift, Type::Shift});
    }
}

void add_counting(Forms& forms) {
    for (const char* op : {"popc", "clz"}) {
        add_plain(forms, std::string(op) + ".b32", Type::B32, {Type::B32});
        add_plain(forms, std::string(op) + ".b64", Type::B32, {Type::B64});
    }
    add_plain(forms, "brev.b32", Type::B32, {Type::B32});
    add_plain(forms, "brev.b64", Type::B64, {Type::B64});
    for (const auto& [name, type] : {Width{".u32", Type::U32}, Width{".s32", Type::S32},
                                     Width{".u64", Type::U64}, Width{".s64", Type::S64}}) {
        add_plain(forms, std::string("bfind") + name, Type::B32, {type});
        add_plain(forms, std::string("bfind.shiftamt") + name, Type::B32, {type});
        add_plain(forms, std::string("bfe") + name, type, {type, Type::Shift, Type::Shift});
    }
    for (const auto& [name, type] : {kWidths[1], kWidths[2]})
        add_plain(forms, std::string("bfi") + name, type, {type, type, Type::Shift, Type::Shift});
    add_plain(forms, "fns.b32", Type::B32, {Type::B32, Type::Row, Type::Few}, Promise::Unspecified);
}

void add_permutations(Forms& forms) {
    for (const char* mode : {"", ".f4e", ".b4e", ".rc8", ".ecl", ".ecr", ".rc16"}) {
        add_plain(forms, std::string("prmt.b32") + mode, Type::B32,
                  {Type::B32, Type::B32, Type::B32});
    }
}

void add_moves(Forms& forms) {
    const auto add = [&](const std::string& body, std::vector<Type> out, std::vector<Type> in) {
        forms.push_back({.name = body, .body = body, .in = std::move(in), .out = std::move(out)});
    };
    using enum Type;
    add("mov.b64 {%d0, %d1}, %a0;", {B32, B32}, {B64});
    add("mov.b64 {%d0, %d1, %d2, %d3}, %a0;", {B16, B16, B16, B16}, {B64});
    add("mov.b32 {%d0, %d1}, %a0;", {B16, B16}, {B32});
    add("mov.b64 %d0, {%a0, %a1};", {B64}, {B32, B32});
    add("mov.b64 %d0, {%a0, %a1, %a2, %a3};", {B64}, {B16, B16, B16, B16});
    add("mov.b32 %d0, {%a0, %a1};", {B32}, {B16, B16});
    add("mov.pred %d0, %a0;", {Pred}, {Pred});
    add("mov.b16 %d0, %a0;", {B16}, {B16});
    add("mov.b32 %d0, %a0;", {B32}, {B32});
    add("mov.b64 %d0, %a0;", {B64}, {B64});
}

}  // namespace

void add_bit_forms(Forms& forms) {
    add_logic(forms);
    add_lop3(forms);
    add_shifts(forms);
    add_counting(forms);
    add_permutations(forms);
    add_moves(forms);
}

}  // namespace cupel::emulator::conformance
