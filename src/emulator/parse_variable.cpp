// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "emulator/parse_call.hpp"

namespace cupel::emulator {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{64} << 20;  // of one variable
constexpr std::uint64_t kMaxAlign = 256;

class VariableParser {
public:
    VariableParser(Cursor& cursor, Space space, const Names& known, const Functions* functions)
        : cursor_(cursor), known_(known), functions_(functions) {
        variable_.space = space;
    }

    Result<Variable> run() {
        CUPEL_DO(attributes());
        CUPEL_TRY(const Token name, cursor_.word("the name of a variable"));
        variable_.name = name.text;
        CUPEL_DO(extents());
        if (cursor_.at("=")) {
            if (variable_.space != Space::Global && variable_.space != Space::Const) {
                return cursor_.error(cursor_.peek().at, "only .global and .const are initialised");
            }
            cursor_.next();
            CUPEL_DO(values());
        }
        return std::move(variable_);
    }

private:
    Result<void> attributes() {
        while (true) {
            const Token& token = cursor_.peek();
            if (cursor_.accept(".align")) {
                const Offset at = cursor_.peek().at;
                CUPEL_TRY(const std::uint64_t align, cursor_.integer("an alignment", kMaxAlign));
                if (!std::has_single_bit(align)) {
                    return cursor_.error(at, "an alignment is a power of two");
                }
                variable_.align = static_cast<unsigned>(align);
            } else if (cursor_.accept(".v2")) {
                lanes_ = 2;
            } else if (cursor_.accept(".v4")) {
                lanes_ = 4;
            } else if (cursor_.accept(".ptr")) {
                while (cursor_.at(".global") || cursor_.at(".const") || cursor_.at(".shared") ||
                       cursor_.at(".local"))
                    cursor_.next();
                if (cursor_.accept(".align")) {
                    CUPEL_TRY(const std::uint64_t pointee,
                              cursor_.integer("an alignment", 1U << 20));
                    (void)pointee;
                }
            } else if (token.kind == TokenKind::Word && token.text.starts_with('.')) {
                const auto type = type_named(token.text.substr(1));
                if (!type || *type == Type::Pred) {
                    return cursor_.expected("a type like .b32, or .align");
                }
                cursor_.next();
                variable_.type = *type;
                variable_.align = std::max(variable_.align, bytes_of(*type) * lanes_);
                typed_ = true;
            } else if (!typed_) {
                return cursor_.expected("a type like .b32");
            } else {
                return {};
            }
        }
    }

    Result<void> extents() {
        std::uint64_t count = lanes_;
        while (cursor_.at("[")) {
            const Offset at = cursor_.next().at;
            if (cursor_.accept("]")) {
                variable_.external = true;  // extern .shared .b8 name[]
                count = 0;
                continue;
            }
            CUPEL_TRY(const std::uint64_t extent, cursor_.integer("an extent", kMaxBytes));
            count *= extent;
            if (count > kMaxBytes) return cursor_.error(at, "a variable of more than 64 MiB");
            CUPEL_DO(cursor_.expect("]", "after an extent"));
        }
        variable_.bytes = count * bytes_of(variable_.type);
        if (variable_.bytes > kMaxBytes) {
            return cursor_.error(cursor_.peek().at, "a variable of more than 64 MiB");
        }
        return {};
    }

    // {1, {2, 3}, name+4}: braces only group, as all extents are filled in order.
    Result<void> values() {
        std::uint64_t at = 0;
        int depth = 0;
        do {
            while (cursor_.at("{")) {
                if (++depth > 8) return cursor_.error(cursor_.peek().at, "braces too deep");
                cursor_.next();
            }
            if (!cursor_.at("}")) CUPEL_DO(value(at));
            while (depth > 0 && cursor_.accept("}"))
                depth--;
            if (!cursor_.at(",") || depth == 0) break;
            cursor_.next();
        } while (true);
        if (depth != 0) return cursor_.expected("'}' after the values");
        return {};
    }

    Result<void> value(std::uint64_t& at) {
        const std::uint64_t size = bytes_of(variable_.type);
        const Token& token = cursor_.peek();
        if (size == 0 || at + size > variable_.bytes) {
            return cursor_.error(token.at, "more values than the variable holds");
        }
        if (token.kind == TokenKind::Word) {
            CUPEL_DO(address(at));
        } else {
            CUPEL_TRY(const std::uint64_t bits, number());
            variable_.initial.resize(at + size);  // so memory is in proportion to the text
            std::memcpy(variable_.initial.data() + at, &bits, std::min<std::uint64_t>(size, 8));
        }
        at += size;
        return {};
    }

    Result<std::uint64_t> number() {
        const bool negative = cursor_.accept("-");
        const Token& token = cursor_.peek();
        if (token.kind == TokenKind::Integer) {
            cursor_.next();
            return negative ? std::uint64_t{0} - token.bits : token.bits;
        }
        if (token.kind == TokenKind::Single && variable_.type == Type::F32) {
            cursor_.next();
            return token.bits ^ (negative ? 0x8000'0000U : 0U);
        }
        if (token.kind == TokenKind::Real && is_real(variable_.type)) {
            cursor_.next();
            const double real = std::bit_cast<double>(token.bits) * (negative ? -1 : 1);
            return variable_.type == Type::F64
                       ? std::bit_cast<std::uint64_t>(real)
                       : std::bit_cast<std::uint32_t>(static_cast<float>(real));
        }
        return cursor_.expected(fmt::format("a value of type .{}", name_of(variable_.type)));
    }

    Result<void> address(std::uint64_t at) {
        Token name = cursor_.next();
        bool generic = false;
        if (name.text == "generic" && cursor_.accept("(")) {
            generic = true;
            CUPEL_TRY(name, cursor_.word("the name of a variable"));
            CUPEL_DO(cursor_.expect(")", "after generic(name"));
        }
        const auto found = known_.find(name.text);
        if (found == known_.end() && functions_ != nullptr && functions_->has(name.text)) {
            variable_.of_functions = true;  // a table of virtual functions
            return {};
        }
        if (found == known_.end()) {
            return cursor_.error(name.at, fmt::format("unknown variable '{}'", name.text));
        }
        if (bytes_of(variable_.type) != 8) {
            return cursor_.error(name.at, "an address fills 8 bytes; this element is smaller");
        }
        std::int64_t addend = 0;
        if (cursor_.accept("+")) {
            CUPEL_TRY(const std::uint64_t offset, cursor_.integer("an offset", kMaxBytes));
            addend = static_cast<std::int64_t>(offset);
        }
        variable_.addresses.push_back(
            {.offset = at, .variable = found->second, .generic = generic, .addend = addend});
        return {};
    }

    Cursor& cursor_;
    const Names& known_;
    const Functions* functions_;
    Variable variable_;
    unsigned lanes_ = 1;
    bool typed_ = false;
};

}  // namespace

Result<Variable> parse_variable(Cursor& cursor, Space space, const Names& known,
                                const Functions* functions) {
    return VariableParser(cursor, space, known, functions).run();
}

}  // namespace cupel::emulator
