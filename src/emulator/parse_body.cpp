// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "emulator/parse_call.hpp"
#include "emulator/parse_scope.hpp"

namespace cupel::emulator {
namespace {

constexpr std::size_t kMaxDepth = 32;              // of braces
constexpr std::size_t kMaxInstructions = 262'144;  // of one kernel
constexpr std::size_t kMaxVector = 64;
constexpr std::string_view kReturn = "<return>";   // a label that no text can have
constexpr std::uint64_t kMaxRegisters = 1U << 20;  // of one .reg name<N>; only the used ones cost

class BodyParser {
public:
    BodyParser(Cursor& cursor, const Module& module, Functions& functions, Kernel& kernel)
        : cursor_(cursor),
          module_(module),
          functions_(functions),
          kernel_(kernel),
          parameters_(cursor.source(), kernel) {
        scopes_.emplace_back();
        for (const Index i : kernel.parameters)
            scopes_.back().variables.emplace(kernel.variables[i].name, i);
    }

    Result<void> run() {
        const Offset open = cursor_.peek().at;
        const std::size_t begin = cursor_.position();
        CUPEL_DO(cursor_.expect("{", "before the body of a kernel"));
        while (!scopes_.empty()) {
            if (cursor_.at_end()) return cursor_.error(open, "this brace is never closed");
            CUPEL_DO(statement());
            if (!given_up_) continue;
            kernel_.instructions.clear();
            cursor_.seek(begin);
            return cursor_.skip_braces();
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
        if (cursor_.accept(".loc")) return lines_.read(cursor_);
        if (cursor_.accept(".reg")) return registers();
        if (cursor_.accept(".callprototype") || cursor_.accept(".calltargets") ||
            cursor_.accept(".branchtargets")) {
            while (!cursor_.at(";") && !cursor_.at_end())
                cursor_.next();
            return {};
        }
        if (cursor_.accept(".pragma")) {
            read_used_bytes(cursor_.next().text, used_bytes_);
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
        Braces scope = std::move(scopes_.back());
        scopes_.pop_back();
        for (auto& [name, uses] : scope.wanted) {
            const auto found = scope.labels.find(name);
            if (found != scope.labels.end()) {
                for (const Pending& use : uses) {
                    kernel_.instructions[use.instruction].operands[use.operand].index =
                        static_cast<Index>(found->second);
                }
            } else if (!scopes_.empty() && !scope.of_function) {
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
            if (space == Space::Param && functions_.find(whose_call()) != Functions::kNoPosition) {
                parameters_.own(static_cast<Index>(kernel_.variables.size()));
            }
            scopes_.back().variables.insert_or_assign(declared.name,
                                                      static_cast<Index>(kernel_.variables.size()));
            kernel_.variables.push_back(std::move(declared));
        } while (cursor_.accept(","));
        return cursor_.expect(";", "after a variable");
    }

    Result<void> instruction() {
        Instruction made;
        made.used_bytes = std::exchange(used_bytes_, ~std::uint32_t{0});
        made.line = lines_.now();
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
        if (opcode.text == "call" || opcode.text.starts_with("call.")) return call(made);
        if (!cursor_.at(";")) CUPEL_DO(operands(made));
        CUPEL_DO(cursor_.expect(";", "after an instruction"));
        return finished(std::move(made));
    }

    Result<void> operands(Instruction& made) {
        do {
            CUPEL_TRY(Operand parsed, operand(0));
            if (parsed.kind == OperandKind::Label) {
                scopes_.back().wanted[parsed.name].push_back(
                    {kernel_.instructions.size(), made.operands.size()});
            }
            made.operands.push_back(std::move(parsed));
        } while (cursor_.accept(","));
        return {};
    }

    Result<void> finished(Instruction made) {
        const bool within = std::ranges::any_of(scopes_, &Braces::of_function);
        if (within && (made.opcode == "ret" || made.opcode == "ret.uni")) {
            // The last one of a function is where its text goes on anyway.
            if (made.guard != kNoIndex || !cursor_.at("}") || !scopes_.back().of_function) {
                leave(std::move(made));
            }
            return {};
        }
        const bool loads = made.opcode.starts_with("ld.param.");
        if ((loads || made.opcode.starts_with("st.param.")) && made.operands.size() == 2) {
            const Operand& place = made.operands[loads ? 1 : 0];
            if (place.kind == OperandKind::Address && parameters_.owns(place.variable)) {
                CUPEL_TRY(const std::vector<Instruction> lowered, parameters_.lower(made));
                for (const Instruction& one : lowered)
                    kernel_.instructions.push_back(one);
                return {};
            }
        }
        kernel_.instructions.push_back(std::move(made));
        return {};
    }

    // To the end of the function that is being put in place.
    void leave(Instruction made) {
        made.opcode = "bra";
        Operand end;
        end.kind = OperandKind::Label;
        end.name = kReturn;
        end.at = made.at;
        made.operands = {end};
        scopes_.back().wanted[kReturn].push_back({kernel_.instructions.size(), 0});
        kernel_.instructions.push_back(std::move(made));
    }

    // Whose call a .param is declared for: it stands before the call.
    std::string_view whose_call() {
        Braces& scope = scopes_.back();
        if (!scope.calls) scope.calls = next_call(cursor_);
        return *scope.calls;
    }

    // call.uni (result), name, (arguments), prototype;
    Result<void> call(Instruction made) {
        std::vector<Token> given;
        if (cursor_.at("(")) {
            CUPEL_TRY(given, parse_names(cursor_));
            CUPEL_DO(cursor_.expect(",", "after the result"));
        }
        const std::size_t results = given.size();
        CUPEL_TRY(const Token name, cursor_.word("the name of a function"));
        made.callee = name.text;
        const std::size_t head = functions_.find(name.text);
        if (find_register(name.text) != kNoIndex) {
            return give_up(made.at, "a call through a pointer, which is not emulated");
        }
        if (std::ranges::find(scopes_, name.text, &Braces::function) != scopes_.end()) {
            return give_up(made.at,
                           fmt::format("recursion, of {}, which is not emulated", name.text));
        }
        if (head != Functions::kNoPosition && cursor_.accept(",")) {
            CUPEL_TRY(const std::vector<Token> arguments, parse_names(cursor_));
            given.insert(given.end(), arguments.begin(), arguments.end());
        }
        while (!cursor_.at(";") && !cursor_.at_end())
            cursor_.next();
        CUPEL_DO(cursor_.expect(";", "after an instruction"));
        if (head != Functions::kNoPosition) return place(made, head, given, results);
        kernel_.instructions.push_back(std::move(made));
        return {};
    }

    // The text of a function, read once more as if it stood here.
    Result<void> place(const Instruction& made, std::size_t head, const std::vector<Token>& given,
                       std::size_t results) {
        if (scopes_.size() >= kMaxDepth) {
            return cursor_.error(made.at, "calls too deep");
        }
        Braces function;
        function.of_function = true;
        const std::size_t after = cursor_.position();
        cursor_.seek(head);
        std::size_t bound = 0;
        if (cursor_.at("(")) CUPEL_DO(bind(function, made, given, bound));
        if (bound != results) return cursor_.error(made.at, "not the results of the function");
        function.function = cursor_.next().text;
        if (cursor_.at("(")) CUPEL_DO(bind(function, made, given, bound));
        if (bound != given.size()) return cursor_.error(made.at, "not what the function takes");
        while (!cursor_.at("{") && !cursor_.at_end())
            cursor_.next();  // .noreturn
        scopes_.push_back(std::move(function));
        if (made.guard != kNoIndex) {
            Instruction past = made;
            past.callee = {};
            past.guard_negated = !made.guard_negated;
            leave(std::move(past));
        }
        cursor_.next();
        const std::size_t depth = scopes_.size();
        while (scopes_.size() >= depth) {
            if (cursor_.at_end()) return cursor_.error(made.at, "the function never ends");
            if (scopes_.size() == depth && cursor_.at("}"))
                scopes_.back().labels.emplace(kReturn, kernel_.instructions.size());
            CUPEL_DO(statement());
            if (given_up_) return {};
        }
        if (!functions_.spend(cursor_.position() - head)) {
            return cursor_.error(made.at, "more calls than can be put in place");
        }
        cursor_.seek(after);
        return {};
    }

    // (.param .b64 name, ...): what was given goes by these names.
    Result<void> bind(Braces& function, const Instruction& made, const std::vector<Token>& given,
                      std::size_t& bound) {
        cursor_.next();
        if (cursor_.accept(")")) return {};
        do {
            CUPEL_DO(cursor_.expect(".param", "before a parameter"));
            CUPEL_TRY(const Variable formal, parse_variable(cursor_, Space::Param, {}));
            const Index actual = bound < given.size() ? find_variable(given[bound].text) : kNoIndex;
            if (actual == kNoIndex || !parameters_.owns(actual) ||
                kernel_.variables[actual].bytes != formal.bytes) {
                return cursor_.error(made.at,
                                     "a call is given .params of its own, as its function says");
            }
            function.variables.emplace(formal.name, actual);
            bound++;
        } while (cursor_.accept(","));
        return cursor_.expect(")", "after the parameters");
    }

    Result<Operand> operand(int depth) {
        Operand made;
        made.at = cursor_.peek().at;
        if (cursor_.accept("{")) return vector(std::move(made), depth);
        if (cursor_.accept("[")) return address(std::move(made), depth);
        made.negated = cursor_.accept("!");
        const Token& token = cursor_.peek();
        if (token.kind != TokenKind::Word) return parse_number(cursor_, std::move(made));
        cursor_.next();
        if (token.text == "_") {
            made.kind = OperandKind::Sink;
        } else {
            made.name = token.text;
            CUPEL_DO(named(made));
        }
        const bool result = made.kind == OperandKind::Register || made.kind == OperandKind::Sink;
        if (result && cursor_.accept("|")) {
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
            CUPEL_DO(look_at(made));
            return offset(made);
        }
        if (made.name.starts_with('%') || made.name == "WARP_SZ") {
            made.kind = OperandKind::Special;
            return {};
        }
        if (functions_.has(made.name)) {
            return give_up(made.at, "the address of a function, which is not emulated");
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
            if (made.variable != kNoIndex) CUPEL_DO(look_at(made));
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

    Index find_register(std::string_view name) {
        return emulator::find_register(scopes_, name, kernel_);
    }
    Index find_variable(std::string_view name) {
        return emulator::find_variable(scopes_, name, module_);
    }

    Result<void> look_at(const Operand& made) {
        if (!variable_of(module_, kernel_, made.variable).of_functions) return {};
        return give_up(made.at,
                       "a table of virtual functions, or of pointers to functions, which "
                       "is not emulated");
    }

    // What this kernel does is not emulated: the others of the module may be launched all the same.
    Result<void> give_up(Offset at, std::string why) {
        if (!given_up_)
            kernel_.unlaunchable = {.at = at, .line = lines_.now(), .why = std::move(why)};
        given_up_ = true;
        return {};
    }

    Cursor& cursor_;
    const Module& module_;
    Functions& functions_;
    Kernel& kernel_;
    CallParameters parameters_;
    std::vector<Braces> scopes_;
    bool given_up_ = false;
    std::uint32_t used_bytes_ = ~std::uint32_t{0};  // of the next instruction
    Lines lines_;
};

}  // namespace

Result<void> parse_body(Cursor& cursor, const Module& module, Functions& functions,
                        Kernel& kernel) {
    return BodyParser(cursor, module, functions, kernel).run();
}

}  // namespace cupel::emulator
