// SPDX-License-Identifier: Apache-2.0
// Branches, calls, barriers, and what the lanes of a warp do together.
#include <fmt/format.h>

#include "emulator/decoder.hpp"

namespace cupel::emulator {

Result<void> Decoder::branch(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 1, 1));
    if (in.opcode != "bra" && in.opcode != "bra.uni") return refuse(in);
    if (in.operands[0].kind != OperandKind::Label)
        return error(in.operands[0].at, "expected a label");
    Op op = start(in, Work::Control);
    op.flow = Flow::Branch;
    op.target = in.operands[0].index;  // of an instruction; finish() makes it an operation
    op.imm = static_cast<std::int64_t>(code_.reaches.size());
    code_.reaches.emplace_back();
    emit(op);
    return {};
}

Result<void> Decoder::leave(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 0, 0));
    if (in.opcode != "ret" && in.opcode != "ret.uni" && in.opcode != "exit" &&
        in.opcode != "trap") {
        return refuse(in);
    }
    Op op = start(in, Work::Control);
    op.flow = in.opcode == "trap" ? Flow::Trap : Flow::Exit;
    emit(op);
    return {};
}

Result<void> Decoder::barrier(const Instruction& in) {
    Words words(in.opcode);
    const bool old_spelling = in.opcode.starts_with("bar.");
    if (old_spelling && words.accept("warp")) {
        CUPEL_DO(expect_operands(in, 1, 1));
        if (!words.accept("sync") || !words.done()) return refuse(in);
        Op op = start(in, Work::Barrier);
        op.run = &warp_barrier;
        op.checked = &warp_barrier_checked;
        return collective(in, op, in.operands[0]);
    }
    words.accept("cta");
    const std::string_view kind = words.accept_any({"sync", "arrive", "red"});
    Op op = start(in, Work::Barrier);
    op.flow = Flow::Barrier;
    op.imm = kind == "sync" ? kBarSync : kBarArrive;
    op.spreads = false;
    const std::string_view reduction = kind == "red" ? words.accept_any({"popc", "and", "or"}) : "";
    if (old_spelling || words.accept("aligned")) op.flags |= 2;
    if (kind == "red") {
        op.imm = reduction == "popc" ? kBarRedPopc : reduction == "and" ? kBarRedAnd : kBarRedOr;
        const bool typed = reduction == "popc" ? words.accept("u32") : words.accept("pred");
        if (reduction.empty() || !typed) return refuse(in);
    }
    if (kind.empty() || !words.done()) return refuse(in);
    const std::size_t extra = kind == "red" ? 2 : 0;
    CUPEL_DO(expect_operands(in, (kind == "arrive" ? 2 : 1) + extra, 2 + extra));
    std::size_t at = 0;
    if (kind == "red") {
        CUPEL_TRY(op.d, target(in.operands[at++], reduction == "popc" ? Type::U32 : Type::Pred));
    }
    CUPEL_TRY(op.a, source(in.operands[at++], Type::U32));
    if (in.operands.size() > at + (extra != 0 ? 1 : 0)) {
        op.flags |= 1;
        CUPEL_TRY(op.b, source(in.operands[at++], Type::U32));
    }
    if (kind == "red") {
        Op negation;
        CUPEL_TRY(op.c, predicate_source(in.operands[at], negation));
        op.target = static_cast<std::uint32_t>(negation.imm);
    }
    emit(op);
    return {};
}

// Of functions only those that the compiler itself refers to: printing does nothing, a failed
// assertion ends the launch.
Result<void> Decoder::call(const Instruction& in) {
    Op op = start(in, Work::Control);
    op.spreads = false;
    if (in.callee == "vprintf") {
        op.run = op.checked = &run_nothing;
    } else if (in.callee == "__assertfail") {
        op.flow = Flow::Trap;
        op.imm = 1;
    } else {
        return error(in.at, fmt::format("a call of '{}'; functions must be inlined", in.callee));
    }
    emit(op);
    return {};
}

// Of launches that overlap; here each starts when the one before it has ended, and none waits for
// this one.
Result<void> Decoder::depend(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 0, 0));
    if (in.opcode != "griddepcontrol.wait" && in.opcode != "griddepcontrol.launch_dependents") {
        return refuse(in);
    }
    Op op = start(in, Work::Control);
    op.run = op.checked = &run_nothing;
    op.spreads = false;
    emit(op);
    return {};
}

Result<void> Decoder::sleep(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 1, 1));
    if (in.opcode != "nanosleep.u32") return refuse(in);
    Op op = start(in, Work::Control);
    op.flow = Flow::Yield;
    op.spreads = false;
    emit(op);
    return {};
}

Result<void> Decoder::collective(const Instruction& in, Op op, const Operand& mask) {
    (void)in;
    op.flow = Flow::Converge;
    CUPEL_TRY(op.e, source(mask, Type::B32));
    emit(op);
    return {};
}

Result<void> Decoder::shuffle(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 5, 5));
    Words words(in.opcode);
    if (!words.accept("sync")) return refuse(in);
    const std::string_view mode = words.accept_any({"up", "down", "bfly", "idx"});
    if (mode.empty() || !words.accept("b32") || !words.done()) return refuse(in);
    Op op = start(in, Work::Collective);
    const Pair pair = shuffle_handler(mode);
    op.run = pair.run;
    op.checked = pair.checked;
    op.spreads = false;
    CUPEL_TRY(op.d, target(in.operands[0], Type::B32));
    if (in.operands[0].second != kNoIndex) op.d2 = register_row(in.operands[0].second);
    CUPEL_TRY(op.a, source(in.operands[1], Type::B32));
    CUPEL_TRY(op.b, source(in.operands[2], Type::B32));
    CUPEL_TRY(op.c, source(in.operands[3], Type::B32));
    return collective(in, op, in.operands[4]);
}

Result<void> Decoder::vote(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 3, 3));
    Words words(in.opcode);
    // The manual has .sync first; headers write vote.ballot.sync too, and ptxas takes it.
    const bool first = words.accept("sync");
    const std::string_view mode = words.accept_any({"all", "any", "uni", "ballot"});
    if (!first && !words.accept("sync")) return refuse(in);
    const bool ballot = mode == "ballot";
    if (mode.empty() || !words.accept(ballot ? "b32" : "pred") || !words.done()) return refuse(in);
    Op op = start(in, Work::Collective);
    op.run = op.checked = vote_handler(mode);
    CUPEL_TRY(op.d, target(in.operands[0], ballot ? Type::B32 : Type::Pred));
    Op negation;
    CUPEL_TRY(op.a, predicate_source(in.operands[1], negation));
    op.target = static_cast<std::uint32_t>(negation.imm);
    op.spreads = false;
    op.inner = op.run;
    op.checked = &vote_checked;
    return collective(in, op, in.operands[2]);
}

Result<void> Decoder::match(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 3, 3));
    Words words(in.opcode);
    const std::string_view mode = words.accept_any({"any", "all"});
    if (mode.empty() || !words.accept("sync")) return refuse(in);
    const auto type = words.accept_type();
    if (!type || (*type != Type::B32 && *type != Type::B64) || !words.done()) return refuse(in);
    Op op = start(in, Work::Collective);
    op.run = match_handler(mode, bytes_of(*type));
    op.spreads = false;
    op.inner = op.run;
    op.checked = &vote_checked;
    CUPEL_TRY(op.d, target(in.operands[0], Type::B32));
    if (in.operands[0].second != kNoIndex) op.d2 = register_row(in.operands[0].second);
    CUPEL_TRY(op.a, source(in.operands[1], *type));
    return collective(in, op, in.operands[2]);
}

Result<void> Decoder::reduce(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 3, 3));
    Words words(in.opcode);
    if (!words.accept("sync")) return refuse(in);
    Op op = start(in, Work::Collective);
    op.run = reduce_handler(words.rest());
    if (op.run == nullptr) return refuse(in);
    op.spreads = false;
    op.inner = op.run;
    op.checked = &vote_checked;
    CUPEL_TRY(op.d, target(in.operands[0], Type::B32));
    CUPEL_TRY(op.a, source(in.operands[1], Type::B32));
    return collective(in, op, in.operands[2]);
}

Result<void> Decoder::active_mask(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 1, 1));
    if (in.opcode != "activemask.b32") return refuse(in);
    Op op = start(in, Work::Collective);
    op.run = op.checked = &read_active_mask;
    op.flow = Flow::Part;
    CUPEL_TRY(op.d, target(in.operands[0], Type::B32));
    emit(op);
    return {};
}

}  // namespace cupel::emulator
