// SPDX-License-Identifier: Apache-2.0
// Atomics on global and shared memory (each lane its own cell, and all lanes one cell where order
// cannot matter), loads and stores of every width, and the address windows.
#include "conformance/form.hpp"

namespace cupel::emulator::conformance {
namespace {

struct Atomic {
    std::string op;
    Type type;
    unsigned operands = 1;
};

std::vector<Atomic> atomics() {
    using enum Type;
    std::vector<Atomic> all;
    for (const auto& [name, type] : {std::pair<std::string, Type>{"b32", B32}, {"b64", B64}}) {
        for (const char* op : {"and.", "or.", "xor.", "exch."})
            all.push_back({op + name, type});
        all.push_back({"cas." + name, type, 2});
    }
    all.push_back({"cas.b16", B16, 2});
    for (const auto& [name, type] :
         {std::pair<std::string, Type>{"u32", U32}, {"s32", S32}, {"u64", U64}, {"s64", S64}}) {
        for (const char* op : {"min.", "max."})
            all.push_back({op + name, type});
        if (name != "s64") all.push_back({"add." + name, type});
    }
    all.push_back({"inc.u32", U32});
    all.push_back({"dec.u32", U32});
    all.push_back({"add.f32", F32});
    all.push_back({"add.f64", F64});
    all.push_back({"add.noftz.f16", F16});
    all.push_back({"add.noftz.f16x2", F16x2});
    all.push_back({"add.noftz.bf16", Bf16});
    all.push_back({"add.noftz.bf16x2", Bf16x2});
    return all;
}

std::string shared_cell() {
    return ".shared .align 8 .b8 %sh[2048];\n  .reg .b32 %cell;\n  mov.u32 %cell, %sh;\n  "
           "mad.lo.u32 %cell, %t, 8, %cell;\n  ";
}

void add_atomics(Forms& forms) {
    for (const Atomic& atomic : atomics()) {
        const std::string bits = ".b" + std::to_string(8 * bytes_of(atomic.type));
        const std::string operands = atomic.operands == 2 ? "%a1, %a2" : "%a1";
        const std::vector<Type> in(atomic.operands + 1, atomic.type);
        forms.push_back({.name = "atom.global." + atomic.op,
                         .body = "st.global" + bits + " [%m1], %a0;\n  atom.global." + atomic.op +
                                 " %d0, [%m1], " + operands + ";",
                         .in = in,
                         .out = {atomic.type, atomic.type},
                         .stored_by_body = 2});
        forms.push_back({.name = "atom.shared." + atomic.op,
                         .body = "{ " + shared_cell() + "st.shared" + bits +
                                 " [%cell], %a0;\n  atom.shared." + atomic.op + " %d0, [%cell], " +
                                 operands + ";\n  ld.shared" + bits + " %d1, [%cell]; }",
                         .in = in,
                         .out = {atomic.type, atomic.type}});
        if (atomic.operands == 2 || atomic.op.starts_with("exch")) continue;
        forms.push_back({.name = "red.global." + atomic.op,
                         .body = "st.global" + bits + " [%m0], %a0;\n  red.global." + atomic.op +
                                 " [%m0], %a1;",
                         .in = in,
                         .out = {atomic.type},
                         .stored_by_body = 1});
    }
}

// One cell for a whole block; only what all orders agree about is kept.
void add_crowded(Forms& forms) {
    using enum Type;
    for (const auto& [op, type] : {std::pair<std::string, Type>{"add.u32", U32},
                                   {"add.u64", U64},
                                   {"min.s32", S32},
                                   {"max.u32", U32},
                                   {"min.u64", U64},
                                   {"max.s64", S64},
                                   {"and.b32", B32},
                                   {"or.b32", B32},
                                   {"xor.b32", B32},
                                   {"xor.b64", B64}}) {
        const std::string bits = ".b" + std::to_string(8 * bytes_of(type));
        forms.push_back({.name = "red.shared." + op + " by all",
                         .body = "{ .shared .align 8 .b8 %sh[8];\n  .reg .pred %first;\n  "
                                 "setp.eq.u32 %first, %t, 0;\n  @%first st.shared" +
                                 bits + " [%sh], %a0;\n  bar.sync 0;\n  red.shared." + op +
                                 " [%sh], %a0;\n  bar.sync 0;\n  ld.shared" + bits +
                                 " %d0, [%sh]; }",
                         .in = {type},
                         .out = {type}});
    }
    // Tickets: the old values are a permutation of 0 to 31; their sum over the warp is kept.
    forms.push_back(
        {.name = "atom.shared.inc.u32 by all",
         .body = "{ .shared .align 4 .b8 %sh[4];\n  .reg .pred %first;\n  .reg .b32 %old;\n  "
                 "setp.eq.u32 %first, %t, 0;\n  @%first st.shared.b32 [%sh], 0;\n  "
                 "bar.sync 0;\n  atom.shared.inc.u32 %old, [%sh], 255;\n  "
                 "bar.sync 0;\n  ld.shared.b32 %d1, [%sh];\n  bar.sync 0;\n  "
                 "@%first st.shared.b32 [%sh], 0;\n  bar.sync 0;\n  "
                 "red.shared.add.u32 [%sh], %old;\n  bar.sync 0;\n  "
                 "ld.shared.b32 %d0, [%sh]; }",
         .in = {},
         .out = {Type::B32, Type::B32}});
}

void add_loads(Forms& forms) {
    using enum Type;
    // Extension by the type of the load: into 64 bits from each narrower type.
    for (const char* type : {"u8", "s8", "u16", "s16", "u32", "s32"}) {
        forms.push_back({.name = std::string("ld.shared.") + type + " into 64 bits",
                         .body = "{ " + shared_cell() +
                                 "st.shared.b64 [%cell], %a0;\n  ld.shared." + type +
                                 " %d0, [%cell]; }",
                         .in = {B64},
                         .out = {B64}});
    }
    forms.push_back({.name = "st.shared.b8 of wider registers",
                     .body = "{ " + shared_cell() +
                             "st.shared.b64 [%cell], 0;\n  st.shared.b8 [%cell+1], %a0;\n  "
                             "st.shared.b16 [%cell+4], %a0;\n  ld.shared.b64 %d0, [%cell]; }",
                     .in = {B64},
                     .out = {B64}});
    forms.push_back({.name = "ld.shared.v4.u8 and st.shared.v2.b16",
                     .body = "{ " + shared_cell() +
                             "st.shared.v2.b16 [%cell], {%a0, %a1};\n  "
                             "ld.shared.v4.u8 {%d0, %d1, %d2, %d3}, [%cell]; }",
                     .in = {B16, B16},
                     .out = {B16, B16, B16, B16}});
}

void add_windows(Forms& forms) {
    forms.push_back(
        {.name = "isspacep and cvta",
         .body =
             "{ .shared .align 8 .b8 %sh[8];\n  .local .align 8 .b8 %lo[8];\n  "
             ".reg .b64 %s, %l, %back;\n  .reg .pred %p;\n  .reg .b32 %x;\n  "
             "mov.u64 %s, %sh;\n  cvta.shared.u64 %s, %s;\n  mov.u64 %l, %lo;\n  "
             "cvta.local.u64 %l, %l;\n  isspacep.shared %d0, %s;\n  isspacep.local %d1, %s;\n  "
             "isspacep.global %d2, %s;\n  isspacep.shared %d3, %l;\n  isspacep.local %d4, %l;\n  "
             "isspacep.global %d5, %l;\n  isspacep.global %d6, %out;\n  "
             "isspacep.shared %d7, %out;\n  st.b32 [%l], %a0;\n  "
             "cvta.to.local.u64 %back, %l;\n  ld.local.b32 %d8, [%back]; }",
         .in = {Type::B32},
         .out = {Type::Pred, Type::Pred, Type::Pred, Type::Pred, Type::Pred, Type::Pred, Type::Pred,
                 Type::Pred, Type::B32}});
}

}  // namespace

void add_memory_forms(Forms& forms) {
    add_atomics(forms);
    add_crowded(forms);
    add_loads(forms);
    add_windows(forms);
}

}  // namespace cupel::emulator::conformance
