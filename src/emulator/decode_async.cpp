// SPDX-License-Identifier: Apache-2.0
// cp.async and mbarrier.
#include <fmt/format.h>

#include "emulator/async.hpp"
#include "emulator/decoder.hpp"

namespace cupel::emulator {
namespace {

bool accept_shared(Words& words) {
    return words.accept("shared") || words.accept("shared::cta");
}

}  // namespace

Result<void> Decoder::copy_async(const Instruction& in) {
    Words words(in.opcode);
    if (!words.accept("async")) return refuse(in);
    if (words.accept("bulk")) return copy_bulk(in, words);
    Op op = start(in, Work::Copy);
    op.spreads = false;
    if (words.accept("commit_group") && words.done()) {
        CUPEL_DO(expect_operands(in, 0, 0));
        op.run = &run_nothing;
        op.checked = &commit_copies;
    } else if (!words.accept_any({"wait_group", "wait_all"}).empty() && words.done()) {
        const bool all = in.opcode.ends_with("wait_all");
        CUPEL_DO(expect_operands(in, all ? 0 : 1, all ? 0 : 1));
        op.imm = -1;
        if (!all) {
            CUPEL_TRY(const std::uint64_t keep, whole(in.operands[0], 1U << 20));
            op.imm = static_cast<std::int64_t>(keep);
        }
        op.run = &run_nothing;
        op.checked = &wait_copies;
    } else if (words.accept("mbarrier")) {
        CUPEL_DO(expect_operands(in, 1, 1));
        if (!words.accept("arrive")) return refuse(in);
        op.elements = words.accept("noinc") ? kNoIncrement : 1;
        if (!accept_shared(words) || !words.accept("b64") || !words.done()) return refuse(in);
        op.work = Work::Atomic;
        op.run = op.checked = &mbarrier_copies;
        CUPEL_DO(set_address(in.operands[0], Space::Shared, 8, op));
        op.flags |= kStrong;
    } else {
        return copy_bytes(in, words, op);
    }
    emit(op);
    return {};
}

// cp.async.cg.shared.global [to], [from], 16, taken;
Result<void> Decoder::copy_bytes(const Instruction& in, Words& words, Op op) {
    CUPEL_DO(expect_operands(in, 3, 4));
    const std::string_view cache = words.accept_any({"ca", "cg"});
    if (cache.empty() || !accept_shared(words) || !words.accept("global")) return refuse(in);
    words.accept_any({"L2::64B", "L2::128B", "L2::256B"});
    if (!words.done()) return refuse(in);
    CUPEL_TRY(const std::uint64_t bytes, whole(in.operands[2], 16));
    if (bytes != 16 && (cache == "cg" || (bytes != 4 && bytes != 8))) {
        return error(in.operands[2].at, "expected 4, 8 or 16 bytes, and 16 with .cg");
    }
    CUPEL_TRY(op.b, global_row(in, in.operands[1], static_cast<unsigned>(bytes)));
    CUPEL_DO(set_address(in.operands[0], Space::Shared, static_cast<unsigned>(bytes), op));
    if (in.operands.size() == 4) {
        CUPEL_TRY(op.c, source(in.operands[3], Type::U32));
    } else {
        op.c = constant(bytes, 4);
    }
    op.run = &cupel::emulator::copy_async;
    op.checked = &copy_async_checked;
    note_grain(op, static_cast<unsigned>(bytes));
    emit(op);
    return {};
}

namespace {

bool accept_scope(Words& words) {
    // Every cluster is of one block here: kernels of larger ones are refused.
    return words.accept("cta") || words.accept("cluster");
}

// .shared::cluster is a window that has the block's own memory where .shared::cta has it.
std::optional<Space> accept_barrier_space(Words& words, bool far) {
    if (words.peek() == "b64") return Space::Generic;
    if (accept_shared(words) || (far && words.accept("shared::cluster"))) return Space::Shared;
    return std::nullopt;
}

}  // namespace

// mbarrier.arrive.expect_tx.release.cta.shared::cta.b64 state, [at], bytes; and without a state
// mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [at], bytes;
Result<void> Decoder::mbarrier_arrival(const Instruction& in, Words& words) {
    const bool arrives = words.accept("arrive");
    const bool expects = words.accept("expect_tx");
    if (words.accept(arrives ? "release" : "relaxed") && !accept_scope(words)) return refuse(in);
    const auto space = accept_barrier_space(words, true);
    if (!space || !words.accept("b64") || !words.done()) return refuse(in);
    const std::size_t least = arrives && !expects ? 2 : arrives ? 3 : 2;
    CUPEL_DO(expect_operands(in, least, arrives ? 3 : 2));
    const Operand& address = in.operands[arrives ? 1 : 0];
    if (expects) CUPEL_DO(expect_bytes(in, address, *space, in.operands.back()));
    if (!arrives) return {};
    Op op = start(in, Work::Atomic);
    op.spreads = false;
    op.counted = !expects;
    CUPEL_TRY(op.d, target(in.operands[0], Type::B64));
    CUPEL_DO(set_address(address, *space, 8, op));
    op.b = constant(1, 4);
    if (!expects && in.operands.size() == 3) {
        CUPEL_TRY(op.b, source(in.operands[2], Type::U32));
    }
    op.run = op.checked = &mbarrier_arrive;
    op.flags |= kStrong;
    emit(op);
    return {};
}

Result<void> Decoder::mbarrier(const Instruction& in) {
    Words words(in.opcode);
    if (words.peek() == "arrive" || words.peek() == "expect_tx") return mbarrier_arrival(in, words);
    const std::string_view kind = words.accept_any({"init", "inval", "test_wait", "try_wait"});
    const bool waits = kind == "test_wait" || kind == "try_wait";
    const bool parity = waits && words.accept("parity");
    if (waits && words.accept("acquire") && !accept_scope(words)) return refuse(in);
    const auto space = accept_barrier_space(words, false);
    if (kind.empty() || !space || !words.accept("b64") || !words.done()) return refuse(in);
    Op op = start(in, waits ? Work::Fence : Work::Atomic);
    op.spreads = false;
    if (kind == "init") {
        CUPEL_DO(expect_operands(in, 2, 2));
        CUPEL_DO(set_address(in.operands[0], *space, 8, op));
        CUPEL_TRY(op.b, source(in.operands[1], Type::U32));
        op.run = op.checked = &mbarrier_init;
    } else if (kind == "inval") {
        CUPEL_DO(expect_operands(in, 1, 1));
        CUPEL_DO(set_address(in.operands[0], *space, 8, op));
        op.run = op.checked = &mbarrier_end;
        op.flags |= kStrong;
    } else {
        CUPEL_DO(expect_operands(in, 3, kind == "try_wait" ? 4 : 3));
        CUPEL_TRY(op.d, target(in.operands[0], Type::Pred));
        CUPEL_DO(set_address(in.operands[1], *space, 8, op));
        CUPEL_TRY(op.b, source(in.operands[2], parity ? Type::U32 : Type::B64));
        op.elements = parity ? kByParity : 1;
        op.run = op.checked = &mbarrier_test;
    }
    emit(op);
    return {};
}

}  // namespace cupel::emulator
