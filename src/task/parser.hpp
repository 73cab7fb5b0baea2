// SPDX-License-Identifier: Apache-2.0
// Recursive descent over the tokens of one text. Untrusted: depth, weight and counts are bounded,
// so that no text makes this or any later walk slow or deep.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "task/lexer.hpp"
#include "task/syntax.hpp"

namespace cupel::task {

struct Definition {
    std::size_t parameters = 0;
    NodeId body = kNone;
    bool prelude = false;
};
using Definitions = std::map<std::string, Definition, std::less<>>;

// Parses expressions; FileParser (syntax.cpp) adds what stands around them.
class Parser {
public:
    Parser(const Source& source, std::span<const Token> tokens, File& file, Definitions& defs)
        : source_(source), tokens_(tokens), file_(file), definitions_(defs) {}

    Result<NodeId> expression();
    // A constant with an optional minus: 0.5, -inf.
    Result<double> signed_number();
    Result<std::int64_t> whole_number();

    [[nodiscard]] const Token& peek(std::size_t ahead = 0) const;
    const Token& next();
    [[nodiscard]] bool at(std::string_view text) const;
    bool accept(std::string_view text);
    Result<void> expect(std::string_view text, std::string_view where);
    Result<Token> name(std::string_view what);
    // Of what kernels spell as the task does: no word of C++. Of a size: nothing that their headers
    // declare, either.
    Result<Token> printed_name(std::string_view what);
    Result<Token> global_name(std::string_view what);
    [[nodiscard]] std::unexpected<Error> expected(std::string_view what) const;
    [[nodiscard]] std::unexpected<Error> error(Place place, std::string_view message) const {
        return source_.error(place, message);
    }
    Result<std::vector<Binder>> binders(std::string_view what);

    // While a def's body is read, its parameters.
    void set_parameters(std::span<const std::string> names) { parameters_ = names; }
    Definitions& definitions() { return definitions_; }
    File& file() { return file_; }

private:
    [[nodiscard]] Result<void> check_meaning(const Token& token, std::string_view meaning) const;
    Result<NodeId> choice();
    Result<NodeId> binary(int level);
    Result<NodeId> unary();
    Result<NodeId> primary();
    Result<NodeId> named(const Token& token);
    Result<NodeId> access(const Token& token);
    Result<NodeId> reduction(const Token& token);
    Result<NodeId> call(const Token& token);
    Result<NodeId> plain_name(const Token& token);
    Result<NodeId> inline_definition(const Token& token, const Definition& definition,
                                     std::span<const NodeId> arguments);
    Result<NodeId> substitute(NodeId id, std::span<const NodeId> arguments, Place place);

    Result<NodeId> add(Node node);
    Result<NodeId> apply(Place place, Op op, std::vector<NodeId> kids);

    const Source& source_;
    std::span<const Token> tokens_;
    std::size_t position_ = 0;
    int depth_ = 0;
    File& file_;
    Definitions& definitions_;
    std::span<const std::string> parameters_;
    bool in_definition_ = false;
    std::map<NodeId, NodeId> substituted_;

public:
    void set_in_definition(bool in) { in_definition_ = in; }
};

[[nodiscard]] bool is_reserved(std::string_view name);
[[nodiscard]] bool is_built_in(std::string_view name);

}  // namespace cupel::task
