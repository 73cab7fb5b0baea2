// SPDX-License-Identifier: Apache-2.0
#include "task/syntax.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "task/parser.hpp"
#include "task/prelude.hpp"

namespace cupel::task {
namespace {

constexpr std::size_t kMaxDimensions = 8;
constexpr std::size_t kMaxTensors = 64;
constexpr std::size_t kMaxAssignments = 200;
constexpr std::size_t kMaxLines = 64;  // of values, shapes, baseline

class FileParser {
public:
    FileParser(Parser& parser, File& file) : in_(parser), file_(file) {}

    Result<void> definitions(bool prelude) {
        while (in_.accept("def"))
            CUPEL_DO(definition(prelude));
        return {};
    }

    Result<void> task() {
        CUPEL_DO(in_.expect("task", "or 'def' at the start of the file"));
        CUPEL_TRY(const Token name, in_.name("the task's name"));
        file_.task = name.text;
        file_.place = name.place;
        CUPEL_DO(in_.expect("(", "before the inputs"));
        CUPEL_TRY(file_.inputs, declarations());
        CUPEL_DO(in_.expect(")", "after the inputs"));
        CUPEL_DO(in_.expect("->", "before the outputs"));
        CUPEL_TRY(file_.outputs, declarations());
        if (in_.accept("where")) CUPEL_DO(sizes());
        while (in_.peek().kind != TokenKind::End)
            CUPEL_DO(line());
        return {};
    }

private:
    Result<void> definition(bool prelude) {
        CUPEL_TRY(const Token name, in_.name("the def's name"));
        const auto known = in_.definitions().find(name.text);
        if (is_built_in(name.text) ||
            (known != in_.definitions().end() && (prelude || !known->second.prelude))) {
            return in_.error(name.place, fmt::format("'{}' is already defined", name.text));
        }
        CUPEL_DO(in_.expect("(", "before the parameters"));
        std::vector<std::string> parameters;
        do {
            CUPEL_TRY(const Token parameter, in_.name("a parameter's name"));
            if (std::ranges::find(parameters, parameter.text) != parameters.end()) {
                return in_.error(parameter.place,
                                 fmt::format("the parameter '{}' stands twice", parameter.text));
            }
            parameters.emplace_back(parameter.text);
        } while (in_.accept(","));
        CUPEL_DO(in_.expect(")", "after the parameters"));
        CUPEL_DO(in_.expect("=", "before the def's value"));
        in_.set_parameters(parameters);
        in_.set_in_definition(true);
        auto body = in_.expression();
        in_.set_parameters({});
        in_.set_in_definition(false);
        if (!body) return std::unexpected(std::move(body).error());
        in_.definitions()[std::string(name.text)] = Definition{parameters.size(), *body, prelude};
        file_.functions.emplace_back(name.text);
        return {};
    }

    Result<Type> type() {
        constexpr std::array kTypes = {Type::F64, Type::F32, Type::F16, Type::BF16,
                                       Type::I64, Type::I32, Type::I8};
        for (const Type candidate : kTypes) {
            if (in_.accept(type_name(candidate))) return candidate;
        }
        return in_.expected("a type (f64, f32, f16, bf16, i64, i32, i8)");
    }

    // "[M, N]", or nothing for a scalar.
    Result<std::vector<NodeId>> extents() {
        std::vector<NodeId> list;
        if (!in_.accept("[")) return list;
        do {
            if (list.size() >= kMaxDimensions) {
                return in_.error(in_.peek().place,
                                 fmt::format("a tensor has at most {} dimensions", kMaxDimensions));
            }
            CUPEL_TRY(const NodeId extent, in_.expression());
            list.push_back(extent);
        } while (in_.accept(","));
        if (!in_.accept("]")) return in_.expected("',' or ']' in the shape");
        return list;
    }

    Result<std::vector<Declaration>> declarations() {
        std::vector<Declaration> list;
        do {
            if (list.size() >= kMaxTensors) return in_.error(in_.peek().place, "too many tensors");
            CUPEL_TRY(const Token name, in_.printed_name("a tensor's name"));
            Declaration declaration{
                .name = std::string(name.text), .extents = {}, .place = name.place};
            CUPEL_DO(in_.expect(":", fmt::format("and a type after '{}'", name.text)));
            CUPEL_TRY(declaration.type, type());
            CUPEL_TRY(declaration.extents, extents());
            list.push_back(std::move(declaration));
        } while (in_.accept(","));
        return list;
    }

    Result<void> sizes() {
        do {
            if (file_.sizes.size() >= kMaxTensors) {
                return in_.error(in_.peek().place, "too many sizes");
            }
            CUPEL_TRY(const Token name, in_.global_name("a size's name"));
            CUPEL_DO(in_.expect("=", fmt::format("after the size '{}'", name.text)));
            CUPEL_TRY(const NodeId value, in_.expression());
            file_.sizes.push_back({std::string(name.text), value, name.place});
        } while (in_.accept(","));
        return {};
    }

    // A word opens a declaration only where no '=' or '[' follows: a tensor may have its name.
    [[nodiscard]] bool declares(std::string_view word) const {
        const std::string_view after = in_.peek(1).text;
        return in_.at(word) && after != "=" && after != "[";
    }

    Result<void> line() {
        if (declares("precision")) return precision();
        if (declares("values")) return values();
        if (declares("shapes")) return shapes();
        if (declares("baseline")) return baseline();
        return assignment();
    }

    Result<void> assignment() {
        if (in_.peek().kind != TokenKind::Name) {
            return in_.expected("an operator, or a new assignment");
        }
        if (file_.assignments.size() >= kMaxAssignments) {
            return in_.error(in_.peek().place,
                             fmt::format("more than {} assignments", kMaxAssignments));
        }
        CUPEL_TRY(const Token name, in_.printed_name("the tensor to assign"));
        Assignment assignment{.name = std::string(name.text), .axes = {}, .place = name.place};
        if (in_.at("[")) {
            CUPEL_TRY(assignment.axes, in_.binders("before the axes"));
        }
        if (assignment.axes.size() > kMaxDimensions) {
            return in_.error(name.place,
                             fmt::format("a tensor has at most {} dimensions", kMaxDimensions));
        }
        for (const Binder& axis : assignment.axes) {
            if (axis.compare.empty() || axis.compare == "<") continue;
            return in_.error(
                axis.place, fmt::format("expected '{} < extent' on the left-hand side", axis.name));
        }
        CUPEL_DO(in_.expect("=", fmt::format("after '{}'", name.text)));
        CUPEL_TRY(assignment.value, in_.expression());
        file_.assignments.push_back(std::move(assignment));
        return {};
    }

    Result<void> precision() {
        in_.next();
        for (const std::string_view name : {"fp32", "fp64", "tf32", "bf16", "fp16"}) {
            if (!in_.accept(name)) continue;
            file_.precision = name;
            return {};
        }
        return in_.expected("a precision (fp32, fp64, tf32, bf16, fp16)");
    }

    Result<void> values() {
        in_.next();
        do {
            if (file_.values.size() >= kMaxLines) {
                return in_.error(in_.peek().place, "too many values");
            }
            CUPEL_TRY(const Token tensor, in_.name("an input's name"));
            ValuesRule rule{.tensor = std::string(tensor.text), .place = tensor.place};
            CUPEL_DO(in_.expect("~", "before the law"));
            if (in_.accept("normal")) {
                rule.law = Law::Normal;
            } else if (in_.accept("uniform")) {
                rule.law = Law::Uniform;
            } else if (in_.accept("integers")) {
                rule.law = Law::Integers;
            } else {
                return in_.expected(
                    "a law: normal(mean, sd), uniform(low, high) or "
                    "integers(low, high)");
            }
            CUPEL_DO(in_.expect("(", "after the law"));
            CUPEL_TRY(rule.a, in_.signed_number());
            CUPEL_DO(in_.expect(",", "between the law's two numbers"));
            CUPEL_TRY(rule.b, in_.signed_number());
            CUPEL_DO(in_.expect(")", "after the law's two numbers"));
            file_.values.push_back(std::move(rule));
        } while (in_.accept(","));
        return {};
    }

    Result<void> shapes() {
        in_.next();
        do {
            if (file_.shapes.size() >= kMaxLines) {
                return in_.error(in_.peek().place, "too many shapes");
            }
            CUPEL_TRY(const Token size, in_.name("a size's name"));
            ShapesRule rule{.range = {.size = std::string(size.text)}, .place = size.place};
            CUPEL_DO(in_.expect("in", fmt::format("after '{}'", size.text)));
            CUPEL_TRY(rule.range.low, in_.whole_number());
            CUPEL_DO(in_.expect("..", "between the ends of the range"));
            CUPEL_TRY(rule.range.high, in_.whole_number());
            file_.shapes.push_back(std::move(rule));
        } while (in_.accept(","));
        return {};
    }

    // For whoever runs the panel: the name of a library, and a call of its.
    Result<void> baseline() {
        (void)in_.next();
        if (in_.peek().kind != TokenKind::Words)
            return in_.expected("a baseline, for example 'onednn softmax(x, y)'");
        if (file_.baselines.size() >= kMaxLines) {
            return in_.error(in_.peek().place, "too many baselines");
        }
        file_.baselines.emplace_back(in_.next().text);
        return {};
    }

    Parser& in_;
    File& file_;
};

Result<void> read_prelude(File& file, Definitions& defs) {
    const Source source(kPrelude, "prelude");
    CUPEL_TRY(const std::vector<Token> tokens, lex(source));
    Parser parser(source, tokens, file, defs);
    return FileParser(parser, file).definitions(true);
}

}  // namespace

Result<File> read_syntax(const Source& source) {
    File file;
    Definitions defs;
    file.functions = {"exp", "log", "sqrt",  "tanh", "erf", "sin",
                      "cos", "abs", "floor", "pow",  "min", "max"};
    CUPEL_DO(read_prelude(file, defs));
    CUPEL_TRY(const std::vector<Token> tokens, lex(source));
    Parser parser(source, tokens, file, defs);
    FileParser reader(parser, file);
    CUPEL_DO(reader.definitions(false));
    CUPEL_DO(reader.task());
    return file;
}

}  // namespace cupel::task
