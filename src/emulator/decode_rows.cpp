// SPDX-License-Identifier: Apache-2.0
// Which row an operand is: that of a register, of a constant, a parameter, a special register, an
// address.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/decoder.hpp"

namespace cupel::emulator {
namespace {

// Cooperative groups find there where the blocks of a grid meet.
constexpr std::string_view kOfGrid =
    ": this_grid().sync() needs a cooperative launch, which a contract does not have";

// 8-bit types live in 16-bit registers at least.
unsigned width_of(Type type) {
    return type == Type::Pred ? 4 : std::max(2U, bytes_of(type));
}

}  // namespace

std::uint32_t Decoder::new_row(unsigned bytes) {
    const std::uint32_t at = code_.row_bytes;
    code_.row_bytes += std::max<std::uint32_t>(kUnit, bytes * kLanes);
    return at;
}

std::uint32_t Decoder::register_row(Index index) {
    std::uint32_t& at = register_rows_[index];
    const Type type = kernel_.registers[index].type;
    if (at == kNoIndex) at = new_row(type == Type::Pred ? 2 : width_of(type));
    return at;
}

unsigned Decoder::register_bytes(const Operand& operand) const {
    if (operand.kind != OperandKind::Register) return 0;
    const Type type = kernel_.registers[operand.index].type;
    return type == Type::Pred ? 0 : width_of(type);
}

std::uint32_t Decoder::constant(std::uint64_t bits, unsigned bytes) {
    const auto [found, fresh] = constants_.emplace(std::pair(bits, bytes), 0);
    if (fresh) {
        found->second = new_row(bytes);
        code_.preloads.push_back({.kind = Preload::Kind::Constant,
                                  .row = found->second,
                                  .bytes = static_cast<std::uint8_t>(bytes),
                                  .bits = bits});
    }
    return found->second;
}

Result<std::uint32_t> Decoder::constant_row(const Operand& operand, Type type) {
    const unsigned bytes = width_of(type);
    const std::uint64_t mask =
        bytes == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * bytes)) - 1;
    if (type == Type::F32 || type == Type::F64) {
        const bool is_double = type == Type::F64;
        if (operand.kind == OperandKind::Integer)
            return error(operand.at, "expected a floating-point value");
        if (operand.kind == OperandKind::Single) {
            const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(operand.bits));
            return is_double ? constant(std::bit_cast<std::uint64_t>(static_cast<double>(value)), 8)
                             : constant(operand.bits, 4);
        }
        const auto value = std::bit_cast<double>(operand.bits);
        return is_double ? constant(operand.bits, 8)
                         : constant(std::bit_cast<std::uint32_t>(static_cast<float>(value)), 4);
    }
    const bool fits = operand.kind == OperandKind::Integer ||
                      (operand.kind == OperandKind::Single && bytes == 4) ||
                      (operand.kind == OperandKind::Real && bytes == 8);
    if (!fits) return error(operand.at, fmt::format("expected a value of type .{}", name_of(type)));
    return constant(operand.bits & mask, bytes);
}

Result<std::uint32_t> Decoder::special_row(const Operand& operand, Type type) {
    static const std::map<std::string_view, Special> kSpecials = {
        {"%tid.x", Special::TidX},
        {"%tid.y", Special::TidY},
        {"%tid.z", Special::TidZ},
        {"%ntid.x", Special::NtidX},
        {"%ntid.y", Special::NtidY},
        {"%ntid.z", Special::NtidZ},
        {"%ctaid.x", Special::CtaidX},
        {"%ctaid.y", Special::CtaidY},
        {"%ctaid.z", Special::CtaidZ},
        {"%nctaid.x", Special::NctaidX},
        {"%nctaid.y", Special::NctaidY},
        {"%nctaid.z", Special::NctaidZ},
        {"%laneid", Special::LaneId},
        {"%warpid", Special::WarpId},
        {"%nwarpid", Special::NwarpId},
        {"%smid", Special::SmId},
        {"%nsmid", Special::NsmId},
        {"%gridid", Special::GridId},
        {"%lanemask_eq", Special::LanemaskEq},
        {"%lanemask_le", Special::LanemaskLe},
        {"%lanemask_lt", Special::LanemaskLt},
        {"%lanemask_ge", Special::LanemaskGe},
        {"%lanemask_gt", Special::LanemaskGt},
        {"%dynamic_smem_size", Special::DynamicShared},
        {"%total_smem_size", Special::TotalShared},
        {"%clock", Special::Clock},
        {"%clock64", Special::Clock64},
        {"%clock_hi", Special::ClockHi},
        {"%globaltimer", Special::GlobalTimer},
        {"%globaltimer_lo", Special::GlobalTimerLo},
        {"%globaltimer_hi", Special::GlobalTimerHi},
    };
    if (operand.name == "WARP_SZ") return constant(kLanes, width_of(type));
    const auto known = kSpecials.find(operand.name);
    if (known == kSpecials.end()) {
        const bool of_grid = operand.name.starts_with("%envreg");
        return error(operand.at,
                     fmt::format("unknown register '{}'{}", operand.name, of_grid ? kOfGrid : ""));
    }
    if (known->second >= Special::Clock) return error(operand.at, "a clock is read with mov only");
    const unsigned bytes = width_of(type);
    if (known->second == Special::WarpId || known->second == Special::NwarpId ||
        known->second == Special::SmId || known->second == Special::NsmId ||
        known->second == Special::GridId) {
        code_.uses_environment = true;
    }
    const auto [found, fresh] = specials_.emplace(std::pair(known->first, bytes), 0);
    if (fresh) {
        found->second = new_row(bytes);
        code_.preloads.push_back({.kind = Preload::Kind::SpecialValue,
                                  .row = found->second,
                                  .bytes = static_cast<std::uint8_t>(bytes),
                                  .special = known->second});
    }
    return found->second;
}

Result<std::uint32_t> Decoder::symbol_row(const Operand& operand, Type type) {
    const Variable& variable = variable_of(module_, kernel_, operand.variable);
    const unsigned bytes = width_of(type);
    const bool of_module = (operand.variable & kOfModule) != 0;
    const std::size_t slot =
        of_module ? kernel_.variables.size() + (operand.variable & ~kOfModule) : operand.variable;
    switch (variable.space) {
        case Space::Shared: {
            const std::uint64_t at =
                variable.external ? code_.dynamic_offset : code_.shared_offsets[slot];
            return constant(kFirstAddress + at + operand.bits, bytes);
        }
        case Space::Local:
            return constant(kFirstAddress + code_.shared_offsets[slot] + operand.bits, bytes);
        case Space::Global:
        case Space::Const: {
            if (bytes != 8) return error(operand.at, "this address has 64 bits");
            const auto [found, fresh] =
                addresses_.emplace(std::pair(operand.variable, operand.bits), 0);
            if (fresh) {
                found->second = new_row(8);
                code_.preloads.push_back({.kind = Preload::Kind::VariableAddress,
                                          .row = found->second,
                                          .bytes = 8,
                                          .variable = operand.variable & ~kOfModule,
                                          .bits = operand.bits});
            }
            return found->second;
        }
        case Space::Param:
            if (variable.of_call) break;
            return constant(kFirstAddress + variable.offset + operand.bits, bytes);
        case Space::Generic:
        case Space::Register:
            break;
    }
    return error(operand.at, "the address of what a call is given, or gives back");
}

Result<std::uint32_t> Decoder::source(const Operand& operand, Type type) {
    if (operand.negated || operand.second != kNoIndex) {
        return error(operand.at, "expected a plain operand here");
    }
    switch (operand.kind) {
        case OperandKind::Register: {
            const Type declared = kernel_.registers[operand.index].type;
            const bool alike = (declared == Type::Pred) == (type == Type::Pred) &&
                               (type == Type::Pred || width_of(declared) == width_of(type));
            if (!alike) {
                return error(operand.at,
                             fmt::format("'{}' is of type .{}; expected one of .{}", operand.name,
                                         name_of(declared), name_of(type)));
            }
            return register_row(operand.index);
        }
        case OperandKind::Integer:
        case OperandKind::Real:
        case OperandKind::Single:
            if (type != Type::Pred) return constant_row(operand, type);
            break;
        case OperandKind::Special:
            return special_row(operand, type);
        case OperandKind::Symbol:
            return symbol_row(operand, type);
        case OperandKind::Label:
        case OperandKind::Address:
        case OperandKind::Texel:
        case OperandKind::Vector:
        case OperandKind::Sink:
            break;
    }
    return error(operand.at, fmt::format("expected a value of type .{}", name_of(type)));
}

Result<std::uint32_t> Decoder::predicate_source(const Operand& operand, Op& op, bool second) {
    if (operand.kind == OperandKind::Integer)
        return (operand.bits != 0) != operand.negated ? kTrueRow : kZeroRow;
    Operand plain = operand;
    plain.negated = false;
    if (operand.negated) op.imm |= static_cast<std::int64_t>(kAllLanes) << (second ? 32 : 0);
    return source(plain, Type::Pred);
}

Result<std::uint32_t> Decoder::target(const Operand& operand, Type type) {
    if (operand.kind == OperandKind::Sink) return kTrashRow;
    if (operand.kind != OperandKind::Register)
        return error(operand.at, "expected a register for the result");
    Operand plain = operand;
    plain.second = kNoIndex;
    return source(plain, type);
}

Result<std::vector<std::uint32_t>> Decoder::sources(const Operand& vector, Type type,
                                                    std::size_t count) {
    if (vector.kind != OperandKind::Vector || vector.elements.size() != count) {
        return error(vector.at, fmt::format("expected {{...}} of {} values", count));
    }
    std::vector<std::uint32_t> rows;
    for (const Operand& element : vector.elements) {
        CUPEL_TRY(const std::uint32_t one, source(element, type));
        rows.push_back(one);
    }
    return rows;
}

Result<std::vector<std::uint32_t>> Decoder::targets(const Operand& vector, Type type,
                                                    std::size_t count) {
    if (vector.kind != OperandKind::Vector || vector.elements.size() != count) {
        return error(vector.at, fmt::format("expected {{...}} of {} registers", count));
    }
    std::vector<std::uint32_t> rows;
    for (const Operand& element : vector.elements) {
        CUPEL_TRY(const std::uint32_t one, target(element, type));
        rows.push_back(one);
    }
    return rows;
}

Result<std::uint64_t> Decoder::whole(const Operand& operand, std::uint64_t most) {
    if (operand.kind != OperandKind::Integer || operand.bits > most) {
        return error(operand.at, fmt::format("expected a number up to {}", most));
    }
    return operand.bits;
}

}  // namespace cupel::emulator
