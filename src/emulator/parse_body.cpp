// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>
#include <utility>

#include "base/text.hpp"
#include "emulator/parser.hpp"

namespace cupel::emulator {
namespace {

constexpr std::size_t kMaxDepth = 32;              // of braces
constexpr std::size_t kMaxInstructions = 262'144;  // of one kernel
constexpr std::size_t kMaxVector = 64;
constexpr std::uint64_t kMaxRegisters = 1U << 20;  // of one .reg name<N>; only the used ones cost

// .reg .b32 %r<40>; declares a prefix and a count, .reg .pred p; one name.
struct Declared {
    Type type = Type::B32;
    std::uint64_t count = 0;  // 0: the name itself
    std::unordered_map<std::uint64_t, Index> used;
};

struct Pending {
    std::size_t instruction;
    std::size_t operand;
};

struct Scope {
    std::map<std::string_view, Declared> registers;
    std::map<std::string_view, Index> variables;
    std::map<std::string_view, std::size_t> labels;
    std::map<std::string_view, std::vector<Pending>> wanted;
};

class BodyParser {
public:
    BodyParser(Cursor& cursor, const Module& module, Kernel& kernel)
        : cursor_(cursor), module_(module), kernel_(kernel) {
        scopes_.emplace_back();
        for (const Index i : kernel.parameters)
            scopes_.back().variables.emplace(kernel.variables[i].name, i);
    }

    Result<void> run() {
        const Offset open = cursor_.peek().at;
        CUPEL_DO(cursor_.expect("{", "before the body of a kernel"));
        while (!scopes_.empty()) {
            if (cursor_.at_end()) return cursor_.error(open, "this brace is never closed");
            CUPEL_DO(statement());
        }
        return {};
    }

private:
    Result<void> statement() {
        const Token& token = cursor_.peek();
        if (cursor_.accept("{")) {
            if (scopes_.size() >= kMaxDepth) return cursor_.error(token.at, "braces too deep");
            scopes_.emplace_back();
            return {};
        }
        if (cursor_.accept("}")) return close();
        if (cursor_.accept(";")) return {};
        if (cursor_.accept(".loc")) return location();
        if (cursor_.accept(".reg")) return registers();
        if (cursor_.accept(".pragma")) {
            read_pragma(cursor_.next().text);
            return cursor_.expect(";", "after a pragma");
        }
        for (const auto& [word, space] :
             {std::pair{".shared", Space::Shared}, std::pair{".local", Space::Local},
              std::pair{".param", Space::Param}}) {
            if (cursor_.accept(word)) return variables(space);
        }
        if (token.kind == TokenKind::Word && cursor_.peek(1).text == ":") return label();
        return instruction();
    }

    Result<void> label() {
        const Token name = cursor_.next();
        cursor_.next();
        if (!scopes_.back().labels.emplace(name.text, kernel_.instructions.size()).second) {
            return cursor_.error(name.at, fmt::format("a second label '{}'", name.text));
        }
        return {};
    }

    // Labels of this scope are joined to the branches of this scope and of those within it.
    Result<void> close() {
        Scope scope = std::move(scopes_.back());
        scopes_.pop_back();
        for (auto& [name, uses] : scope.wanted) {
            const auto found = scope.labels.find(name);
            if (found != scope.labels.end()) {
                for (const Pending& use : uses) {
                    kernel_.instructions[use.instruction].operands[use.operand].index =
                        static_cast<Index>(found->second);
                }
            } else if (!scopes_.empty()) {
                auto& outer = scopes_.back().wanted[name];
                outer.insert(outer.end(), uses.begin(), uses.end());
            } else {
                const Pending& use = uses.front();
                return cursor_.error(kernel_.instructions[use.instruction].operands[use.operand].at,
                                     fmt::format("unknown name '{}'", name));
            }
        }
        return {};
    }

    // .loc file line column [, function_name label, inlined_at file line column]
    Result<void> location() {
        using Place = std::array<std::uint64_t, 3>;
        const auto place = [&]() -> Result<Place> {
            Place numbers{};
            for (std::uint64_t& number : numbers) {
                CUPEL_TRY(number, cursor_.integer("file, line and column", 0xFFFF'FFFF));
            }
            return numbers;
        };
        CUPEL_TRY(const Place here, place());
        Place outermost = here;
        if (cursor_.accept(",")) {
            CUPEL_DO(cursor_.expect("function_name", "after the place"));
            while (!cursor_.at(",") && !cursor_.at_end())
                cursor_.next();
            CUPEL_DO(cursor_.expect(",", "before inlined_at"));
            CUPEL_DO(cursor_.expect("inlined_at", "after the function's name"));
            CUPEL_TRY(const Place caller, place());
            const auto further = inlined_.find(caller);
            outermost = further == inlined_.end() ? caller : further->second;
            inlined_[here] = outermost;
        }
        // Line 0 is code that belongs to no line: it keeps the one before.
        if (outermost[1] != 0) {
            line_ = {.file = static_cast<Index>(outermost[0]),
                     .line = static_cast<std::uint32_t>(outermost[1])};
        }
        return {};
    }

    Result<void> registers() {
        const Token& token = cursor_.peek();
        const auto type =
            token.text.starts_with('.') ? type_named(token.text.substr(1)) : std::nullopt;
        if (!type || bytes_of(*type) > 8) return cursor_.expected("a type like .b32");
        cursor_.next();
        do {
            CUPEL_TRY(const Token name, cursor_.word("the name of a register"));
            Declared declared{.type = *type, .count = 0, .used = {}};
            if (cursor_.accept("<")) {
                CUPEL_TRY(declared.count, cursor_.integer("a count", kMaxRegisters));
                declared.count = std::max<std::uint64_t>(declared.count, 1);
                CUPEL_DO(cursor_.expect(">", "after the count"));
            }
            scopes_.back().registers.insert_or_assign(name.text, std::move(declared));
        } while (cursor_.accept(","));
        return cursor_.expect(";", "after registers");
    }

    Result<void> variables(Space space) {
        do {
            const Offset at = cursor_.peek().at;
            CUPEL_TRY(Variable declared, parse_variable(cursor_, space, module_.names));
            if (kernel_.variables.size() >= kMaxInstructions) {
                return cursor_.error(at, "too many variables");
            }
            declared.of_call = space == Space::Param;
            scopes_.back().variables.insert_or_assign(declared.name,
                                                      static_cast<Index>(kernel_.variables.size()));
            kernel_.variables.push_back(std::move(declared));
        } while (cursor_.accept(","));
        return cursor_.expect(";", "after a variable");
    }

    // "used_bytes_mask 4095" is of the load that follows: a compiler widened it. Others say nothing
    // of what a kernel means.
    void read_pragma(std::string_view text) {
        constexpr std::string_view kMask = "used_bytes_mask ";
        const std::size_t at = text.find(kMask);
        if (at == std::string_view::npos) return;
        text.remove_prefix(at + kMask.size());
        const bool hexadecimal = text.starts_with("0x");
        if (hexadecimal) text.remove_prefix(2);
        std::from_chars(text.data(), text.data() + text.size(), used_bytes_, hexadecimal ? 16 : 10);
    }

    Result<void> instruction() {
        Instruction made;
        made.used_bytes = std::exchange(used_bytes_, ~std::uint32_t{0});
        made.line = line_;
        made.at = cursor_.peek().at;
        if (cursor_.accept("@")) {
            made.guard_negated = cursor_.accept("!");
            CUPEL_TRY(const Token name, cursor_.word("a predicate"));
            made.guard = find_register(name.text);
            if (made.guard == kNoIndex || kernel_.registers[made.guard].type != Type::Pred) {
                return cursor_.error(name.at, fmt::format("'{}' is no predicate", name.text));
            }
        }
        made.at = cursor_.peek().at;
        CUPEL_TRY(const Token opcode, cursor_.word("an instruction"));
        made.opcode = opcode.text;
        if (kernel_.instructions.size() >= kMaxInstructions) {
            return cursor_.error(opcode.at, "too many instructions in one kernel");
        }
        if (opcode.text == "call" || opcode.text.starts_with("call.")) {
            CUPEL_DO(call(made));
        } else if (!cursor_.at(";")) {
            do {
                CUPEL_TRY(Operand parsed, operand(0));
                if (parsed.kind == OperandKind::Label) {
                    scopes_.back().wanted[parsed.name].push_back(
                        {kernel_.instructions.size(), made.operands.size()});
                }
                made.operands.push_back(std::move(parsed));
            } while (cursor_.accept(","));
        }
        CUPEL_DO(cursor_.expect(";", "after an instruction"));
        kernel_.instructions.push_back(std::move(made));
        return {};
    }

    // call.uni (result), name, (arguments), prototype; of which only the name matters here.
    Result<void> call(Instruction& made) {
        if (cursor_.at("(")) {
            while (!cursor_.at(")") && !cursor_.at_end())
                cursor_.next();
            cursor_.next();
            CUPEL_DO(cursor_.expect(",", "after the result"));
        }
        CUPEL_TRY(const Token name, cursor_.word("the name of a function"));
        made.callee = name.text;
        while (!cursor_.at(";") && !cursor_.at_end())
            cursor_.next();
        return {};
    }

    Result<Operand> operand(int depth) {
        Operand made;
        made.at = cursor_.peek().at;
        if (cursor_.accept("{")) return vector(std::move(made), depth);
        if (cursor_.accept("[")) return address(std::move(made), depth);
        made.negated = cursor_.accept("!");
        const Token& token = cursor_.peek();
        if (token.kind != TokenKind::Word) return number(std::move(made));
        cursor_.next();
        if (token.text == "_") {
            made.kind = OperandKind::Sink;
            return made;
        }
        made.name = token.text;
        CUPEL_DO(named(made));
        if (made.kind == OperandKind::Register && cursor_.accept("|")) {
            CUPEL_TRY(const Token second, cursor_.word("a predicate"));
            made.second = second.text == "_" ? kNoIndex : find_register(second.text);
            if (made.second == kNoIndex) {
                return cursor_.error(second.at, fmt::format("unknown name '{}'", second.text));
            }
        }
        return made;
    }

    Result<void> named(Operand& made) {
        made.index = find_register(made.name);
        if (made.index != kNoIndex) {
            made.kind = OperandKind::Register;
            return {};
        }
        made.variable = find_variable(made.name);
        if (made.variable != kNoIndex) {
            made.kind = OperandKind::Symbol;
            return offset(made);
        }
        if (made.name.starts_with('%') || made.name == "WARP_SZ") {
            made.kind = OperandKind::Special;
            return {};
        }
        made.kind = OperandKind::Label;  // checked when the scope closes
        return {};
    }

    Result<Operand> vector(Operand made, int depth) {
        made.kind = OperandKind::Vector;
        if (depth > 0) return cursor_.error(made.at, "a vector within a vector");
        do {
            CUPEL_TRY(Operand element, operand(depth + 1));
            if (element.kind == OperandKind::Label) {
                return cursor_.error(element.at, fmt::format("unknown name '{}'", element.name));
            }
            if (made.elements.size() >= kMaxVector) {
                return cursor_.error(element.at, "a vector of too many elements");
            }
            made.elements.push_back(std::move(element));
        } while (cursor_.accept(","));
        CUPEL_DO(cursor_.expect("}", "after a vector"));
        return made;
    }

    Result<Operand> address(Operand made, int depth) {
        made.kind = OperandKind::Address;
        const Token& token = cursor_.peek();
        if (token.kind == TokenKind::Word) {
            cursor_.next();
            made.index = find_register(token.text);
            if (made.index == kNoIndex) made.variable = find_variable(token.text);
            if (made.index == kNoIndex && made.variable == kNoIndex) {
                return cursor_.error(token.at, fmt::format("unknown name '{}'", token.text));
            }
            CUPEL_DO(offset(made));
        } else {
            CUPEL_TRY(made.bits, cursor_.integer("an address", ~std::uint64_t{0}));
        }
        // Where in a texture: parsed, so that it refuses its own kernel and no other.
        while (depth == 0 && cursor_.accept(",")) {
            made.kind = OperandKind::Texel;
            CUPEL_TRY(Operand where, operand(cursor_.at("{") ? 0 : 1));
            made.elements.push_back(std::move(where));
        }
        CUPEL_DO(cursor_.expect("]", "after an address"));
        return made;
    }

    Result<void> offset(Operand& made) {
        if (!cursor_.at("+") && !cursor_.at("-")) return {};
        bool negative = cursor_.next().text == "-";
        if (!negative) negative = cursor_.accept("-");  // [%rd1+-4]
        CUPEL_TRY(const std::uint64_t value, cursor_.integer("an offset", ~std::uint64_t{0}));
        made.bits = negative ? std::uint64_t{0} - value : value;
        return {};
    }

    Result<Operand> number(Operand made) {
        const bool negative = cursor_.accept("-");
        const Token& token = cursor_.peek();
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
                return cursor_.expected("an operand");
        }
        cursor_.next();
        return made;
    }

    Index add_register(std::string_view name, Type type) {
        kernel_.registers.push_back({.name = name, .type = type});
        return static_cast<Index>(kernel_.registers.size() - 1);
    }

    Index find_register(std::string_view name) {
        const std::size_t last = name.find_last_not_of("0123456789");
        std::string_view prefix = name.substr(0, last + 1);
        const std::string_view digits = name.substr(prefix.size());
        std::uint64_t number = 0;
        const bool numbered =
            std::from_chars(digits.data(), digits.data() + digits.size(), number).ec == std::errc();
        for (std::size_t i = scopes_.size(); i-- > 0;) {
            auto& declared = scopes_[i].registers;
            auto found = declared.find(name);
            std::uint64_t key = 0;
            if (found == declared.end() || found->second.count != 0) {
                found = numbered ? declared.find(prefix) : declared.end();
                if (found == declared.end() || number >= found->second.count) continue;
                key = number;
            }
            const auto [use, fresh] = found->second.used.emplace(key, 0);
            if (fresh) use->second = add_register(name, found->second.type);
            return use->second;
        }
        return kNoIndex;
    }

    Index find_variable(std::string_view name) {
        for (std::size_t i = scopes_.size(); i-- > 0;) {
            const auto found = scopes_[i].variables.find(name);
            if (found != scopes_[i].variables.end()) return found->second;
        }
        const auto found = module_.names.find(name);
        return found == module_.names.end() ? kNoIndex : found->second;
    }

    Cursor& cursor_;
    const Module& module_;
    Kernel& kernel_;
    std::vector<Scope> scopes_;
    std::map<std::array<std::uint64_t, 3>, std::array<std::uint64_t, 3>> inlined_;
    std::uint32_t used_bytes_ = ~std::uint32_t{0};  // of the next instruction
    Line line_;
};

}  // namespace

Result<void> parse_body(Cursor& cursor, const Module& module, Kernel& kernel) {
    return BodyParser(cursor, module, kernel).run();
}

}  // namespace cupel::emulator
