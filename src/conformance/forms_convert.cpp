// SPDX-License-Identifier: Apache-2.0
// cvt: every pair of types with every rounding, .ftz and .sat; packed pairs, 8-bit floats, tf32.
#include "conformance/form.hpp"

namespace cupel::emulator::conformance {
namespace {

struct Number {
    std::string name;
    Type type;
    unsigned bits;
    bool floating;
};

std::vector<Number> integers() {
    return {{".u8", Type::B8, 8, false},    {".s8", Type::B8, 8, false},
            {".u16", Type::U16, 16, false}, {".s16", Type::S16, 16, false},
            {".u32", Type::U32, 32, false}, {".s32", Type::S32, 32, false},
            {".u64", Type::U64, 64, false}, {".s64", Type::S64, 64, false}};
}

std::vector<Number> floats() {
    return {{".f16", Type::F16, 16, true},
            {".bf16", Type::Bf16, 16, true},
            {".f32", Type::F32, 32, true},
            {".f64", Type::F64, 64, true}};
}

constexpr const char* kRoundings[] = {".rn", ".rz", ".rm", ".rp"};
constexpr const char* kToIntegers[] = {".rni", ".rzi", ".rmi", ".rpi"};

// An 8-bit result lies in a 16-bit register, extended; an 8-bit operand may have any bits above.
Type wide(const Number& t) {
    return t.bits == 8 ? Type::B16 : t.type;
}

void add_cvt(Forms& forms, const std::string& how, const Number& to, const Number& from,
             Promise promise = Promise::Bits) {
    add_plain(forms, "cvt" + how + to.name + from.name, wide(to), {wide(from)}, promise);
}

// Saturation is spelled only where a value can fall outside.
bool contains(const Number& to, const Number& from) {
    const bool to_signed = to.name[1] == 's', from_signed = from.name[1] == 's';
    if (from_signed && !to_signed) return false;
    return to_signed && !from_signed ? to.bits > from.bits : to.bits >= from.bits;
}

void add_between_integers(Forms& forms) {
    for (const Number& to : integers()) {
        for (const Number& from : integers()) {
            add_cvt(forms, "", to, from);
            if (!contains(to, from)) add_cvt(forms, ".sat", to, from);
        }
    }
}

void add_integer_float(Forms& forms) {
    for (const Number& f : floats()) {
        for (const Number& i : integers()) {
            const bool brain = f.name == ".bf16";
            if (brain && i.bits == 8) continue;
            for (const char* rounding : kRoundings) {
                add_cvt(forms, rounding, f, i);
                if (f.name == ".f32" && i.bits >= 32)
                    add_cvt(forms, std::string(rounding) + ".sat", f, i);
            }
            for (const char* rounding : kToIntegers) {
                add_cvt(forms, rounding, i, f);
                if (f.name == ".f32") add_cvt(forms, std::string(rounding) + ".ftz", i, f);
                if (i.bits < 64 && !brain) add_cvt(forms, std::string(rounding) + ".sat", i, f);
            }
        }
    }
}

void add_between_floats(Forms& forms) {
    for (const Number& to : floats()) {
        for (const Number& from : floats()) {
            const bool single = to.name == ".f32" || from.name == ".f32";
            std::vector<std::string> hows;
            if (to.name == from.name) {
                for (const char* rounding : kToIntegers)
                    hows.push_back(rounding);
            } else if (to.bits < from.bits || (to.bits == 16 && from.bits == 16)) {
                for (const char* rounding : kRoundings)
                    hows.push_back(rounding);
            } else {
                hows.push_back("");
            }
            for (const std::string& how : hows) {
                add_cvt(forms, how, to, from);
                if (single) add_cvt(forms, how + ".ftz", to, from);
                const bool brain = to.name == ".bf16" || from.name == ".bf16";
                if (!brain) add_cvt(forms, how + ".sat", to, from);
                if (!brain && to.name == ".f32") add_cvt(forms, how + ".ftz.sat", to, from);
            }
        }
    }
    for (const char* op :
         {"cvt.sat.f32.f32", "cvt.ftz.f32.f32", "cvt.f32.f32", "cvt.ftz.sat.f32.f32"})
        add_plain(forms, op, Type::F32, {Type::F32});
    for (const char* op : {"cvt.sat.f64.f64", "cvt.f64.f64"})
        add_plain(forms, op, Type::F64, {Type::F64});
    for (const char* op : {"cvt.sat.f16.f16", "cvt.f16.f16"})
        add_plain(forms, op, Type::F16, {Type::F16});
}

void add_packed(Forms& forms) {
    for (const char* rounding : {".rn", ".rz"}) {
        for (const char* relu : {"", ".relu"}) {
            const std::string how = std::string("cvt") + rounding + relu;
            for (const char* satfinite : {"", ".satfinite"}) {
                add_plain(forms, how + satfinite + ".f16x2.f32", Type::B32, {Type::F32, Type::F32});
                add_plain(forms, how + satfinite + ".bf16x2.f32", Type::B32,
                          {Type::F32, Type::F32});
                add_plain(forms, how + satfinite + ".f16.f32 packed form", Type::B16, {Type::F32});
                forms.back().body = how + satfinite + ".f16.f32 %d0, %a0;";
                add_plain(forms, how + satfinite + ".bf16.f32 packed form", Type::B16, {Type::F32});
                forms.back().body = how + satfinite + ".bf16.f32 %d0, %a0;";
            }
            add_plain(forms, how + ".tf32.f32", Type::B32, {Type::F32});
        }
    }
    add_plain(forms, "cvt.rna.tf32.f32", Type::B32, {Type::F32});
    add_plain(forms, "cvt.rna.satfinite.tf32.f32", Type::B32, {Type::F32});
}

void add_8_bit_floats(Forms& forms) {
    for (const auto& [name, type] :
         {std::pair<std::string, Type>{".e4m3x2", Type::E4m3x2}, {".e5m2x2", Type::E5m2x2}}) {
        for (const char* relu : {"", ".relu"}) {
            add_plain(forms, "cvt.rn.satfinite" + (relu + name) + ".f32", Type::B16,
                      {Type::F32, Type::F32});
            add_plain(forms, "cvt.rn.satfinite" + (relu + name) + ".f16x2", Type::B16,
                      {Type::F16x2});
            add_plain(forms, "cvt.rn" + (relu + std::string(".f16x2")) + name, Type::B32, {type});
        }
    }
}

void add_saturating_packs(Forms& forms) {
    for (const char* to : {".u16", ".s16"}) {
        add_plain(forms, std::string("cvt.pack.sat") + to + ".s32", Type::B32,
                  {Type::S32, Type::S32});
    }
    for (const char* to : {".u8", ".s8", ".u4", ".s4", ".u2", ".s2"}) {
        add_plain(forms, std::string("cvt.pack.sat") + to + ".s32.b32", Type::B32,
                  {Type::S32, Type::S32, Type::B32});
    }
}

}  // namespace

void add_convert_forms(Forms& forms) {
    add_between_integers(forms);
    add_integer_float(forms);
    add_between_floats(forms);
    add_packed(forms);
    add_8_bit_floats(forms);
    add_saturating_packs(forms);
}

}  // namespace cupel::emulator::conformance
