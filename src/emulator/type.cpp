// SPDX-License-Identifier: Apache-2.0
#include "emulator/type.hpp"

#include <algorithm>
#include <array>

namespace cupel::emulator {
namespace {

struct Row {
    Type type;
    std::string_view name;
    unsigned bytes;
};

constexpr std::array kRows = {
    Row{Type::None, "none", 0},     Row{Type::Pred, "pred", 4},   Row{Type::B8, "b8", 1},
    Row{Type::B16, "b16", 2},       Row{Type::B32, "b32", 4},     Row{Type::B64, "b64", 8},
    Row{Type::B128, "b128", 16},    Row{Type::U8, "u8", 1},       Row{Type::U16, "u16", 2},
    Row{Type::U32, "u32", 4},       Row{Type::U64, "u64", 8},     Row{Type::S8, "s8", 1},
    Row{Type::S16, "s16", 2},       Row{Type::S32, "s32", 4},     Row{Type::S64, "s64", 8},
    Row{Type::F16, "f16", 2},       Row{Type::F16x2, "f16x2", 4}, Row{Type::BF16, "bf16", 2},
    Row{Type::BF16x2, "bf16x2", 4}, Row{Type::TF32, "tf32", 4},   Row{Type::F32, "f32", 4},
    Row{Type::F64, "f64", 8},
};

const Row& row_of(Type type) {
    return kRows[static_cast<std::size_t>(type)];
}

}  // namespace

std::optional<Type> type_named(std::string_view name) {
    const auto* const found = std::ranges::find(kRows, name, &Row::name);
    if (found == kRows.end() || found->type == Type::None) return std::nullopt;
    return found->type;
}

std::string_view name_of(Type type) {
    return row_of(type).name;
}

std::string_view name_of(Space space) {
    constexpr std::array<std::string_view, 7> kNames = {"generic", "register", "param", "global",
                                                        "const",   "shared",   "local"};
    return kNames[static_cast<std::size_t>(space)];
}

unsigned bytes_of(Type type) {
    return row_of(type).bytes;
}

bool is_signed(Type type) {
    return type == Type::S8 || type == Type::S16 || type == Type::S32 || type == Type::S64;
}

bool is_real(Type type) {
    return type >= Type::F16;
}

}  // namespace cupel::emulator
