// SPDX-License-Identifier: Apache-2.0
// From syntax to a Task: sizes, tensors, the assignments in order, and what the referee asks with.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/byte_order_mark.hpp"
#include "base/text.hpp"
#include "task/analysis.hpp"
#include "task/emit.hpp"

namespace cupel::task {
namespace {

std::string suggestion(std::string_view wrong, std::span<const std::string> names) {
    const auto near = nearest_name(wrong, names);
    return near ? fmt::format("; did you mean '{}'?", *near) : std::string();
}

class Lowering {
public:
    Lowering(const Source& source, const File& file, std::span<const Override> overrides)
        : source_(source), file_(file), overrides_(overrides), builder_(task_) {}

    Result<Task> run() {
        task_.name = file_.task;
        task_.text = source_.text();
        task_.title = title();
        task_.precision = file_.precision;
        task_.baselines = file_.baselines;
        CUPEL_DO(known_overrides());
        CUPEL_DO(sizes());
        CUPEL_DO(tensors());
        for (const Assignment& assignment : file_.assignments) {
            builder_.take_name(assignment.name);
        }
        for (const Assignment& assignment : file_.assignments)
            CUPEL_DO(assign(assignment));
        CUPEL_DO(complete());
        CUPEL_DO(values());
        CUPEL_DO(shapes());
        return std::move(task_);
    }

private:
    [[nodiscard]] std::unexpected<Error> error(Place place, std::string_view message) const {
        return source_.error(place, message);
    }
    [[nodiscard]] Surroundings around() const {
        return {source_, file_, size_table_, task_, tensors_};
    }

    // The first comment, if the file begins with one.
    [[nodiscard]] std::string title() const {
        for (const std::string& line : split(source_.text(), '\n')) {
            std::string_view rest = trim(line);
            if (rest.empty()) continue;
            if (!rest.starts_with('#')) return {};
            rest.remove_prefix(1);
            return std::string(trim(rest));
        }
        return {};
    }

    [[nodiscard]] Result<void> known_overrides() const {
        std::vector<std::string> names;
        names.reserve(file_.sizes.size());
        for (const SizeRule& size : file_.sizes)
            names.push_back(size.name);
        for (const Override& wish : overrides_) {
            if (std::ranges::find(names, wish.name) != names.end()) continue;
            return source_.error(file_.place,
                                 fmt::format("the task has no size '{}' to set{}", wish.name,
                                             suggestion(wish.name, names)),
                                 Errc::Usage);
        }
        return {};
    }

    [[nodiscard]] bool mentions_a_size(NodeId id) const {
        const Node& node = file_.node(id);
        return node.kind == NodeKind::Name ||
               std::ranges::any_of(node.kids, [&](NodeId kid) { return mentions_a_size(kid); });
    }

    Result<void> sizes() {
        for (const SizeRule& rule : file_.sizes) {
            if (size_table_.contains(rule.name)) {
                return error(rule.place, fmt::format("the size '{}' stands twice", rule.name));
            }
            const Integers integers{source_, file_, size_table_};
            Size size{.name = rule.name, .derived = mentions_a_size(rule.value)};
            const auto wish = std::ranges::find(overrides_, rule.name, &Override::name);
            if (wish != overrides_.end()) {
                if (size.derived) {
                    return source_.error(rule.place,
                                         fmt::format("'{}' follows from other sizes and cannot be "
                                                     "set",
                                                     rule.name),
                                         Errc::Usage);
                }
                size.value = wish->value;
            } else {
                CUPEL_TRY(size.value, integers.required(rule.value, "a size"));
            }
            if (size.value < 1 || size.value > kMaxInteger) {
                return error(rule.place, fmt::format("the size '{}' is {}; expected 1 .. 2^40",
                                                     rule.name, size.value));
            }
            size_table_.emplace(rule.name, size.value);
            builder_.take_name(rule.name);
            task_.sizes.push_back(std::move(size));
        }
        return {};
    }

    Result<void> tensors() {
        for (const Declaration& declaration : file_.inputs) {
            CUPEL_TRY(const TensorId id, declare(declaration, Role::Input));
            task_.inputs.push_back(id);
            tensors_.emplace(declaration.name, id);
        }
        for (const Declaration& declaration : file_.outputs) {
            CUPEL_TRY(const TensorId id, declare(declaration, Role::Output));
            task_.outputs.push_back(id);
        }
        return {};
    }

    Result<TensorId> declare(const Declaration& declaration, Role role) {
        if (size_table_.contains(declaration.name)) {
            return error(declaration.place, fmt::format("'{}' is a size", declaration.name));
        }
        if (std::ranges::find(task_.tensors, declaration.name, &Tensor::name) !=
            task_.tensors.end()) {
            return error(declaration.place,
                         fmt::format("the tensor '{}' is declared twice", declaration.name));
        }
        Tensor tensor{
            .name = declaration.name, .type = declaration.type, .shape = {}, .role = role};
        for (const NodeId extent : declaration.extents) {
            const Integers integers{source_, file_, size_table_};
            CUPEL_TRY(const std::int64_t value, integers.required(extent, "an extent"));
            if (value < 1) {
                return error(file_.node(extent).place,
                             fmt::format("the extent is {}; expected at least 1", value));
            }
            tensor.shape.push_back(value);
        }
        return add(std::move(tensor), declaration.place);
    }

    Result<TensorId> add(Tensor tensor, Place place) {
        Wide elements = 1;
        for (const std::int64_t extent : tensor.shape) {
            elements *= extent;
            if (elements > kMaxInteger) {
                return error(place, fmt::format("'{}' has more than 2^40 elements", tensor.name));
            }
        }
        return builder_.tensor(std::move(tensor));
    }

    [[nodiscard]] TensorId declared_output(std::string_view name) const {
        for (const TensorId id : task_.outputs) {
            if (task_.tensor(id).name == name) return id;
        }
        return kNone;
    }

    Result<void> assign(const Assignment& assignment) {
        if (const auto known = tensors_.find(assignment.name); known != tensors_.end()) {
            const bool input = task_.tensor(known->second).role == Role::Input;
            return error(assignment.place,
                         fmt::format("'{}' is {}", assignment.name,
                                     input ? "an input; expected an output or a new name"
                                           : "assigned twice"));
        }
        if (size_table_.contains(assignment.name)) {
            return error(assignment.place, fmt::format("'{}' is a size", assignment.name));
        }
        TensorId out = declared_output(assignment.name);
        CUPEL_TRY(const Analysis analysis, analyse(around(), assignment, out));
        if (out == kNone) {
            CUPEL_TRY(out, intermediate(assignment, analysis));
        }
        for (const auto& [id, use] : analysis.uses)
            used_.insert(use.tensor);
        CUPEL_DO(emit(around(), assignment, analysis, out, builder_));
        tensors_.emplace(assignment.name, out);
        return {};
    }

    Result<TensorId> intermediate(const Assignment& assignment, const Analysis& analysis) {
        const std::string& reducer = file_.node(assignment.value).name;
        const bool arg = file_.node(assignment.value).kind == NodeKind::Reduce &&
                         (reducer == "argmax" || reducer == "argmin");
        Tensor tensor{.name = assignment.name, .shape = {}};
        tensor.type = task_.precision == "fp64" ? Type::F64 : Type::F32;
        if (arg) tensor.type = Type::I64;
        for (std::size_t i = 0; i < analysis.left; i++) {
            tensor.shape.push_back(analysis.variables[i].extent);
        }
        return add(std::move(tensor), assignment.place);
    }

    // Every output is assigned; every input and every intermediate is used.
    [[nodiscard]] Result<void> complete() const {
        for (const Declaration& output : file_.outputs) {
            if (tensors_.contains(output.name)) continue;
            return error(output.place,
                         fmt::format("the output '{}' is never assigned", output.name));
        }
        for (const Declaration& input : file_.inputs) {
            if (used_.contains(tensors_.at(input.name))) continue;
            return error(input.place, fmt::format("the input '{}' is never used", input.name));
        }
        for (const Assignment& assignment : file_.assignments) {
            const TensorId id = tensors_.at(assignment.name);
            if (task_.tensor(id).role == Role::Output || used_.contains(id)) continue;
            return error(assignment.place, fmt::format("'{}' is never used", assignment.name));
        }
        return {};
    }

    // The smallest dimension that the input indexes by itself, 0 if none; `unpadded` if one such
    // access has no value for outside.
    [[nodiscard]] std::int64_t indexed_extent(TensorId input, bool& unpadded) const {
        std::int64_t extent = 0;
        for (const Access& access : task_.accesses) {
            for (std::size_t d = 0; d < access.at.size(); d++) {
                if (access.at[d].gather == kNone) continue;
                const Expr& expr = task_.expr(access.at[d].gather);
                if (expr.op != Op::Load || task_.access(expr.reference).tensor != input) continue;
                const std::int64_t size = task_.tensor(access.tensor).shape[d];
                extent = extent == 0 ? size : std::min(extent, size);
                unpadded = unpadded || access.outside == kNone;
            }
        }
        return extent;
    }

    Result<void> values() {
        for (const TensorId input : task_.inputs) {
            bool unpadded = false;
            Values values{.tensor = input};
            if (!is_float(task_.tensor(input).type)) {
                const std::int64_t extent = indexed_extent(input, unpadded);
                values.law = Law::Integers;
                values.b = extent > 0 ? static_cast<double>(extent) : 16;
            }
            task_.values.push_back(values);
        }
        std::set<std::string> given;
        for (const ValuesRule& rule : file_.values) {
            if (!given.insert(rule.tensor).second) {
                return error(rule.place,
                             fmt::format("the values of '{}' stand twice", rule.tensor));
            }
            CUPEL_DO(apply_values(rule));
        }
        return {};
    }

    Result<void> apply_values(const ValuesRule& rule) {
        std::vector<std::string> names;
        names.reserve(task_.inputs.size());
        for (const TensorId input : task_.inputs)
            names.push_back(task_.tensor(input).name);
        const auto found = std::ranges::find(names, rule.tensor);
        if (found == names.end()) {
            return error(rule.place, fmt::format("the task has no input '{}'{}", rule.tensor,
                                                 suggestion(rule.tensor, names)));
        }
        Values& values = task_.values[static_cast<std::size_t>(found - names.begin())];
        if (!std::isfinite(rule.a) || !std::isfinite(rule.b)) {
            return error(rule.place, "expected finite numbers in the law");
        }
        if (rule.law == Law::Normal ? rule.b <= 0 : rule.a >= rule.b) {
            return error(rule.place, rule.law == Law::Normal
                                         ? "expected a standard deviation above 0"
                                         : "expected low < high");
        }
        const bool whole = std::floor(rule.a) == rule.a && std::floor(rule.b) == rule.b;
        if (rule.law == Law::Integers &&
            (!whole || std::abs(rule.a) > 0x1p53 || std::abs(rule.b) > 0x1p53)) {
            return error(rule.place, "expected whole numbers up to 2^53 in integers(low, high)");
        }
        if (!is_float(task_.tensor(values.tensor).type) && rule.law != Law::Integers) {
            return error(rule.place, fmt::format("'{}' has an integer type; expected integers(low, "
                                                 "high)",
                                                 rule.tensor));
        }
        bool unpadded = false;
        const std::int64_t extent = indexed_extent(values.tensor, unpadded);
        if (unpadded && (rule.a < 0 || rule.b > static_cast<double>(extent))) {
            return error(rule.place,
                         fmt::format("'{}' is an index into {} elements; expected values "
                                     "within integers(0, {})",
                                     rule.tensor, extent, extent));
        }
        values = {.tensor = values.tensor, .law = rule.law, .a = rule.a, .b = rule.b};
        return {};
    }

    Result<void> shapes() {
        std::vector<std::string> names;
        names.reserve(task_.sizes.size());
        for (const Size& size : task_.sizes)
            names.push_back(size.name);
        std::set<std::string> given;
        for (const ShapesRule& rule : file_.shapes) {
            const std::string& name = rule.range.size;
            const auto size = std::ranges::find(task_.sizes, name, &Size::name);
            if (size == task_.sizes.end()) {
                return error(rule.place,
                             fmt::format("unknown size '{}'{}", name, suggestion(name, names)));
            }
            if (size->derived) {
                return error(rule.place, fmt::format("'{}' follows from other sizes", name));
            }
            if (!given.insert(name).second) {
                return error(rule.place, fmt::format("the range of '{}' stands twice", name));
            }
            if (rule.range.low < 1 || rule.range.low > rule.range.high ||
                rule.range.high > kMaxInteger) {
                return error(rule.place,
                             "expected a range low..high with 1 <= low <= high <= 2^40");
            }
            task_.shapes.push_back(rule.range);
        }
        return {};
    }

    const Source& source_;
    const File& file_;
    std::span<const Override> overrides_;
    Task task_;
    Builder builder_;
    SizeTable size_table_;
    std::map<std::string, TensorId, std::less<>> tensors_;  // that may be read
    std::set<TensorId> used_;
};

}  // namespace

Result<Task> parse(std::string_view text, std::string_view file,
                   std::span<const Override> overrides) {
    const Source source(without_mark(text), file);
    CUPEL_TRY(const File syntax, read_syntax(source));
    return Lowering(source, syntax, overrides).run();
}

}  // namespace cupel::task
