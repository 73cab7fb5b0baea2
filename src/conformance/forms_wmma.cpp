// SPDX-License-Identifier: Apache-2.0
// wmma through shared memory: whole tiles are loaded, multiplied and stored, as its fragments have
// no layout that a program may know. Operands 0 to 3 of a warp are A's 512 bytes, 4 to 7 B's, and 8
// to 15 the addend's 1024 (half of which an f16 addend leaves out).
#include "conformance/form.hpp"

namespace cupel::emulator::conformance {
namespace {

struct Wmma {
    std::string shape;
    std::string element;      // of A and B
    std::string accumulator;  // of C and D
    std::string types;        // at the end of wmma.mma
    unsigned registers;       // of A, and of B
    unsigned accumulators;    // registers of C
    Type operand;
    Type addend;
};

std::string list(const char* prefix, unsigned count) {
    std::string text;
    for (unsigned i = 0; i < count; ++i)
        text += (i == 0 ? "" : ", ") + std::string(prefix) + std::to_string(i);
    return text;
}

std::string fill_shared(const Wmma& w) {
    return "{ .shared .align 32 .b8 %sh[16384];\n  .reg .b32 %base, %mine, %second, %third;\n"
           "  .reg .b32 " +
           list("%x", w.registers) + ", " + list("%y", w.registers) + ", " +
           list("%z", w.accumulators) +
           ";\n  shr.u32 %base, %t, 5;\n  mul.lo.u32 %base, %base, 2048;\n  mov.u32 %mine, %sh;\n  "
           "add.u32 %base, %base, %mine;\n  mad.lo.u32 %mine, %lane, 16, %base;\n  "
           "add.u32 %second, %base, 512;\n  add.u32 %third, %base, 1024;\n  "
           "st.shared.v4.b32 [%mine], {%a0, %a1, %a2, %a3};\n  "
           "st.shared.v4.b32 [%mine+512], {%a4, %a5, %a6, %a7};\n  "
           "mad.lo.u32 %mine, %lane, 32, %third;\n  "
           "st.shared.v4.b32 [%mine], {%a8, %a9, %a10, %a11};\n  "
           "st.shared.v4.b32 [%mine+16], {%a12, %a13, %a14, %a15};\n  bar.sync 0;\n  ";
}

void add(Forms& forms, const Wmma& w, const std::string& a, const std::string& b) {
    const std::string sync = ".sync.aligned.";
    // tf32 tiles are 16 by 8, the others 16 by 16: a stride is the length of a row or column.
    const bool tf32 = w.element == ".tf32";
    const std::string a_stride = tf32 && a == "row" ? "8" : "16";
    const std::string b_stride = tf32 && b == "col" ? "8" : "16";
    const std::string x = "{" + list("%x", w.registers) + "}";
    const std::string y = "{" + list("%y", w.registers) + "}";
    const std::string z = "{" + list("%z", w.accumulators) + "}";
    std::vector<Type> in(8, w.operand);
    in.insert(in.end(), 8, w.addend);
    const std::string mma = "wmma.mma" + sync + a + "." + b + w.shape + w.types;
    forms.push_back({.name = mma,
                     .body = fill_shared(w) + "wmma.load.a" + sync + a + w.shape + ".shared" +
                             w.element + " " + x + ", [%base], " + a_stride + ";\n  wmma.load.b" +
                             sync + b + w.shape + ".shared" + w.element + " " + y +
                             ", [%second], " + b_stride + ";\n  wmma.load.c" + sync + "row" +
                             w.shape + ".shared" + w.accumulator + " " + z + ", [%third], 16;\n  " +
                             mma + " " + z + ", " + x + ", " + y + ", " + z +
                             ";\n  bar.sync 0;\n  wmma.store.d" + sync + "row" + w.shape +
                             ".shared" + w.accumulator + " [%third], " + z +
                             ", 16;\n  bar.sync 0;\n  "
                             "ld.shared.v4.b32 {%d0, %d1, %d2, %d3}, [%mine];\n  "
                             "ld.shared.v4.b32 {%d4, %d5, %d6, %d7}, [%mine+16]; }",
                     .in = in,
                     .out = std::vector<Type>(8, Type::B32)});
}

}  // namespace

void add_wmma_forms(Forms& forms) {
    using enum Type;
    const Wmma half{".m16n16k16", ".f16", ".f32", ".f32.f32", 8, 8, F16x2, F32};
    const Wmma all_half{".m16n16k16", ".f16", ".f16", ".f16.f16", 8, 4, F16x2, F16x2};
    const Wmma brain{".m16n16k16", ".bf16", ".f32", ".f32.bf16.bf16.f32", 4, 8, Bf16x2, F32};
    const Wmma tf32{".m16n16k8", ".tf32", ".f32", ".f32.tf32.tf32.f32", 4, 8, Tf32, F32};
    const Wmma bytes{".m16n16k16", ".s8", ".s32", ".s32.s8.s8.s32", 2, 8, B32, S32};
    for (const char* a : {"row", "col"}) {
        for (const char* b : {"row", "col"}) {
            for (const Wmma& w : {half, all_half, brain, tf32, bytes})
                add(forms, w, a, b);
        }
    }
}

}  // namespace cupel::emulator::conformance
