// SPDX-License-Identifier: Apache-2.0
// mov with vectors and clocks, and cvt between registers wider than the types.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/decoder.hpp"
#include "emulator/integers.hpp"
#include "emulator/lanewise.hpp"

namespace cupel::emulator {
namespace {

// d takes a part of a: `imm` bits are shifted out.
template <class D, class S>
void take_part(Warp& warp, const Op& op) {
    std::array<D, kLanes> values;
    const auto* const a = row<S>(warp, op.a);
    for (unsigned i = 0; i < kLanes; i++)
        values[i] = static_cast<D>(a[i] >> op.imm);
    store_row(warp, op.d, values.data());
}

// d = d with a part replaced by a, `imm` bits up; d is cleared first where imm is 0.
template <class D, class S>
void put_part(Warp& warp, const Op& op) {
    std::array<D, kLanes> values;
    load_row(warp, op.c, values.data());
    const auto* const a = row<S>(warp, op.a);
    for (unsigned i = 0; i < kLanes; i++)
        values[i] = static_cast<D>(values[i] | static_cast<D>(static_cast<D>(a[i]) << op.imm));
    store_row(warp, op.d, values.data());
}

template <class D, class S, bool Sign>
void resize(Warp& warp, const Op& op) {
    std::array<D, kLanes> values;
    const auto* const a = row<S>(warp, op.a);
    for (unsigned i = 0; i < kLanes; i++) {
        values[i] =
            Sign ? static_cast<D>(static_cast<std::make_signed_t<S>>(a[i])) : static_cast<D>(a[i]);
    }
    store_row(warp, op.d, values.data());
}

template <bool Sign>
Handler resize_handler(unsigned to, unsigned from) {
    switch (to * 10 + from) {
        case 24:
            return &resize<U16, U32, Sign>;
        case 28:
            return &resize<U16, U64, Sign>;
        case 42:
            return &resize<U32, U16, Sign>;
        case 48:
            return &resize<U32, U64, Sign>;
        case 82:
            return &resize<U64, U16, Sign>;
        case 84:
            return &resize<U64, U32, Sign>;
        default:
            return nullptr;
    }
}

Handler part_handler(unsigned whole, unsigned part, bool put) {
    switch (whole * 10 + part) {
        case 42:
            return put ? &put_part<U32, U16> : &take_part<U16, U32>;
        case 84:
            return put ? &put_part<U64, U32> : &take_part<U32, U64>;
        case 82:
            return put ? &put_part<U64, U16> : &take_part<U16, U64>;
        default:
            return nullptr;
    }
}

struct Mover {
    std::string_view name;
    std::uint8_t sources = 0;
};
constexpr std::uint8_t kUnpacked = 1;  // a
constexpr std::uint8_t kPacked = 5;    // a into c
constexpr std::array kMovers = {
    Mover{"mov", 1}, Mover{"and", 3},  Mover{"or", 3},   Mover{"xor", 3},  Mover{"not", 1},
    Mover{"shl", 1}, Mover{"shr", 1},  Mover{"shf", 3},  Mover{"prmt", 3}, Mover{"bfe", 1},
    Mover{"bfi", 3}, Mover{"lop3", 7}, Mover{"brev", 1}, Mover{"cvt", 1},
};

bool is_whole(Type type) {
    return type != Type::Pred && !is_real(type);
}

bool is_clock(std::string_view name) {
    return name.starts_with("%clock") || name.starts_with("%globaltimer");
}

}  // namespace

std::uint8_t moved_sources(std::string_view opcode, const Form& form) {
    const std::string_view base = opcode.substr(0, opcode.find('.'));
    const auto found = std::ranges::find(kMovers, base, &Mover::name);
    if (found == kMovers.end() || form.types[0] == Type::Pred) return 0;
    // cvt.s32.u16, without rounding or clamping.
    const bool is_plain =
        std::ranges::count(opcode, '.') == 2 && is_whole(form.types[0]) && is_whole(form.types[1]);
    if (base == "cvt" && !is_plain) return 0;
    return found->sources;
}

void mark_moves(Op& op, std::uint8_t sources, unsigned from_bytes, unsigned to_bytes) {
    const bool overwrites = op.d == op.a || op.d == op.b || op.d == op.c || op.d == op.e;
    if (sources == 0 || overwrites) return;
    op.moves = sources;
    op.from_bytes = static_cast<std::uint8_t>(std::max(2U, from_bytes));
    op.to_bytes = static_cast<std::uint8_t>(std::max(2U, to_bytes));
}

Result<void> Decoder::move(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 2, 2));
    const Form* const form = all_forms().find(in.opcode);
    if (form == nullptr) return refuse(in);
    const unsigned bytes = bytes_of(form->types[0]);
    if (in.operands[0].kind == OperandKind::Vector) return unpack(in, bytes);
    if (in.operands[1].kind == OperandKind::Vector) return pack(in, bytes);
    if (in.operands[1].kind == OperandKind::Special && is_clock(in.operands[1].name)) {
        const std::string_view name = in.operands[1].name;
        const bool wide = name == "%clock64" || name == "%globaltimer";
        const bool low = name == "%clock" || name == "%globaltimer_lo";
        const bool high = name == "%clock_hi" || name == "%globaltimer_hi";
        if ((!wide && !low && !high) || bytes != (wide ? 8U : 4U)) return refuse(in);
        Op op = start(in, Work::Move);
        op.run = op.checked = &read_clock;
        code_.uses_environment = true;
        op.bytes = static_cast<std::uint8_t>(bytes);
        op.imm = high ? 1 : 0;
        op.spreads = false;
        CUPEL_TRY(op.d, target(in.operands[0], form->types[0]));
        emit(op);
        return {};
    }
    return arithmetic(in);
}

// mov.b32 r, {h0, h1}: through a row of its own, as r may be among its own parts' registers.
Result<void> Decoder::pack(const Instruction& in, unsigned bytes) {
    const Operand& vector = in.operands[1];
    const auto count = static_cast<unsigned>(vector.elements.size());
    const unsigned part = count == 0 ? 0 : bytes / count;
    const Handler step = part_handler(bytes, part, true);
    if (step == nullptr || part * count != bytes) return refuse(in);
    const Type whole_type = bytes == 4 ? Type::B32 : Type::B64;
    const Type part_type = part == 2 ? Type::B16 : Type::B32;
    CUPEL_TRY(const auto rows, sources(vector, part_type, count));
    CUPEL_TRY(const std::uint32_t to, target(in.operands[0], whole_type));
    std::uint32_t made = kZeroRow;
    for (unsigned i = 0; i < count; i++) {
        Op op = start(in, Work::Move);
        op.run = op.checked = step;
        op.a = rows[i];
        op.c = made;
        op.d = made = i + 1 == count ? to : new_row(bytes);
        op.imm = std::int64_t{8} * part * i;
        mark_moves(op, kPacked, part, bytes);
        emit(op);
    }
    return {};
}

Result<void> Decoder::unpack(const Instruction& in, unsigned bytes) {
    const Operand& vector = in.operands[0];
    const auto count = static_cast<unsigned>(vector.elements.size());
    const unsigned part = count == 0 ? 0 : bytes / count;
    const Handler step = part_handler(bytes, part, false);
    if (step == nullptr || part * count != bytes) return refuse(in);
    CUPEL_TRY(const std::uint32_t from, source(in.operands[1], bytes == 4 ? Type::B32 : Type::B64));
    CUPEL_TRY(const auto rows, targets(vector, part == 2 ? Type::B16 : Type::B32, count));
    for (unsigned i = 0; i < count; i++) {
        Op op = start(in, Work::Move);
        op.run = op.checked = step;
        op.a = from;
        op.d = rows[i];
        op.imm = std::int64_t{8} * part * i;
        mark_moves(op, kUnpacked, bytes, part);
        emit(op);
    }
    return {};
}

// cvt.s32.s8 %r1, %r2: a register may be wider than the type, so the value is narrowed before and
// widened after.
Result<void> Decoder::convert(const Instruction& in) {
    const Form* const form = all_forms().find(in.opcode);
    if (form == nullptr) return refuse(in);
    CUPEL_DO(expect_operands(in, form->sources + 1, form->sources + 1));
    const unsigned to_bytes = register_bytes(in.operands[0]);
    const unsigned from_bytes = register_bytes(in.operands[1]);
    const unsigned to_type = std::max(2U, bytes_of(form->types[0]));
    const unsigned from_type = std::max(2U, bytes_of(form->types[1]));
    const bool wider_to = to_bytes > to_type && !is_real(form->types[0]);
    const bool wider_from = from_bytes > from_type && !is_real(form->types[1]);
    if (!wider_to && !wider_from) return arithmetic(in);
    Op op = start(in, form->work);
    op.run = op.checked = form->run;
    if (wider_from) {
        Op narrow = start(in, form->work);
        narrow.run = narrow.checked = resize_handler<false>(from_type, from_bytes);
        narrow.a = register_row(in.operands[1].index);
        narrow.d = op.a = new_row(from_type);
        mark_moves(narrow, kUnpacked, from_bytes, from_type);
        emit(narrow);
    } else {
        CUPEL_TRY(op.a, source(in.operands[1], form->types[1]));
    }
    const std::uint8_t moved = moved_sources(in.opcode, *form);
    if (!wider_to) {
        CUPEL_TRY(op.d, target(in.operands[0], form->types[0]));
        mark_moves(op, moved, from_type, to_type);
        emit(op);
        return {};
    }
    op.d = new_row(to_type);
    mark_moves(op, moved, from_type, to_type);
    emit(op);
    Op widen = start(in, form->work);
    widen.run = widen.checked = is_signed(form->types[0])
                                    ? resize_handler<true>(to_bytes, to_type)
                                    : resize_handler<false>(to_bytes, to_type);
    widen.a = op.d;
    widen.d = register_row(in.operands[0].index);
    mark_moves(widen, kUnpacked, to_type, to_bytes);
    emit(widen);
    return {};
}

}  // namespace cupel::emulator
