// SPDX-License-Identifier: Apache-2.0
#include "task/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <numbers>

#include "base/text.hpp"
#include "task/cpp_words.hpp"

namespace cupel::task {
namespace {

constexpr int kMaxDepth = 100;               // of brackets and operators in the text
constexpr int kMaxNodeDepth = 400;           // after inlining
constexpr std::int64_t kMaxWeight = 20'000;  // of one expression, written out as a tree
constexpr std::size_t kMaxNodes = 200'000;
constexpr std::size_t kMaxList = 16;  // binders, dimensions, arguments

struct BuiltIn {
    std::string_view name;
    Op op;
};
constexpr std::array kBuiltIns = {
    BuiltIn{"exp", Op::Exp},   BuiltIn{"log", Op::Log}, BuiltIn{"sqrt", Op::Sqrt},
    BuiltIn{"tanh", Op::Tanh}, BuiltIn{"erf", Op::Erf}, BuiltIn{"sin", Op::Sin},
    BuiltIn{"cos", Op::Cos},   BuiltIn{"abs", Op::Abs}, BuiltIn{"floor", Op::Floor},
    BuiltIn{"pow", Op::Pow},   BuiltIn{"min", Op::Min}, BuiltIn{"max", Op::Max},
};
constexpr std::array<std::string_view, 7> kReducers = {"sum",  "prod",   "max",   "min",
                                                       "mean", "argmax", "argmin"};

// The binary operators, weakest first; those of one level associate to the left.
struct Operator {
    std::string_view text;
    int level;
    Op op;
    bool swapped = false;  // a > b is b < a
};
constexpr int kOr = 0;
constexpr int kCompare = 2;
constexpr int kAdd = 3;
constexpr int kLevels = 5;
constexpr std::array kOperators = {
    Operator{"or", kOr, Op::Or},
    Operator{"||", kOr, Op::Or},
    Operator{"and", 1, Op::And},
    Operator{"&&", 1, Op::And},
    Operator{"<", kCompare, Op::Less},
    Operator{"<=", kCompare, Op::LessEqual},
    Operator{">", kCompare, Op::Less, true},
    Operator{">=", kCompare, Op::LessEqual, true},
    Operator{"==", kCompare, Op::Equal},
    Operator{"!=", kCompare, Op::NotEqual},
    Operator{"+", kAdd, Op::Add},
    Operator{"-", kAdd, Op::Sub},
    Operator{"*", 4, Op::Mul},
    Operator{"/", 4, Op::Div},
};

Node blank(NodeKind kind, Place place) {
    Node node;
    node.kind = kind;
    node.place = place;
    return node;
}

// x_int for int.
std::string another_name(std::string_view name) {
    name.remove_prefix(std::min(name.find_first_not_of('_'), name.size()));
    return fmt::format("x_{}", name);
}

bool is_reducer(std::string_view name) {
    return std::ranges::find(kReducers, name) != kReducers.end();
}

}  // namespace

bool is_built_in(std::string_view name) {
    return std::ranges::any_of(kBuiltIns, [&](const BuiltIn& b) { return b.name == name; });
}

bool is_reserved(std::string_view name) {
    constexpr std::array<std::string_view, 8> kWords = {"task", "def", "where", "and",
                                                        "or",   "not", "inf",   "pi"};
    return std::ranges::find(kWords, name) != kWords.end() || is_reducer(name);
}

const Token& Parser::peek(std::size_t ahead) const {
    return tokens_[std::min(position_ + ahead, tokens_.size() - 1)];
}

const Token& Parser::next() {
    const Token& token = peek();
    if (position_ + 1 < tokens_.size()) position_++;
    return token;
}

bool Parser::at(std::string_view text) const {
    const Token& token = peek();
    return (token.kind == TokenKind::Symbol || token.kind == TokenKind::Name) && token.text == text;
}

bool Parser::accept(std::string_view text) {
    if (!at(text)) return false;
    next();
    return true;
}

std::unexpected<Error> Parser::expected(std::string_view what) const {
    const Token& token = peek();
    const std::string_view quote = token.kind == TokenKind::End ? "" : "'";
    return source_.error(token.place,
                         fmt::format("expected {}, found {}{}{}", what, quote, token.text, quote));
}

Result<void> Parser::expect(std::string_view text, std::string_view where) {
    if (!accept(text)) return expected(fmt::format("'{}' {}", text, where));
    return {};
}

Result<Token> Parser::name(std::string_view what) {
    if (peek().kind != TokenKind::Name) return expected(what);
    if (is_reserved(peek().text)) {
        return source_.error(peek().place, fmt::format("expected {}, found the reserved word '{}'",
                                                       what, peek().text));
    }
    return next();
}

Result<Token> Parser::printed_name(std::string_view what) {
    CUPEL_TRY(const Token token, name(what));
    CUPEL_DO(check_meaning(token, meaning_in_cpp(token.text)));
    return token;
}

Result<Token> Parser::global_name(std::string_view what) {
    CUPEL_TRY(const Token token, name(what));
    CUPEL_DO(check_meaning(token, meaning_of_global(token.text)));
    return token;
}

Result<void> Parser::check_meaning(const Token& token, std::string_view meaning) const {
    if (meaning.empty()) return {};
    return source_.error(token.place,
                         fmt::format("'{}' is {}, and names of a task stand in its kernels; choose "
                                     "another, such as '{}'",
                                     token.text, meaning, another_name(token.text)));
}

Result<double> Parser::signed_number() {
    const bool minus = accept("-");
    double value = std::numeric_limits<double>::infinity();
    if (!accept("inf")) {
        if (peek().kind != TokenKind::Number) return expected("a number");
        value = next().number;
    }
    return minus ? -value : value;
}

Result<std::int64_t> Parser::whole_number() {
    const std::optional<std::int64_t> value = peek().integer;
    if (peek().kind != TokenKind::Number || !value) return expected("a whole number");
    next();
    return *value;
}

Result<NodeId> Parser::add(Node node) {
    node.depth = 1;
    node.weight = 1;
    const auto count = [&](NodeId id) {
        if (id == kNone) return;
        node.depth = std::max(node.depth, file_.node(id).depth + 1);
        node.weight += file_.node(id).weight;
    };
    for (const NodeId kid : node.kids)
        count(kid);
    for (const Binder& binder : node.binders)
        count(binder.bound);
    count(node.outside);
    if (node.depth > kMaxNodeDepth) {
        return source_.error(node.place, "the expression nests too deeply once defs are inlined");
    }
    if (node.weight > kMaxWeight || file_.nodes.size() >= kMaxNodes) {
        return source_.error(node.place,
                             fmt::format("the expression is too large once defs are inlined "
                                         "(at most {} operations)",
                                         kMaxWeight));
    }
    file_.nodes.push_back(std::move(node));
    return static_cast<NodeId>(file_.nodes.size() - 1);
}

Result<NodeId> Parser::apply(Place place, Op op, std::vector<NodeId> kids) {
    Node node = blank(NodeKind::Apply, place);
    node.op = op;
    node.kids = std::move(kids);
    return add(std::move(node));
}

Result<NodeId> Parser::expression() {
    if (depth_ >= kMaxDepth) {
        return source_.error(peek().place,
                             fmt::format("the expression nests deeper than {} levels", kMaxDepth));
    }
    depth_++;
    auto result = choice();
    depth_--;
    return result;
}

Result<NodeId> Parser::choice() {
    CUPEL_TRY(const NodeId condition, binary(kOr));
    const Place place = peek().place;
    if (!accept("?")) return condition;
    CUPEL_TRY(const NodeId yes, expression());
    CUPEL_DO(expect(":", "between the two values of '?'"));
    CUPEL_TRY(const NodeId no, expression());
    return apply(place, Op::Select, {condition, yes, no});
}

Result<NodeId> Parser::binary(int level) {
    if (level == kLevels) return unary();
    CUPEL_TRY(NodeId left, binary(level + 1));
    while (true) {
        const auto* found = std::ranges::find_if(
            kOperators, [&](const Operator& o) { return o.level == level && at(o.text); });
        if (found == kOperators.end()) return left;
        const Place place = next().place;
        CUPEL_TRY(const NodeId right, binary(level + 1));
        CUPEL_TRY(left, found->swapped ? apply(place, found->op, {right, left})
                                       : apply(place, found->op, {left, right}));
        if (level == kCompare) return left;
    }
}

Result<NodeId> Parser::unary() {
    const Place place = peek().place;
    const bool minus = at("-");
    if (!minus && !at("!") && !at("not")) return primary();
    next();
    if (depth_ >= kMaxDepth) return source_.error(place, "too many signs in a row");
    depth_++;
    auto operand = unary();
    depth_--;
    if (!operand) return operand;
    return apply(place, minus ? Op::Neg : Op::Not, {*operand});
}

Result<NodeId> Parser::primary() {
    if (accept("(")) {
        CUPEL_TRY(const NodeId inside, expression());
        CUPEL_DO(expect(")", "to close the parenthesis"));
        return inside;
    }
    if (peek().kind == TokenKind::Number) {
        const Token& token = next();
        Node node = blank(NodeKind::Number, token.place);
        node.number = token.number;
        node.integer = token.integer;
        return add(std::move(node));
    }
    if (peek().kind != TokenKind::Name) return expected("a value: a number, a name or '('");
    return named(next());
}

Result<NodeId> Parser::named(const Token& token) {
    if (token.text == "inf" || token.text == "pi") {
        Node node = blank(NodeKind::Number, token.place);
        node.number =
            token.text == "pi" ? std::numbers::pi : std::numeric_limits<double>::infinity();
        return add(std::move(node));
    }
    if (at("[")) return is_reducer(token.text) ? reduction(token) : access(token);
    if (at("(")) return call(token);
    if (is_reducer(token.text)) return expected(fmt::format("'[' after '{}'", token.text));
    if (is_reserved(token.text)) {
        return source_.error(token.place, fmt::format("expected a value: a number, a name or '(', "
                                                      "found the reserved word '{}'",
                                                      token.text));
    }
    return plain_name(token);
}

Result<NodeId> Parser::plain_name(const Token& token) {
    const auto parameter = std::ranges::find(parameters_, token.text);
    if (parameter != parameters_.end()) {
        Node node = blank(NodeKind::Parameter, token.place);
        node.integer = parameter - parameters_.begin();
        return add(std::move(node));
    }
    if (in_definition_) {
        return source_.error(token.place, fmt::format("a def sees only its parameters ({}), not "
                                                      "'{}'",
                                                      fmt::join(parameters_, ", "), token.text));
    }
    Node node = blank(NodeKind::Name, token.place);
    node.name = token.text;
    return add(std::move(node));
}

Result<NodeId> Parser::access(const Token& token) {
    if (in_definition_) {
        return source_.error(token.place, "a def cannot read tensors: pass the value in");
    }
    Node node = blank(NodeKind::Access, token.place);
    node.name = token.text;
    CUPEL_DO(expect("[", "before the indices"));
    do {
        if (node.kids.size() >= kMaxList) return error(peek().place, "too many indices");
        CUPEL_TRY(const NodeId index, expression());
        node.kids.push_back(index);
    } while (accept(","));
    if (accept("|")) {
        CUPEL_TRY(node.outside, expression());
    }
    if (!accept("]")) return expected("',', '|' or ']' in the indices");
    return add(std::move(node));
}

Result<std::vector<Binder>> Parser::binders(std::string_view what) {
    std::vector<Binder> list;
    CUPEL_DO(expect("[", what));
    do {
        if (list.size() >= kMaxList) {
            return error(peek().place, fmt::format("more than {} axes in one list", kMaxList));
        }
        CUPEL_TRY(const Token axis, printed_name("an axis name"));
        Binder binder{.name = std::string(axis.text), .compare = {}, .place = axis.place};
        for (const std::string_view compare : {"<", "<=", ">", ">="}) {
            if (binder.compare.empty() && accept(compare)) binder.compare = compare;
        }
        if (!binder.compare.empty()) {
            CUPEL_TRY(binder.bound, binary(kAdd));
        }
        list.push_back(std::move(binder));
    } while (accept(","));
    if (!accept("]")) return expected("',' or ']' in the list of axes");
    return list;
}

Result<NodeId> Parser::reduction(const Token& token) {
    if (in_definition_) return source_.error(token.place, "a def cannot reduce: pass the value in");
    Node node = blank(NodeKind::Reduce, token.place);
    node.name = token.text;
    CUPEL_TRY(node.binders, binders("before the axes"));
    CUPEL_DO(expect("(", fmt::format("after '{}[...]'", token.text)));
    CUPEL_TRY(const NodeId body, expression());
    CUPEL_DO(expect(")", "to close the reduction"));
    node.kids = {body};
    return add(std::move(node));
}

Result<NodeId> Parser::call(const Token& token) {
    CUPEL_DO(expect("(", "before the arguments"));
    std::vector<NodeId> arguments;
    do {
        if (arguments.size() >= kMaxList) return error(peek().place, "too many arguments");
        CUPEL_TRY(const NodeId argument, expression());
        arguments.push_back(argument);
    } while (accept(","));
    if (!accept(")")) return expected("',' or ')' in the arguments");
    std::size_t want = 0;
    const auto defined = definitions_.find(token.text);
    const auto* built_in =
        std::ranges::find_if(kBuiltIns, [&](const BuiltIn& b) { return b.name == token.text; });
    if (defined != definitions_.end()) {
        want = defined->second.parameters;
    } else if (built_in != kBuiltIns.end()) {
        want = static_cast<std::size_t>(operands(built_in->op));
    } else if (is_reducer(token.text)) {
        return error(token.place,
                     fmt::format("expected '[' and axes after the reducer '{}'", token.text));
    } else {
        const auto near = nearest_name(token.text, file_.functions);
        return error(token.place, fmt::format("unknown function '{}'{}", token.text,
                                              near ? fmt::format("; did you mean '{}'?", *near)
                                                   : std::string()));
    }
    if (arguments.size() != want) {
        return error(token.place, fmt::format("'{}' expects {} argument{}, found {}", token.text,
                                              want, want == 1 ? "" : "s", arguments.size()));
    }
    if (defined != definitions_.end()) return inline_definition(token, defined->second, arguments);
    return apply(token.place, built_in->op, std::move(arguments));
}

Result<NodeId> Parser::inline_definition(const Token& token, const Definition& definition,
                                         std::span<const NodeId> arguments) {
    substituted_.clear();
    return substitute(definition.body, arguments, token.place);
}

// Nodes of a body take the place of the call: that is the line a person can change.
Result<NodeId> Parser::substitute(NodeId id, std::span<const NodeId> arguments, Place place) {
    if (const auto known = substituted_.find(id); known != substituted_.end()) return known->second;
    Node copy = file_.node(id);
    NodeId result = kNone;
    if (copy.kind == NodeKind::Parameter) {
        CUPEL_CHECK(copy.integer.has_value());
        result = arguments[static_cast<std::size_t>(*copy.integer)];
    } else {
        copy.place = place;
        for (NodeId& kid : copy.kids) {
            CUPEL_TRY(kid, substitute(kid, arguments, place));
        }
        CUPEL_TRY(result, add(std::move(copy)));
    }
    substituted_.emplace(id, result);
    return result;
}

}  // namespace cupel::task
