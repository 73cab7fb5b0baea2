// SPDX-License-Identifier: Apache-2.0
// f16 and bf16, single and in pairs.
#include "conformance/form.hpp"

namespace cupel::emulator::conformance {
namespace {

struct Half {
    std::string name;
    Type type;
    bool brain;  // bf16: no .ftz and no .sat
};

void add_arithmetic(Forms& forms, const Half& t) {
    for (const char* rounding : {"", ".rn"}) {
        for (const char* op : {"add", "sub", "mul"}) {
            add_plain(forms, std::string(op) + rounding + t.name, t.type, {t.type, t.type});
            if (t.brain) continue;
            for (const char* how : {".ftz", ".sat", ".ftz.sat"}) {
                add_plain(forms, std::string(op) + rounding + how + t.name, t.type,
                          {t.type, t.type});
            }
        }
    }
    for (const char* how :
         {"", ".relu", ".ftz", ".sat", ".ftz.sat", ".ftz.relu", ".oob", ".oob.relu"}) {
        const std::string modifiers(how);
        const bool half_only = modifiers.starts_with(".ftz") || modifiers.starts_with(".sat");
        if (t.brain && half_only) continue;
        add_plain(forms, "fma.rn" + modifiers + t.name, t.type, {t.type, t.type, t.type},
                  modifiers.starts_with(".oob") ? Promise::Unspecified : Promise::Bits);
    }
}

void add_extrema(Forms& forms, const Half& t) {
    for (const char* op : {"min", "max"}) {
        for (const char* flush : {"", ".ftz"}) {
            for (const char* nan : {"", ".NaN"}) {
                for (const char* sign : {"", ".xorsign.abs"}) {
                    if (t.brain && flush[0] != 0) continue;
                    add_plain(forms, std::string(op) + flush + nan + sign + t.name, t.type,
                              {t.type, t.type});
                }
            }
        }
    }
    for (const char* op : {"abs", "neg"}) {
        for (const char* flush : {"", ".ftz"}) {
            if (t.brain && flush[0] != 0) continue;
            add_plain(forms, std::string(op) + flush + t.name, t.type, {t.type});
        }
    }
}

void add_approximations(Forms& forms, const Half& t) {
    add_plain(forms, "tanh.approx" + t.name, t.type, {t.type}, Promise::Approximate);
    add_plain(forms, (t.brain ? "ex2.approx.ftz" : "ex2.approx") + t.name, t.type, {t.type},
              Promise::Approximate);
}

}  // namespace

void add_half_forms(Forms& forms) {
    for (const Half& t : {Half{".f16", Type::F16, false}, Half{".f16x2", Type::F16x2, false},
                          Half{".bf16", Type::Bf16, true}, Half{".bf16x2", Type::Bf16x2, true}}) {
        add_arithmetic(forms, t);
        add_extrema(forms, t);
        add_approximations(forms, t);
    }
}

}  // namespace cupel::emulator::conformance
