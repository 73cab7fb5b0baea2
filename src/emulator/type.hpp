// SPDX-License-Identifier: Apache-2.0
// The scalar types and the memory spaces of PTX.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cupel::emulator {

enum class Type : std::uint8_t {
    None,
    Pred,
    B8,
    B16,
    B32,
    B64,
    B128,
    U8,
    U16,
    U32,
    U64,
    S8,
    S16,
    S32,
    S64,
    F16,
    F16x2,
    BF16,
    BF16x2,
    TF32,
    F32,
    F64,
};

enum class Space : std::uint8_t { Generic, Register, Param, Global, Const, Shared, Local };

// "s32" -> Type::S32, without the point.
[[nodiscard]] std::optional<Type> type_named(std::string_view name);
[[nodiscard]] std::string_view name_of(Type type);
[[nodiscard]] std::string_view name_of(Space space);
[[nodiscard]] unsigned bytes_of(Type type);  // Pred: 4, as it is one word for a warp
[[nodiscard]] bool is_signed(Type type);
[[nodiscard]] bool is_real(Type type);

}  // namespace cupel::emulator
