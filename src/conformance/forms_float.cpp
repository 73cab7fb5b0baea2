// SPDX-License-Identifier: Apache-2.0
// f32 and f64: IEEE operations in all roundings, extrema and signs, and the approximations.
#include "conformance/form.hpp"

namespace cupel::emulator::conformance {
namespace {

constexpr const char* kRoundings[] = {".rn", ".rz", ".rm", ".rp"};

void add_f32_arithmetic(Forms& forms) {
    for (const char* rounding : {"", ".rn", ".rz", ".rm", ".rp"}) {
        for (const char* flush : {"", ".ftz"}) {
            for (const char* saturate : {"", ".sat"}) {
                const std::string how = std::string(rounding) + flush + saturate + ".f32";
                for (const char* op : {"add", "sub", "mul"})
                    add_plain(forms, op + how, Type::F32, {Type::F32, Type::F32});
                if (rounding[0] != 0)
                    add_plain(forms, "fma" + how, Type::F32, {Type::F32, Type::F32, Type::F32});
            }
        }
    }
    for (const char* rounding : kRoundings) {
        for (const char* flush : {"", ".ftz"}) {
            const std::string how = std::string(rounding) + flush + ".f32";
            add_plain(forms, "div" + how, Type::F32, {Type::F32, Type::F32});
            add_plain(forms, "rcp" + how, Type::F32, {Type::F32});
            add_plain(forms, "sqrt" + how, Type::F32, {Type::F32});
        }
    }
}

void add_f32_rest(Forms& forms) {
    for (const char* op : {"min", "max"}) {
        for (const char* flush : {"", ".ftz"}) {
            for (const char* nan : {"", ".NaN"}) {
                for (const char* sign : {"", ".xorsign.abs"}) {
                    add_plain(forms, std::string(op) + flush + nan + sign + ".f32", Type::F32,
                              {Type::F32, Type::F32});
                }
            }
        }
    }
    for (const char* op : {"abs", "neg"}) {
        for (const char* flush : {"", ".ftz"})
            add_plain(forms, std::string(op) + flush + ".f32", Type::F32, {Type::F32});
    }
    add_plain(forms, "copysign.f32", Type::F32, {Type::F32, Type::F32});
    for (const char* op : {"ex2", "lg2", "rcp", "rsqrt", "sqrt", "sin", "cos"}) {
        for (const char* flush : {"", ".ftz"}) {
            add_plain(forms, std::string(op) + ".approx" + flush + ".f32", Type::F32, {Type::F32},
                      Promise::Approximate);
        }
    }
    add_plain(forms, "tanh.approx.f32", Type::F32, {Type::F32}, Promise::Approximate);
    for (const char* op : {"div.approx", "div.full"}) {
        for (const char* flush : {"", ".ftz"}) {
            add_plain(forms, std::string(op) + flush + ".f32", Type::F32, {Type::F32, Type::F32},
                      Promise::Approximate);
        }
    }
}

void add_f64(Forms& forms) {
    for (const char* rounding : kRoundings) {
        const std::string how = std::string(rounding) + ".f64";
        for (const char* op : {"add", "sub", "mul", "div"})
            add_plain(forms, op + how, Type::F64, {Type::F64, Type::F64});
        add_plain(forms, "fma" + how, Type::F64, {Type::F64, Type::F64, Type::F64});
        for (const char* op : {"rcp", "sqrt"})
            add_plain(forms, op + how, Type::F64, {Type::F64});
    }
    for (const char* op : {"min.f64", "max.f64", "copysign.f64"})
        add_plain(forms, op, Type::F64, {Type::F64, Type::F64});
    for (const char* op : {"abs.f64", "neg.f64"})
        add_plain(forms, op, Type::F64, {Type::F64});
    for (const char* op : {"rcp.approx.ftz.f64", "rsqrt.approx.ftz.f64", "rsqrt.approx.f64"})
        add_plain(forms, op, Type::F64, {Type::F64}, Promise::Approximate);
}

}  // namespace

void add_float_forms(Forms& forms) {
    add_f32_arithmetic(forms);
    add_f32_rest(forms);
    add_f64(forms);
}

}  // namespace cupel::emulator::conformance
