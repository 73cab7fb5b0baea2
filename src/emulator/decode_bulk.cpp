// SPDX-License-Identifier: Apache-2.0
// cp.async.bulk, the bytes that an mbarrier expects, and elect.sync. What needs a cluster of blocks
// or a tensor map is refused, and said to.
#include <fmt/format.h>

#include "emulator/bulk.hpp"
#include "emulator/decoder.hpp"

namespace cupel::emulator {
namespace {

constexpr std::string_view kCompletes = "mbarrier::complete_tx::bytes";

}  // namespace

Result<std::uint32_t> Decoder::global_row(const Instruction& in, const Operand& operand,
                                          unsigned bytes) {
    Op address = start(in, Work::Copy);
    CUPEL_DO(set_address(operand, Space::Global, bytes, address));
    if (address.imm == 0) return address.a;
    Op sum = start(in, Work::Copy);
    sum.run = sum.checked = all_forms().find("add.s64")->run;
    sum.a = address.a;
    sum.b = constant(static_cast<std::uint64_t>(address.imm), 8);
    sum.d = new_row(8);
    emit(sum);
    return sum.d;
}

Result<void> Decoder::copy_bulk(const Instruction& in, Words& words) {
    const auto lacks = [&](std::string_view what) {
        return error(in.at, fmt::format("'{}' is not emulated: it needs {}", in.opcode, what));
    };
    if (words.peek() == "tensor") return lacks("a tensor map, which a contract cannot hand over");
    if (in.opcode.contains(".multicast")) return lacks("a cluster of several blocks");
    if (in.opcode.contains(".shared::cluster.shared::cta"))
        return lacks("a cluster of several blocks");
    if (words.peek() == "commit_group" || words.peek() == "wait_group")
        return bulk_group(in, words);
    code_.fine_order = true;  // who has read what is to be filled again is to be known
    if (words.accept("global")) return bulk_store(in, words);
    if (words.accept("shared::cluster") || words.accept("shared::cta")) return bulk_load(in, words);
    return refuse(in);
}

// cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [to], [from], bytes,
// [mbarrier];
Result<void> Decoder::bulk_load(const Instruction& in, Words& words) {
    if (!words.accept("global") || !words.accept(kCompletes)) return refuse(in);
    const bool hinted = words.accept("L2::cache_hint");
    if (!words.done()) return refuse(in);
    CUPEL_DO(expect_operands(in, hinted ? 5 : 4, hinted ? 5 : 4));
    Op op = start(in, Work::Copy);
    op.spreads = false;
    CUPEL_TRY(op.b, global_row(in, in.operands[1], 16));
    CUPEL_DO(set_address(in.operands[0], Space::Shared, 16, op));
    CUPEL_TRY(op.c, source(in.operands[2], Type::U32));
    if (hinted) CUPEL_DO(source(in.operands[4], Type::B64));
    op.run = op.checked = &cupel::emulator::bulk_load;
    note_grain(op, 16);
    emit(op);
    Op arrival = start(in, Work::Copy);
    arrival.spreads = false;
    arrival.counted = false;
    arrival.c = op.c;
    CUPEL_DO(set_address(in.operands[3], Space::Shared, 8, arrival));
    arrival.run = arrival.checked = &bulk_arrive;
    emit(arrival);
    return {};
}

// cp.async.bulk.global.shared::cta.bulk_group [to], [from], bytes;
Result<void> Decoder::bulk_store(const Instruction& in, Words& words) {
    if (!words.accept("shared::cta") || !words.accept("bulk_group")) return refuse(in);
    const bool hinted = words.accept("L2::cache_hint");
    if (!words.done()) return refuse(in);
    CUPEL_DO(expect_operands(in, hinted ? 4 : 3, hinted ? 4 : 3));
    Op op = start(in, Work::Copy);
    op.spreads = false;
    CUPEL_TRY(op.b, global_row(in, in.operands[0], 16));
    CUPEL_DO(set_address(in.operands[1], Space::Shared, 16, op));
    CUPEL_TRY(op.c, source(in.operands[2], Type::U32));
    if (hinted) CUPEL_DO(source(in.operands[3], Type::B64));
    op.run = op.checked = &cupel::emulator::bulk_store;
    note_grain(op, 16);
    emit(op);
    return {};
}

Result<void> Decoder::bulk_group(const Instruction& in, Words& words) {
    Op op = start(in, Work::Copy);
    op.spreads = false;
    if (words.accept("commit_group")) {
        CUPEL_DO(expect_operands(in, 0, 0));
        op.run = op.checked = &bulk_commit;
    } else {
        words.accept("wait_group");
        const bool reads = words.accept("read");
        CUPEL_DO(expect_operands(in, 1, 1));
        CUPEL_TRY(const std::uint64_t keep, whole(in.operands[0], 1U << 20));
        op.imm = static_cast<std::int64_t>(keep);
        op.run = op.checked = reads ? &bulk_wait_read : &bulk_wait;
    }
    if (!words.done()) return refuse(in);
    emit(op);
    return {};
}

Result<void> Decoder::expect_bytes(const Instruction& in, const Operand& address, Space space,
                                   const Operand& bytes) {
    Op op = start(in, Work::Atomic);
    op.spreads = false;
    CUPEL_DO(set_address(address, space, 8, op));
    CUPEL_TRY(op.b, source(bytes, Type::U32));
    op.run = op.checked = &mbarrier_expect;
    op.flags |= kStrong;
    emit(op);
    return {};
}

// elect.sync d|p, mask;
Result<void> Decoder::elect(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 2, 2));
    if (in.opcode != "elect.sync" || in.operands[0].second == kNoIndex) return refuse(in);
    Op op = start(in, Work::Collective);
    op.run = &elect_lane;
    op.inner = op.run;
    op.checked = &vote_checked;
    op.spreads = false;
    CUPEL_TRY(op.d, target(in.operands[0], Type::B32));
    op.d2 = register_row(in.operands[0].second);
    return collective(in, op, in.operands[1]);
}

}  // namespace cupel::emulator
