// SPDX-License-Identifier: Apache-2.0
// mma.sync of every shape and type, and wgmma with A in registers.
#include "conformance/form.hpp"
#include "conformance/tensor_form.hpp"

namespace cupel::emulator::conformance {
namespace {

const char* suffix(Element element) {
    switch (element) {
        case Element::F16:
            return ".f16";
        case Element::Bf16:
            return ".bf16";
        case Element::Tf32:
            return ".tf32";
        case Element::E4m3:
            return ".e4m3";
        case Element::E5m2:
            return ".e5m2";
        case Element::F32:
            return ".f32";
        case Element::F64:
            return ".f64";
        case Element::S8:
            return ".s8";
        case Element::U8:
            return ".u8";
        case Element::S4:
            return ".s4";
        case Element::U4:
            return ".u4";
        case Element::B1:
            return ".b1";
    }
    return "";
}

const char* suffix(Accumulator accumulator) {
    switch (accumulator) {
        case Accumulator::F32:
            return ".f32";
        case Accumulator::F16:
            return ".f16";
        case Accumulator::S32:
            return ".s32";
        case Accumulator::F64:
            return ".f64";
    }
    return "";
}

std::string shape(const TensorForm& f) {
    return ".m" + std::to_string(f.m) + "n" + std::to_string(f.n) + "k" + std::to_string(f.k);
}

void add_mma(std::vector<TensorForm>& all, TensorForm f) {
    std::string name = "mma.sync.aligned" + shape(f) + ".row.col";
    if (f.saturates) name += ".satfinite";
    name += std::string(suffix(f.c)) + suffix(f.a) + suffix(f.b) + suffix(f.c);
    if (f.a == Element::B1) name += f.both_bits ? ".and.popc" : ".xor.popc";
    f.name = name;
    all.push_back(std::move(f));
}

void add_float_mma(std::vector<TensorForm>& all) {
    using enum Element;
    for (const unsigned k : {16U, 8U}) {
        add_mma(all, {{16, 8, k, Element::F16, Element::F16, Accumulator::F32}, ""});
        add_mma(all, {{16, 8, k, Element::F16, Element::F16, Accumulator::F16}, ""});
        add_mma(all, {{16, 8, k, Bf16, Bf16, Accumulator::F32}, ""});
    }
    for (const unsigned k : {8U, 4U})
        add_mma(all, {{16, 8, k, Tf32, Tf32, Accumulator::F32}, ""});
    for (const Element a : {E4m3, E5m2}) {
        for (const Element b : {E4m3, E5m2}) {
            add_mma(all, {{16, 8, 32, a, b, Accumulator::F32}, ""});
            add_mma(all, {{16, 8, 32, a, b, Accumulator::F16}, ""});
            add_mma(all, {{16, 8, 16, a, b, Accumulator::F32}, ""});
        }
    }
    add_mma(all, {{8, 8, 4, Element::F64, Element::F64, Accumulator::F64}, ""});
    for (const unsigned k : {4U, 8U, 16U})
        add_mma(all, {{16, 8, k, Element::F64, Element::F64, Accumulator::F64}, ""});
}

void add_integer_mma(std::vector<TensorForm>& all) {
    using enum Element;
    for (const bool saturates : {false, true}) {
        for (const Element a : {S8, U8}) {
            for (const Element b : {S8, U8})
                add_mma(all, {{16, 8, 32, a, b, Accumulator::S32, saturates}, ""});
        }
        add_mma(all, {{16, 8, 16, S8, U8, Accumulator::S32, saturates}, ""});
        add_mma(all, {{8, 8, 16, S8, S8, Accumulator::S32, saturates}, ""});
        for (const Element a : {S4, U4}) {
            for (const Element b : {S4, U4})
                add_mma(all, {{16, 8, 64, a, b, Accumulator::S32, saturates}, ""});
        }
        add_mma(all, {{16, 8, 32, S4, U4, Accumulator::S32, saturates}, ""});
        add_mma(all, {{8, 8, 32, S4, S4, Accumulator::S32, saturates}, ""});
    }
    for (const bool both : {false, true}) {
        add_mma(all, {{16, 8, 256, B1, B1, Accumulator::S32, false, both}, ""});
        add_mma(all, {{16, 8, 128, B1, B1, Accumulator::S32, false, both}, ""});
        add_mma(all, {{8, 8, 128, B1, B1, Accumulator::S32, false, both}, ""});
    }
}

void add_wgmma(std::vector<TensorForm>& all) {
    using enum Element;
    const auto add = [&](unsigned k, Element a, Element b, Accumulator c) {
        TensorForm f{{16, 8, k, a, b, c, false, false, true}, ""};
        f.name = "wgmma.mma_async.sync.aligned.m64n8k" + std::to_string(k) + suffix(c) + suffix(a) +
                 suffix(b);
        all.push_back(std::move(f));
    };
    add(16, Element::F16, Element::F16, Accumulator::F32);
    add(16, Element::F16, Element::F16, Accumulator::F16);
    add(16, Bf16, Bf16, Accumulator::F32);
    add(8, Tf32, Tf32, Accumulator::F32);
    for (const Element a : {E4m3, E5m2}) {
        for (const Element b : {E4m3, E5m2}) {
            for (const Accumulator c : {Accumulator::F32, Accumulator::F16})
                add(32, a, b, c);
        }
    }
    for (const Element a : {S8, U8}) {
        for (const Element b : {S8, U8})
            add(32, a, b, Accumulator::S32);
    }
}

std::string list(const char* prefix, unsigned first, unsigned count) {
    std::string text = "{";
    for (unsigned i = 0; i < count; ++i)
        text += (i == 0 ? "" : ", ") + std::string(prefix) + std::to_string(first + i);
    return text + "}";
}

std::string mma_body(const TensorForm& f) {
    const unsigned a = a_registers(f), b = b_registers(f), c = c_registers(f);
    return f.name + " " + list("%d", 0, c) + ", " + list("%a", 0, a) + ", " + list("%a", a, b) +
           ", " + list("%a", a + b, c) + ";";
}

// The descriptor: start address, and both strides between core matrices, 128 bytes, in units of 16
// bytes. With 8 columns only one of them is used, so none need be told from the other.
std::string wgmma_body(const TensorForm& f) {
    const unsigned a = a_registers(f), c = c_registers(f);
    std::string text =
        "{ .shared .align 128 .b8 %sh[512];\n  .reg .b32 %base, %cell;\n  .reg .b64 %desc, %x;\n  "
        ".reg .pred %yes;\n  setp.eq.u32 %yes, 0, 0;\n  "
        "mov.u32 %base, %sh;\n  mad.lo.u32 %cell, %t, 2, %base;\n  st.shared.b16 [%cell], %a" +
        std::to_string(a) +
        ";\n  shr.u32 %cell, %t, 7;\n  mad.lo.u32 %base, %cell, 256, %base;\n  "
        "fence.proxy.async;\n  bar.sync 0;\n  "
        "cvt.u64.u32 %desc, %base;\n  and.b64 %desc, %desc, 0x3ffff;\n  shr.u64 %desc, %desc, 4;\n "
        " "
        "or.b64 %desc, %desc, 0x0000000800080000;\n  ";
    for (unsigned i = 0; i < c; ++i)
        text += "mov.b32 %d" + std::to_string(i) + ", %a" + std::to_string(a + 1 + i) + ";\n  ";
    const bool floats = f.c != Accumulator::S32;
    const bool transposes = f.a == Element::F16 || f.a == Element::Bf16;
    return text + "wgmma.fence.sync.aligned;\n  " + f.name + " " + list("%d", 0, c) + ", " +
           list("%a", 0, a) + ", %desc, %yes" + (floats ? ", 1, 1" : "") +
           (transposes ? ", 0" : "") +
           ";\n  wgmma.commit_group.sync.aligned;\n  wgmma.wait_group.sync.aligned 0; }";
}

}  // namespace

const std::vector<TensorForm>& tensor_forms() {
    static const std::vector<TensorForm> kForms = [] {
        std::vector<TensorForm> all;
        add_float_mma(all);
        add_integer_mma(all);
        add_wgmma(all);
        return all;
    }();
    return kForms;
}

std::size_t first_tensor_form() {
    return all_forms().size() - tensor_forms().size();
}

bool is_tensor_form(std::size_t form_index) {
    return form_index >= first_tensor_form();
}

void add_tensor_forms(Forms& forms) {
    for (const TensorForm& f : tensor_forms()) {
        forms.push_back({.name = f.name,
                         .body = f.warpgroup ? wgmma_body(f) : mma_body(f),
                         .in = tensor_operands(f),
                         .out = tensor_results(f),
                         .hopper_only = f.warpgroup});
    }
}

}  // namespace cupel::emulator::conformance
