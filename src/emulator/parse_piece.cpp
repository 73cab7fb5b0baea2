// SPDX-License-Identifier: Apache-2.0
// What there is in bodies that names nothing.
#include "emulator/parser.hpp"

namespace cupel::emulator {

// .loc file line column [, function_name label, inlined_at file line column]
Result<void> Lines::read(Cursor& cursor) {
    using Where = std::array<std::uint64_t, 3>;
    const auto place = [&]() -> Result<Where> {
        Where numbers{};
        for (std::uint64_t& number : numbers) {
            CUPEL_TRY(number, cursor.integer("file, line and column", 0xFFFF'FFFF));
        }
        return numbers;
    };
    CUPEL_TRY(const Where here, place());
    Where outermost = here;
    if (cursor.accept(",")) {
        CUPEL_DO(cursor.expect("function_name", "after the place"));
        while (!cursor.at(",") && !cursor.at_end())
            cursor.next();
        CUPEL_DO(cursor.expect(",", "before inlined_at"));
        CUPEL_DO(cursor.expect("inlined_at", "after the function's name"));
        CUPEL_TRY(const Where caller, place());
        const auto further = inlined_.find(caller);
        outermost = further == inlined_.end() ? caller : further->second;
        inlined_[here] = outermost;
    }
    // Line 0 is code that belongs to no line: it keeps the one before.
    if (outermost[1] != 0) {
        now_ = {.file = static_cast<Index>(outermost[0]),
                .line = static_cast<std::uint32_t>(outermost[1])};
    }
    return {};
}

Result<Operand> parse_number(Cursor& cursor, Operand made) {
    const bool negative = cursor.accept("-");
    const Token& token = cursor.peek();
    made.bits = token.bits;
    switch (token.kind) {
        case TokenKind::Integer:
            made.kind = OperandKind::Integer;
            if (negative) made.bits = std::uint64_t{0} - made.bits;
            break;
        case TokenKind::Real:
            made.kind = OperandKind::Real;
            if (negative) made.bits ^= std::uint64_t{1} << 63;
            break;
        case TokenKind::Single:
            made.kind = OperandKind::Single;
            if (negative) made.bits ^= std::uint64_t{1} << 31;
            break;
        case TokenKind::Word:
        case TokenKind::Text:
        case TokenKind::Symbol:
        case TokenKind::End:
            return cursor.expected("an operand");
    }
    cursor.next();
    return made;
}

}  // namespace cupel::emulator
