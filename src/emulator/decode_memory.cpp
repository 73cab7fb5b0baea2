// SPDX-License-Identifier: Apache-2.0
// ld, st, atom, red, cvta, isspacep, fences.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/bulk.hpp"
#include "emulator/decoder.hpp"

namespace cupel::emulator {
namespace {

unsigned accept_vector(Words& words) {
    if (words.accept("v2")) return 2;
    if (words.accept("v4")) return 4;
    return 1;
}

std::span<const Operand> elements_of(const Operand& operand) {
    return operand.kind == OperandKind::Vector ? std::span(operand.elements)
                                               : std::span(&operand, 1);
}

}  // namespace

void Decoder::note_grain(const Op& op, unsigned bytes) {
    const unsigned grain = std::clamp(bytes, 1U, 4U);
    if (op.space != Space::Global && op.space != Space::Const) {
        code_.shared_grain = std::min(code_.shared_grain, grain);
    }
    if (op.space != Space::Shared) code_.global_grain = std::min(code_.global_grain, grain);
}

Result<void> Decoder::set_address(const Operand& operand, Space space, unsigned bytes, Op& op) {
    if (operand.kind != OperandKind::Address)
        return error(operand.at, "expected an address: [...]");
    op.space = space;
    op.bytes = static_cast<std::uint8_t>(bytes);
    op.imm = static_cast<std::int64_t>(operand.bits);
    if (operand.variable != kNoIndex) {
        Operand symbol = operand;
        symbol.kind = OperandKind::Symbol;
        op.imm = 0;
        const Variable& variable = variable_of(module_, kernel_, operand.variable);
        if (space != Space::Generic && variable.space != space) {
            return error(operand.at, fmt::format("'{}' lies in .{}, not in .{}", variable.name,
                                                 name_of(variable.space), name_of(space)));
        }
        if (space == Space::Generic) op.space = variable.space;
        CUPEL_TRY(op.a, symbol_row(symbol, Type::B64));
    } else if (operand.index != kNoIndex) {
        const Type type = kernel_.registers[operand.index].type;
        const bool narrow = bytes_of(type) == 4;
        if (type == Type::Pred || (!narrow && bytes_of(type) != 8)) {
            return error(operand.at, "an address is in a register of 32 or 64 bits");
        }
        if (narrow) {
            if (space != Space::Shared && space != Space::Local) {
                return error(operand.at, "a 32-bit address outside of shared and local memory");
            }
            op.flags |= kNarrowAddress;
        }
        op.a = register_row(operand.index);
    } else {
        op.a = constant(0, 8);
    }
    return {};
}

Result<Decoder::Loaded> Decoder::rows_for(std::span<const Operand> elements, Type type) {
    Loaded loaded;
    for (const Operand& element : elements) {
        if (element.kind == OperandKind::Sink) {
            loaded.rows.push_back(kTrashRow);
            continue;
        }
        const unsigned own = register_bytes(element);
        if (own == 0 || own < bytes_of(type) || (loaded.width != 0 && own != loaded.width)) {
            return error(element.at, fmt::format("expected a register for .{}", name_of(type)));
        }
        loaded.width = own;
        loaded.rows.push_back(register_row(element.index));
    }
    if (loaded.width == 0) loaded.width = std::max(2U, bytes_of(type));
    return loaded;
}

Result<void> Decoder::load(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 2, 2));
    Words words(in.opcode);
    Op op = start(in, Work::Load);
    CUPEL_TRY(const Space space, access(in, words, op));
    const unsigned count = accept_vector(words);
    const auto type = words.accept_type();
    if (!type || !words.done() || *type == Type::Pred || bytes_of(*type) > 8) return refuse(in);
    const auto elements = elements_of(in.operands[0]);
    if (elements.size() != count) {
        return error(in.operands[0].at, fmt::format("expected {} registers", count));
    }
    const Operand& from = in.operands[1];
    const bool by_address = from.kind == OperandKind::Address && from.index != kNoIndex;
    if (space == Space::Param && !by_address) return load_parameter(in, *type, elements);
    const unsigned bytes = bytes_of(*type);
    if (bytes * count > 16) return refuse(in);
    CUPEL_DO(set_address(from, space, bytes, op));
    if (space == Space::Param) {
        const std::uint32_t address = new_row(8);
        Op placed = into_parameters(in, op.a, address);
        placed.work = Work::Load;
        emit(placed);
        op.a = address;
        op.space = Space::Const;
    }
    CUPEL_TRY(auto loaded, rows_for(elements, *type));
    auto& [rows, width] = loaded;
    const Pair pair = load_handler(bytes, is_signed(*type), width);
    if (pair.run == nullptr) return refuse(in);
    op.run = pair.run;
    op.checked = pair.checked;
    op.d = rows[0];
    op.spreads = false;
    const std::uint32_t whole = (std::uint32_t{1} << (bytes * count)) - 1;
    if ((in.used_bytes & whole) != whole && count > 1) {
        if (space != Space::Param) note_grain(op, bytes);
        load_used(in, op, rows, width);
        return {};
    }
    op.elements = static_cast<std::uint8_t>(count);
    if (count > 1) {
        op.target = static_cast<std::uint32_t>(code_.lists.size());
        code_.lists.push_back(std::move(rows));
    }
    if (space != Space::Param) note_grain(op, bytes * count);
    emit(op);
    return {};
}

// The elements that the program uses, one by one: that the others are fetched as well is no access
// of its. Their registers hold what nobody wrote, should it look there after all.
void Decoder::load_used(const Instruction& in, Op op, const std::vector<std::uint32_t>& rows,
                        unsigned width) {
    if (std::ranges::find(rows, op.a) != rows.end()) {  // it would be overwritten on the way
        const unsigned bytes = (op.flags & kNarrowAddress) != 0 ? 4 : 8;
        const std::uint32_t address = new_row(bytes);
        emit_copy(in, address, op.a, bytes);
        op.a = address;
    }
    Op whole = op;  // lies at a multiple of its own bytes all the same
    whole.run = whole.checked = &check_vector;
    whole.work = Work::Move;
    whole.counted = false;
    whole.d = kTrashRow;
    whole.bytes = static_cast<std::uint8_t>(op.bytes * rows.size());
    emit(whole);
    for (std::size_t e = 0; e < rows.size(); e++) {
        const std::uint32_t own = ((std::uint32_t{1} << op.bytes) - 1) << (e * op.bytes);
        if ((in.used_bytes & own) == 0) {
            emit_copy(in, rows[e], new_row(width), width);
            continue;
        }
        Op one = op;
        one.imm += static_cast<std::int64_t>(e * op.bytes);
        one.d = rows[e];
        emit(one);
    }
}

void Decoder::emit_copy(const Instruction& in, std::uint32_t d, std::uint32_t a, unsigned bytes) {
    Op copy = start(in, Work::Move);
    copy.run = copy.checked = all_forms().find(fmt::format("mov.b{}", 8 * bytes))->run;
    copy.a = a;
    copy.d = d;
    copy.counted = false;
    emit(copy);
}

// d = a and the difference between an address in .param and the same as a generic one.
Op Decoder::into_parameters(const Instruction& in, std::uint32_t address, std::uint32_t to) {
    code_.parameters_in_memory = true;
    if (window_row_ == kNoIndex) {
        window_row_ = new_row(8);
        code_.preloads.push_back(
            {.kind = Preload::Kind::ParameterWindow, .row = window_row_, .bytes = 8});
    }
    Op op = start(in, Work::Move);
    op.run = op.checked = all_forms().find("add.u64")->run;
    op.a = address;
    op.b = window_row_;
    op.d = to;
    return op;
}

// A parameter is known before the kernel starts: a row of its own, moved to where it is wanted.
Result<void> Decoder::load_parameter(const Instruction& in, Type type,
                                     std::span<const Operand> targets) {
    const Operand& from = in.operands[1];
    if (from.kind != OperandKind::Address || from.variable == kNoIndex) {
        return error(from.at, "expected a parameter, or an address in a register");
    }
    const Variable& variable = variable_of(module_, kernel_, from.variable);
    if (variable.space != Space::Param) return error(from.at, "this is no parameter");
    for (std::size_t i = 0; i < targets.size(); i++) {
        const unsigned bytes = bytes_of(type);
        const std::uint64_t offset = from.bits + i * bytes;
        if (offset > variable.bytes || variable.bytes - offset < bytes) {
            return error(from.at, "beyond the end of this parameter");
        }
        const unsigned width = register_bytes(targets[i]);
        if (width < bytes || width == 0) {
            return error(targets[i].at, fmt::format("expected a register for .{}", name_of(type)));
        }
        Op op = start(in, Work::Load);
        if (variable.of_call) {  // the result of a known external: zero
            op.a = kZeroRow;
        } else {
            op.a = new_row(width);
            code_.preloads.push_back({.kind = Preload::Kind::Parameter,
                                      .row = op.a,
                                      .bytes = static_cast<std::uint8_t>(width),
                                      .from = static_cast<std::uint8_t>(bytes),
                                      .sign = is_signed(type),
                                      .bits = variable.offset + offset});
        }
        const std::string_view mov = width == 2 ? "mov.b16" : width == 4 ? "mov.b32" : "mov.b64";
        op.run = op.checked = all_forms().find(mov)->run;
        op.d = register_row(targets[i].index);
        emit(op);
    }
    return {};
}

Result<void> Decoder::store(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 2, 2));
    Words words(in.opcode);
    Op op = start(in, Work::Store);
    CUPEL_TRY(const Space space, access(in, words, op));
    const unsigned count = accept_vector(words);
    const auto type = words.accept_type();
    if (!type || !words.done() || *type == Type::Pred || bytes_of(*type) > 8) return refuse(in);
    const auto elements = elements_of(in.operands[1]);
    if (elements.size() != count) {
        return error(in.operands[1].at, fmt::format("expected {} values", count));
    }
    const unsigned bytes = bytes_of(*type);
    if (space == Space::Param) {  // an argument of a call: our callees never look
        op.run = op.checked = &run_nothing;
        op.spreads = false;
        op.work = Work::Control;
        emit(op);
        return {};
    }
    if (space == Space::Const || bytes * count > 16) return refuse(in);
    CUPEL_DO(set_address(in.operands[0], space, bytes, op));
    std::vector<std::uint32_t> rows;
    unsigned width = 0;
    for (const Operand& element : elements)
        width = std::max(width, register_bytes(element));
    if (width == 0) width = std::max(2U, bytes);
    const Type held = width == 2 ? Type::B16 : width == 4 ? Type::B32 : Type::B64;
    for (const Operand& element : elements) {
        const bool real = is_real(*type) && element.kind != OperandKind::Register;
        CUPEL_TRY(const std::uint32_t one, source(element, real ? *type : held));
        rows.push_back(one);
    }
    const Pair pair = store_handler(bytes, width);
    if (pair.run == nullptr) return refuse(in);
    op.run = pair.run;
    op.checked = pair.checked;
    op.elements = static_cast<std::uint8_t>(count);
    op.b = rows[0];
    if (count > 1) {
        op.target = static_cast<std::uint32_t>(code_.lists.size());
        code_.lists.push_back(std::move(rows));
    }
    op.spreads = false;
    note_grain(op, bytes * count);
    emit(op);
    return {};
}

Result<void> Decoder::atomic(const Instruction& in, bool returns) {
    Words words(in.opcode);
    Op op = start(in, Work::Atomic);
    const Orders known = {.words = {"relaxed", "acquire", "release", "acq_rel"}, .of_atomic = true};
    const Orders without = {.words = {"relaxed", "release"}, .of_atomic = true};
    if (!accept_order(words, op, returns ? known : without)) return refuse(in);
    const Space space = accept_space(words);
    if (space == Space::Local || space == Space::Const || space == Space::Param) return refuse(in);
    const std::string operation = words.rest();
    const std::string_view name = std::string_view(operation).substr(0, operation.find('.'));
    const Pair pair = atomic_handler(operation);
    const auto type = type_named(std::string_view(operation).substr(operation.rfind('.') + 1));
    if (pair.run == nullptr || !type) return refuse(in);
    const std::size_t values = name == "cas" ? 2 : 1;
    CUPEL_DO(expect_operands(in, values + (returns ? 2 : 1), values + (returns ? 2 : 1)));
    op.run = pair.run;
    op.checked = pair.checked;
    op.spreads = false;
    std::size_t at = 0;
    if (returns) {
        CUPEL_TRY(op.d, target(in.operands[at++], *type));
    }
    CUPEL_DO(set_address(in.operands[at++], space, bytes_of(*type), op));
    CUPEL_TRY(op.b, source(in.operands[at++], *type));
    if (values == 2) {
        CUPEL_TRY(op.c, source(in.operands[at++], *type));
    }
    op.flops = name == "add" && is_real(*type) ? 1 : 0;
    note_grain(op, bytes_of(*type));
    emit(op);
    return {};
}

namespace {

// Into the generic space, or out of it. Global and constant addresses are generic ones.
template <bool To>
void convert_address(Warp& warp, const Op& op) {
    const std::uint64_t base = op.space == Space::Shared  ? kSharedWindow
                               : op.space == Space::Local ? kLocalWindow
                                                          : 0;
    std::array<std::uint64_t, kLanes> values;
    load_row(warp, op.a, values.data());
    for (std::uint64_t& value : values)
        value = To ? value - base : value + base;
    store_row(warp, op.d, values.data());
}

void in_space(Warp& warp, const Op& op) {
    const auto* const a = row<std::uint64_t>(warp, op.a);
    std::uint32_t bits = 0;
    for (unsigned i = 0; i < kLanes; i++) {
        const bool shared = a[i] - kSharedWindow < kWindowBytes;
        const bool local = a[i] - kLocalWindow < kWindowBytes;
        const bool holds = op.space == Space::Shared  ? shared
                           : op.space == Space::Local ? local
                                                      : !shared && !local;
        bits |= std::uint32_t{holds} << i;
    }
    set_predicate(warp, op.d, bits);
}

}  // namespace

Result<void> Decoder::address_conversion(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 2, 2));
    Words words(in.opcode);
    const bool to = words.accept("to");
    const Space space = accept_space(words);
    if (space == Space::Generic || !(words.accept("u64") && words.done())) return refuse(in);
    if (space == Space::Param) {
        CUPEL_TRY(const std::uint32_t to_row, target(in.operands[0], Type::B64));
        CUPEL_TRY(const std::uint32_t from_row, source(in.operands[1], Type::B64));
        Op op = into_parameters(in, from_row, to_row);
        if (to) op.run = op.checked = all_forms().find("sub.u64")->run;
        emit(op);
        return {};
    }
    Op op = start(in, Work::Move);
    op.space = space;
    op.run = op.checked = to ? &convert_address<true> : &convert_address<false>;
    CUPEL_TRY(op.d, target(in.operands[0], Type::B64));
    CUPEL_TRY(op.a, source(in.operands[1], Type::B64));
    emit(op);
    return {};
}

Result<void> Decoder::is_space(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 2, 2));
    Words words(in.opcode);
    const Space space = accept_space(words);
    const bool known = space == Space::Global || space == Space::Shared || space == Space::Local;
    if (!known || !words.done()) return refuse(in);
    Op op = start(in, Work::Compare);
    op.space = space;
    op.run = op.checked = &in_space;
    CUPEL_TRY(op.d, target(in.operands[0], Type::Pred));
    CUPEL_TRY(op.a, source(in.operands[1], Type::B64));
    emit(op);
    return {};
}

namespace {

// Between the generic proxy and that of bulk copies, which kinds of memory; none: it is no such
// fence.
std::int64_t kinds_of_proxy_fence(std::string_view opcode) {
    if (opcode == "fence.proxy.async") return kProxyOfShared | kProxyOfGlobal;
    if (opcode == "fence.proxy.async.global") return kProxyOfGlobal;
    const bool shared =
        opcode == "fence.proxy.async.shared::cta" || opcode == "fence.proxy.async.shared::cluster";
    return shared ? kProxyOfShared : 0;
}

}  // namespace

Result<void> Decoder::fence(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 0, 0));
    Words words(in.opcode);
    const bool old = in.opcode.starts_with("membar");
    Op op = start(in, Work::Fence);
    op.run = op.checked = &run_nothing;
    if (const std::int64_t kinds = kinds_of_proxy_fence(in.opcode); kinds != 0) {
        op.checked = &proxy_fence;
        op.imm = kinds;
    } else if (in.opcode != "fence.mbarrier_init.release.cluster") {
        // That one is of what an mbarrier is set to, for blocks of a cluster: nothing for what else
        // the thread did.
        if (!old) words.accept_any({"sc", "acq_rel"});
        const std::string_view scope = old ? words.accept_any({"cta", "gl", "sys"})
                                           : words.accept_any({"cta", "cluster", "gpu", "sys"});
        if (scope.empty() || !words.done()) return refuse(in);
        op.checked = &fence_checked;
        op.imm = scope == "cta" || scope == "cluster" ? 0 : 1;
    }
    op.spreads = false;
    emit(op);
    return {};
}

}  // namespace cupel::emulator
