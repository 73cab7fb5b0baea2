// SPDX-License-Identifier: Apache-2.0
// Comparisons: setp with every operator and boolean combination, set, slct, selp, testp.
#include "conformance/form.hpp"

namespace cupel::emulator::conformance {
namespace {

struct Comparable {
    std::string name;
    Type type;
    std::vector<std::string> operators;
};

const std::vector<std::string> kEqual{"eq", "ne"};
const std::vector<std::string> kSigned{"eq", "ne", "lt", "le", "gt", "ge"};
const std::vector<std::string> kUnsigned{"eq", "ne", "lt", "le", "gt",
                                         "ge", "lo", "ls", "hi", "hs"};
const std::vector<std::string> kFloat{"eq",  "ne",  "lt",  "le",  "gt",  "ge",  "equ",
                                      "neu", "ltu", "leu", "gtu", "geu", "num", "nan"};

std::vector<Comparable> scalars() {
    return {{".b16", Type::B16, kEqual},     {".b32", Type::B32, kEqual},
            {".b64", Type::B64, kEqual},     {".u16", Type::U16, kUnsigned},
            {".s16", Type::S16, kSigned},    {".u32", Type::U32, kUnsigned},
            {".s32", Type::S32, kSigned},    {".u64", Type::U64, kUnsigned},
            {".s64", Type::S64, kSigned},    {".f32", Type::F32, kFloat},
            {".ftz.f32", Type::F32, kFloat}, {".f64", Type::F64, kFloat},
            {".f16", Type::F16, kFloat},     {".ftz.f16", Type::F16, kFloat},
            {".bf16", Type::Bf16, kFloat}};
}

void add_setp(Forms& forms) {
    for (const Comparable& t : scalars()) {
        for (const std::string& op : t.operators)
            add_plain(forms, "setp." + op + t.name, Type::Pred, {t.type, t.type});
    }
    for (const char* name : {".f16x2", ".ftz.f16x2", ".bf16x2"}) {
        for (const std::string& op : kFloat) {
            const Type type = std::string(name) == ".bf16x2" ? Type::Bf16x2 : Type::F16x2;
            const std::string full = "setp." + op + name;
            forms.push_back({.name = full,
                             .body = full + " %d0|%d1, %a0, %a1;",
                             .in = {type, type},
                             .out = {Type::Pred, Type::Pred}});
        }
    }
}

void add_combined(Forms& forms) {
    for (const Comparable& t :
         {Comparable{".s32", Type::S32, kSigned}, Comparable{".u64", Type::U64, {"lo", "ge"}},
          Comparable{".f32", Type::F32, kFloat}, Comparable{".f64", Type::F64, {"lt", "neu"}},
          Comparable{".f16", Type::F16, {"lt", "neu"}}}) {
        for (const std::string& op : t.operators) {
            for (const char* join : {"and", "or", "xor"}) {
                for (const char* negated : {"", "!"}) {
                    const std::string full = "setp." + op + "." + join + t.name;
                    const bool one = t.type == Type::F16;  // has no second result
                    forms.push_back({.name = full + (negated[0] != 0 ? " of not" : ""),
                                     .body = full + (one ? " %d0" : " %d0|%d1") + ", %a0, %a1, " +
                                             negated + "%a2;",
                                     .in = {t.type, t.type, Type::Pred},
                                     .out = std::vector<Type>(one ? 1 : 2, Type::Pred)});
                }
            }
        }
    }
}

void add_set(Forms& forms) {
    for (const Comparable& t : scalars()) {
        for (const char* result : {".u32", ".s32", ".f32"}) {
            for (const std::string& op : t.operators) {
                if (t.type == Type::F16 || t.type == Type::Bf16) continue;
                const bool flushes = t.name.starts_with(".ftz");
                add_plain(forms,
                          "set." + op + (flushes ? ".ftz" : "") + result +
                              (flushes ? t.name.substr(4) : t.name),
                          Type::B32, {t.type, t.type});
            }
        }
    }
    for (const std::string& op : kFloat) {
        for (const char* type :
             {".f16.f16", ".bf16.bf16", ".u16.f16", ".s16.bf16", ".ftz.f16.f16"}) {
            const Type operand = std::string(type).ends_with("bf16") ? Type::Bf16 : Type::F16;
            add_plain(forms, "set." + op + type, Type::B16, {operand, operand});
        }
        for (const char* type : {".f16x2.f16x2", ".bf16x2.bf16x2", ".u32.f16", ".s32.f16"}) {
            const std::string name(type);
            const Type operand = name.ends_with("bf16x2")  ? Type::Bf16x2
                                 : name.ends_with("f16x2") ? Type::F16x2
                                                           : Type::F16;
            add_plain(forms, "set." + op + type, Type::B32, {operand, operand});
        }
    }
    add_plain(forms, "set.lt.and.u32.s32", Type::B32, {Type::S32, Type::S32, Type::Pred});
    add_plain(forms, "set.gtu.or.f32.f32", Type::B32, {Type::F32, Type::F32, Type::Pred});
    add_plain(forms, "set.ne.xor.s32.f64", Type::B32, {Type::F64, Type::F64, Type::Pred});
}

void add_select(Forms& forms) {
    for (const auto& [name, type] : {std::pair{"b16", Type::B16},
                                     {"b32", Type::B32},
                                     {"b64", Type::B64},
                                     {"f32", Type::F32},
                                     {"f64", Type::F64},
                                     {"u16", Type::U16},
                                     {"s64", Type::S64}}) {
        add_plain(forms, std::string("slct.") + name + ".s32", type, {type, type, Type::S32});
        add_plain(forms, std::string("slct.") + name + ".f32", type, {type, type, Type::F32});
        add_plain(forms, std::string("slct.ftz.") + name + ".f32", type, {type, type, Type::F32});
    }
    add_plain(forms, "selp.f32", Type::F32, {Type::F32, Type::F32, Type::Pred});
    add_plain(forms, "selp.f64", Type::F64, {Type::F64, Type::F64, Type::Pred});
    for (const char* what : {"finite", "infinite", "number", "notanumber", "normal", "subnormal"}) {
        add_plain(forms, std::string("testp.") + what + ".f32", Type::Pred, {Type::F32});
        add_plain(forms, std::string("testp.") + what + ".f64", Type::Pred, {Type::F64});
    }
}

}  // namespace

void add_compare_forms(Forms& forms) {
    add_setp(forms);
    add_combined(forms);
    add_set(forms);
    add_select(forms);
}

}  // namespace cupel::emulator::conformance
