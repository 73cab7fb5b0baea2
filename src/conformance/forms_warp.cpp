// SPDX-License-Identifier: Apache-2.0
// What the lanes of a warp do together: shuffles, votes, matches, reductions, elections; with all
// lanes, and with a warp split in two groups that meet apart.
#include "conformance/form.hpp"

namespace cupel::emulator::conformance {
namespace {

// Runs `body` once with all lanes, or apart for the lanes below and from 13; MASK becomes the mask.
std::string in_groups(const std::string& body, bool split) {
    const auto with = [&](const std::string& mask) {
        std::string text = body;
        for (std::size_t at = 0; (at = text.find("MASK", at)) != std::string::npos;)
            text.replace(at, 4, mask);
        return text;
    };
    if (!split) return with("0xffffffff");
    return "{\n  .reg .pred %low;\n  setp.lt.u32 %low, %lane, 13;\n  @%low bra LOW;\n  " +
           with("0xffffe000") + "\n  bra.uni DONE;\nLOW:\n  " + with("0x00001fff") +
           "\nDONE:\n  bar.warp.sync 0xffffffff;\n  }";
}

struct Both {
    std::string name;
    std::string body;
    std::vector<Type> out;
    std::vector<Type> in;
    Promise promise = Promise::Bits;
};

void add_both(Forms& forms, const Both& both) {
    for (const bool split : {false, true}) {
        forms.push_back({.name = both.name + (split ? " in two groups" : ""),
                         .body = in_groups(both.body, split),
                         .in = both.in,
                         .out = both.out,
                         .promise = both.promise});
    }
}

void add_shuffles(Forms& forms) {
    for (const char* mode : {"up", "down", "bfly", "idx"}) {
        const std::string op = std::string("shfl.sync.") + mode + ".b32";
        // A lane outside the group that takes part gives no defined value: split groups only with
        // their own lane, which the butterfly by zero is.
        forms.push_back({.name = op,
                         .body = op + " %d0|%d1, %a0, %a1, %a2, 0xffffffff;",
                         .in = {Type::B32, Type::Lane, Type::Segment},
                         .out = {Type::B32, Type::Pred}});
        forms.push_back({.name = op + " of one distance",
                         .body = op + " %d0|%d1, %a0, 5, 0x1f, 0xffffffff;",
                         .in = {Type::B32},
                         .out = {Type::B32, Type::Pred}});
        forms.push_back({.name = op + " in segments of eight",
                         .body = op + " %d0, %a0, 3, 0x181f, 0xffffffff;",
                         .in = {Type::B32},
                         .out = {Type::B32}});
    }
    forms.push_back({.name = "shfl.sync.idx.b32 in two groups",
                     .body = in_groups("shfl.sync.idx.b32 %d0|%d1, %a0, %lane, 0x1f, MASK;", true),
                     .in = {Type::B32},
                     .out = {Type::B32, Type::Pred}});
}

void add_votes(Forms& forms) {
    for (const char* mode : {"any", "all", "uni"}) {
        for (const char* negated : {"", "!"}) {
            add_both(forms,
                     {std::string("vote.sync.") + mode + ".pred " + negated,
                      std::string("vote.sync.") + mode + ".pred %d0, " + negated + "%a0, MASK;",
                      {Type::Pred},
                      {Type::Pred}});
        }
    }
    add_both(forms, {"vote.sync.ballot.b32",
                     "vote.sync.ballot.b32 %d0, %a0, MASK;",
                     {Type::B32},
                     {Type::Pred}});
    // All lanes agree in some warps only when the predicate seldom differs.
    for (const char* mode : {"any", "all", "uni"}) {
        add_both(forms, {std::string("vote.sync.") + mode + ".pred of rare",
                         "{ .reg .pred %rare; setp.eq.u32 %rare, %a0, 5;\n  vote.sync." +
                             std::string(mode) + ".pred %d0, %rare, MASK; }",
                         {Type::Pred},
                         {Type::Row}});
    }
}

void add_matches(Forms& forms) {
    add_both(
        forms,
        {"match.any.sync.b32", "match.any.sync.b32 %d0, %a0, MASK;", {Type::B32}, {Type::Few}});
    add_both(forms, {"match.all.sync.b32",
                     "match.all.sync.b32 %d0|%d1, %a0, MASK;",
                     {Type::B32, Type::Pred},
                     {Type::Few}});
    add_both(
        forms,
        {"match.all.sync.b32 of equals",
         "{ .reg .b32 %same; shr.u32 %same, %i, 5;\n  match.all.sync.b32 %d0|%d1, %same, MASK; }",
         {Type::B32, Type::Pred},
         {}});
    const std::string widen = "{ .reg .b64 %wide; mov.b64 %wide, {%a0, %a0};\n  ";
    add_both(forms, {"match.any.sync.b64",
                     widen + "match.any.sync.b64 %d0, %wide, MASK; }",
                     {Type::B32},
                     {Type::Few}});
    add_both(forms, {"match.all.sync.b64",
                     widen + "match.all.sync.b64 %d0|%d1, %wide, MASK; }",
                     {Type::B32, Type::Pred},
                     {Type::Few}});
}

void add_reductions(Forms& forms) {
    for (const char* op : {"add.u32", "add.s32", "min.u32", "min.s32", "max.u32", "max.s32",
                           "and.b32", "or.b32", "xor.b32"}) {
        add_both(forms, {std::string("redux.sync.") + op,
                         std::string("redux.sync.") + op + " %d0, %a0, MASK;",
                         {Type::B32},
                         {Type::B32}});
    }
    add_both(forms, {"elect.sync",
                     "elect.sync %d0|%d1, MASK;",
                     {Type::B32, Type::Pred},
                     {},
                     Promise::Unspecified});
    forms.push_back(
        {.name = "activemask.b32", .body = "activemask.b32 %d0;", .in = {}, .out = {Type::B32}});
    forms.push_back({.name = "lane masks and places",
                     .body = "mov.u32 %d0, %lanemask_eq;\n  mov.u32 %d1, %lanemask_le;\n  "
                             "mov.u32 %d2, %lanemask_lt;\n  mov.u32 %d3, %lanemask_ge;\n  "
                             "mov.u32 %d4, %lanemask_gt;\n  mov.u32 %d5, %laneid;\n  "
                             "mov.u32 %d6, %ntid.x;\n  mov.u32 %d7, %nctaid.x;",
                     .in = {},
                     .out = std::vector<Type>(8, Type::B32)});
}

// Warp matrices. Every lane gives the address of one row of 16 bytes.
void add_matrix_moves(Forms& forms) {
    const std::string room =
        "{ .shared .align 16 .b8 %sh[4096];\n  .reg .b32 %base, %row;\n  mov.u32 %base, %sh;\n  "
        "and.b32 %row, %t, 224;\n  mad.lo.u32 %base, %row, 16, %base;\n  ";
    const std::string mine = "mad.lo.u32 %row, %lane, 16, %base;\n  ";
    const std::vector<Type> four(4, Type::B32);
    for (const char* count : {"1", "2", "4"}) {
        for (const char* trans : {"", ".trans"}) {
            const unsigned n = static_cast<unsigned>(count[0] - '0');
            std::string regs = "{%d0", stored = "{%a0";
            for (unsigned k = 1; k < n; ++k) {
                regs += ", %d" + std::to_string(k);
                stored += ", %a" + std::to_string(k);
            }
            const std::string tail =
                std::string(".sync.aligned.m8n8.x") + count + trans + ".shared.b16";
            std::vector<Type> in = four;
            in.push_back(Type::Row);
            forms.push_back(
                {.name = "ldmatrix" + tail,
                 .body = room + mine +
                         "st.shared.v4.b32 [%row], {%a0, %a1, %a2, %a3};\n  "
                         "bar.warp.sync 0xffffffff;\n  mad.lo.u32 %row, %a4, 16, %base;\n  "
                         "ldmatrix" +
                         tail + " " + regs + "}, [%row]; }",
                 .in = in,
                 .out = std::vector<Type>(n, Type::B32)});
            forms.push_back(
                {.name = "stmatrix" + tail,
                 .body = room + mine +
                         "st.shared.v4.b32 [%row], {0, 0, 0, 0};\n  "
                         "bar.warp.sync 0xffffffff;\n  shr.u32 %row, %i, 5;\n  mad.lo.u32 %row, "
                         "%lane, 13, %row;\n  "
                         "and.b32 %row, %row, 31;\n  mad.lo.u32 %row, %row, 16, %base;\n  "
                         "stmatrix" +
                         tail + " [%row], " + stored +
                         "};\n  "
                         "bar.warp.sync 0xffffffff;\n  " +
                         mine + "ld.shared.v4.b32 {%d0, %d1, %d2, %d3}, [%row]; }",
                 .in = four,
                 .out = four});
        }
    }
    add_plain(forms, "movmatrix.sync.aligned.m8n8.trans.b16", Type::B32, {Type::B32});
}

}  // namespace

void add_warp_forms(Forms& forms) {
    add_shuffles(forms);
    add_votes(forms);
    add_matches(forms);
    add_reductions(forms);
    add_matrix_moves(forms);
}

}  // namespace cupel::emulator::conformance
