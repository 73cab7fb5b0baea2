// SPDX-License-Identifier: Apache-2.0
#include "emulator/parser.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "emulator/parse_call.hpp"

namespace cupel::emulator {
namespace {

constexpr std::size_t kMaxKernels = 4096;
constexpr std::size_t kMaxVariables = 65536;
constexpr std::uint64_t kMaxFiles = 65536;
constexpr std::uint64_t kMaxParameterBytes = 32764;  // since PTX 8.1

class ModuleParser {
public:
    ModuleParser(Module& module, Cursor cursor)
        : module_(module), cursor_(cursor), functions_(cursor) {}

    Result<void> run() {
        CUPEL_TRY(module_.target, parse_head(cursor_));
        while (!cursor_.at_end())
            CUPEL_DO(directive());
        return {};
    }

private:
    Result<void> directive() {
        if (cursor_.accept(".address_size")) {
            const Offset at = cursor_.peek().at;
            CUPEL_TRY(const std::uint64_t bits, cursor_.integer("32 or 64", 64));
            if (bits != 64) return cursor_.error(at, "only 64-bit addresses are supported");
            return {};
        }
        if (cursor_.accept(".file")) return file();
        if (cursor_.accept(".section")) {
            while (!cursor_.at("{") && !cursor_.at_end())
                cursor_.next();
            return cursor_.skip_braces();
        }
        if (cursor_.accept(".pragma")) {
            cursor_.next();
            return cursor_.expect(";", "after a pragma");
        }
        bool external = false;
        while (cursor_.at(".visible") || cursor_.at(".extern") || cursor_.at(".weak") ||
               cursor_.at(".common")) {
            external = external || cursor_.at(".extern");
            cursor_.next();
        }
        if (cursor_.accept(".entry")) return entry();
        if (cursor_.accept(".func")) return function();
        for (const auto& [word, space] :
             {std::pair{".global", Space::Global}, std::pair{".const", Space::Const},
              std::pair{".shared", Space::Shared}}) {
            if (cursor_.accept(word)) return variable(space, external);
        }
        return cursor_.expected("a directive like .entry or .global");
    }

    Result<void> file() {
        CUPEL_TRY(const std::uint64_t number, cursor_.integer("a file number", kMaxFiles));
        if (cursor_.peek().kind != TokenKind::Text) return cursor_.expected("a file name");
        if (module_.files.size() <= number) module_.files.resize(number + 1);
        module_.files[number] = cursor_.next().text;
        for (int i = 0; i < 2 && cursor_.accept(","); i++)
            cursor_.next();  // time stamp, size
        return {};
    }

    Result<void> variable(Space space, bool external) {
        do {
            if (module_.variables.size() >= kMaxVariables) {
                return cursor_.error(cursor_.peek().at, "too many variables");
            }
            const Offset at = cursor_.peek().at;
            CUPEL_TRY(Variable declared,
                      parse_variable(cursor_, space, module_.names, &functions_));
            if (external && space != Space::Shared) {
                return cursor_.error(at, "an extern variable; a module must be whole in itself");
            }
            declared.external = declared.external || external;
            module_.names[declared.name] = static_cast<Index>(module_.variables.size()) | kOfModule;
            module_.variables.push_back(std::move(declared));
        } while (cursor_.accept(","));
        return cursor_.expect(";", "after a variable");
    }

    // Functions are read where they are called, and passed over here.
    Result<void> function() {
        while (!cursor_.at(";") && !cursor_.at("{")) {
            if (cursor_.at_end()) return cursor_.expected("the body of a function, or ';'");
            cursor_.next();
        }
        if (cursor_.accept(";")) return {};
        return cursor_.skip_braces();
    }

    Result<void> entry() {
        CUPEL_TRY(const Token name, cursor_.word("the name of a kernel"));
        if (module_.kernels.size() >= kMaxKernels) {
            return cursor_.error(name.at, "too many kernels in one module");
        }
        if (std::ranges::find(module_.kernels, name.text, &Kernel::name) != module_.kernels.end()) {
            return cursor_.error(name.at, fmt::format("a second kernel '{}'", name.text));
        }
        Kernel kernel;
        kernel.name = name.text;
        if (cursor_.accept("(") && !cursor_.accept(")")) {
            do {
                CUPEL_DO(parameter(kernel));
            } while (cursor_.accept(","));
            CUPEL_DO(cursor_.expect(")", "after the parameters"));
        }
        CUPEL_DO(tuning(kernel));
        CUPEL_DO(parse_body(cursor_, module_, functions_, kernel));
        module_.kernels.push_back(std::move(kernel));
        return {};
    }

    Result<void> parameter(Kernel& kernel) {
        const Offset at = cursor_.peek().at;
        CUPEL_DO(cursor_.expect(".param", "before a parameter"));
        CUPEL_TRY(Variable declared, parse_variable(cursor_, Space::Param, {}));
        const std::uint64_t align = declared.align;
        declared.offset = (kernel.parameter_bytes + align - 1) / align * align;
        kernel.parameter_bytes = declared.offset + declared.bytes;
        if (kernel.parameter_bytes > kMaxParameterBytes) {
            return cursor_.error(at, "more bytes of parameters than a kernel can have");
        }
        kernel.parameters.push_back(static_cast<Index>(kernel.variables.size()));
        kernel.variables.push_back(std::move(declared));
        return {};
    }

    Result<void> tuning(Kernel& kernel) {
        while (!cursor_.at("{")) {
            if (cursor_.accept(".maxntid")) {
                CUPEL_TRY(kernel.maximum_block, cursor_.triple());
            } else if (cursor_.accept(".reqntid")) {
                CUPEL_TRY(kernel.required_block, cursor_.triple());
            } else if (cursor_.accept(".minnctapersm") || cursor_.accept(".maxnreg") ||
                       cursor_.accept(".maxclusterrank")) {
                CUPEL_TRY(const std::uint64_t ignored, cursor_.integer("a number", 1U << 20));
                (void)ignored;
            } else if (cursor_.at(".explicitcluster") || cursor_.at(".blocksareclusters") ||
                       cursor_.at(".reqnctapercluster")) {
                CUPEL_DO(clusters(kernel));
            } else if (cursor_.accept(".pragma")) {
                cursor_.next();
                CUPEL_DO(cursor_.expect(";", "after a pragma"));
            } else {
                return cursor_.expected("the body of the kernel, or a directive like .maxntid");
            }
        }
        return {};
    }

    Result<void> clusters(Kernel& kernel) {
        kernel.unlaunchable = {.at = cursor_.peek().at,
                               .line = {},
                               .why =
                                   "a kernel of clusters of blocks (__cluster_dims__), which are "
                                   "not emulated"};
        if (cursor_.next().text != ".reqnctapercluster") return {};
        CUPEL_TRY(const auto ignored, cursor_.triple());
        (void)ignored;
        return {};
    }

    Module& module_;
    Cursor cursor_;
    Functions functions_;
};

}  // namespace

const Token& Cursor::peek(std::size_t ahead) const {
    return tokens_[std::min(position_ + ahead, tokens_.size() - 1)];
}

const Token& Cursor::next() {
    const Token& token = peek();
    if (position_ + 1 < tokens_.size()) position_++;
    return token;
}

bool Cursor::at(std::string_view text) const {
    const Token& token = peek();
    return (token.kind == TokenKind::Symbol || token.kind == TokenKind::Word) && token.text == text;
}

bool Cursor::accept(std::string_view text) {
    if (!at(text)) return false;
    next();
    return true;
}

std::unexpected<Error> Cursor::expected(std::string_view what) const {
    const Token& token = peek();
    const std::string_view quote = token.kind == TokenKind::End ? "" : "'";
    return source_.error(token.at, fmt::format("expected {}, found {}{}{}", what, quote,
                                               token.text.substr(0, 60), quote));
}

Result<void> Cursor::expect(std::string_view text, std::string_view where) {
    if (!accept(text)) return expected(fmt::format("'{}' {}", text, where));
    return {};
}

Result<Token> Cursor::word(std::string_view what) {
    if (peek().kind != TokenKind::Word) return expected(what);
    return next();
}

Result<std::uint64_t> Cursor::integer(std::string_view what, std::uint64_t most) {
    const Token& token = peek();
    if (token.kind != TokenKind::Integer) return expected(what);
    if (token.bits > most) {
        return source_.error(token.at, fmt::format("{} is more than {}", token.text, most));
    }
    return next().bits;
}

Result<std::array<std::uint32_t, 3>> Cursor::triple() {
    std::array<std::uint32_t, 3> values = {1, 1, 1};
    for (std::size_t i = 0; i < 3; i++) {
        if (i > 0 && !accept(",")) break;
        CUPEL_TRY(const std::uint64_t value, integer("a number of threads", 1024));
        values[i] = static_cast<std::uint32_t>(value);
    }
    return values;
}

Result<void> Cursor::skip_braces() {
    const Offset open = peek().at;
    CUPEL_DO(expect("{", "here"));
    for (std::size_t depth = 1; depth > 0; next()) {
        if (at_end()) return source_.error(open, "this brace is never closed");
        if (at("{")) depth++;
        if (at("}")) depth--;
    }
    return {};
}

Result<Module> parse(std::string_view text, std::string_view file) {
    Module module;
    module.text = std::make_shared<const std::string>(text);
    module.file = std::string(file);
    const Source source = module.source();
    CUPEL_TRY(const std::vector<Token> tokens, lex(source));
    CUPEL_DO(ModuleParser(module, Cursor(source, tokens)).run());
    return module;
}

}  // namespace cupel::emulator
