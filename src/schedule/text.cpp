// SPDX-License-Identifier: Apache-2.0
#include "schedule/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

namespace cupel::schedule {

using task::Access;
using task::AxisId;
using task::Index;
using task::kNone;
using task::Task;
using task::TensorId;
using task::Type;

bool is_short(Type type) {
    return type == Type::F16 || type == Type::BF16;
}

Type real_type(const Task& task) {
    const auto wide = [](const task::Tensor& tensor) { return tensor.type == Type::F64; };
    const bool f64 = task.precision == "fp64" || std::ranges::any_of(task.tensors, wide);
    return f64 ? Type::F64 : Type::F32;
}

std::string_view real_name(const Task& task) {
    return element_name(real_type(task));
}

std::string_view element_name(Type type) {
    switch (type) {
        case Type::F64:
            return "double";
        case Type::F32:
            return "float";
        case Type::F16:
            return "_Float16";
        case Type::BF16:
            return "bfloat16";  // of task.hpp
        case Type::I64:
            return "std::int64_t";
        case Type::I32:
            return "std::int32_t";
        case Type::I8:
            return "std::int8_t";
    }
    return "float";
}

std::string number(double value, Type real) {
    if (std::isnan(value)) return "NAN";
    if (std::isinf(value)) return value < 0 ? "-INFINITY" : "INFINITY";
    const auto rounded = static_cast<float>(value);
    const bool narrow = real == Type::F32 && std::isfinite(rounded);
    std::string text = narrow ? fmt::format("{}", rounded) : fmt::format("{}", value);
    if (text.find_first_of(".e") == std::string::npos) text += ".0";
    return narrow ? text + "f" : text;
}

std::string identity(task::Reducer how, Type real) {
    switch (how) {
        case task::Reducer::Max:
        case task::Reducer::ArgMax:
            return "-INFINITY";
        case task::Reducer::Min:
        case task::Reducer::ArgMin:
            return "INFINITY";
        case task::Reducer::Prod:
            return number(1, real);
        case task::Reducer::Sum:
        case task::Reducer::None:
            break;
    }
    return number(0, real);
}

// ---- Names

namespace {

// Of the headers that kernels include, and of our own preludes. Words and macros of C++ are no
// names in a task.
constexpr std::string_view kTaken =
    " kernel main std vec ivec W U load store splat iota stream load_some store_some vmax"
    " vmin vabs vfloor vsqrt vexp vlog vtanh verf vsin vcos vpow acc tail reduce_add"
    " reduce_max reduce_min reduce_mul fence aligned verf1 transpose last first_of load_even"
    " load_bf16 store_bf16 load_f16 store_f16 scan_add vsign omp_get_thread_num load_inside"
    " load_even_inside shifted ";

}  // namespace

Names::Names(const Task& task) {
    for (const auto& size : task.sizes)
        taken_.push_back(size.name);
    for (const auto& tensor : task.tensors)
        tensors_.push_back(fresh(tensor.name));
    const std::vector<std::string> global = taken_;
    for (const auto& axis : task.axes) {
        const auto named = [&](const task::Axis& other) { return other.name == axis.name; };
        const auto earlier = std::ranges::find_if(task.axes, named);
        const auto position = static_cast<std::size_t>(earlier - task.axes.begin());
        axes_.push_back(position < axes_.size() ? axes_[position] : fresh(axis.name));
    }
}

const std::string& Names::tensor(TensorId id) const {
    return tensors_[static_cast<std::size_t>(id)];
}
const std::string& Names::axis(AxisId id) const {
    return axes_[static_cast<std::size_t>(id)];
}

std::string Names::fresh(std::string wish) {
    std::string name = wish;
    const auto taken = [&] {
        return std::ranges::find(taken_, name) != taken_.end() || kTaken.contains(" " + name + " ");
    };
    for (int k = 2; taken(); ++k)
        name = fmt::format("{}{}", wish, k);
    taken_.push_back(name);
    return name;
}

std::string extent(const Task& task, std::int64_t value, std::string_view axis_name) {
    const task::Size* found = nullptr;
    for (const auto& size : task.sizes) {
        if (size.value != value || value < 2) continue;
        const bool same = size.name.size() == axis_name.size() &&
                          std::ranges::equal(size.name, axis_name, [](char a, char b) {
                              return std::tolower(static_cast<unsigned char>(a)) ==
                                     std::tolower(static_cast<unsigned char>(b));
                          });
        if (same) return size.name;
        if (found == nullptr) found = &size;
    }
    return found != nullptr ? found->name : fmt::format("{}", value);
}

namespace {

// The name of a size that the source declares for a dimension: K for dimension 1 of `a: f32[M,K]`.
std::string declared(const Task& task, TensorId id, std::size_t dimension) {
    const task::Tensor& tensor = task.tensor(id);
    if (tensor.role == task::Role::Intermediate) return {};
    const std::string opening = fmt::format("{}: {}[", tensor.name, task::type_name(tensor.type));
    std::size_t from = task.text.find(opening);
    if (from == std::string::npos) return {};
    from += opening.size();
    const std::size_t end = std::min(task.text.find(']', from), task.text.size());
    for (std::size_t d = 0; d < dimension && from < end; ++d)
        from = task.text.find(',', from) + 1;
    if (from == 0 || from >= end) return {};
    const std::size_t to = std::min(task.text.find_first_of(",]", from), end);
    std::string name;
    for (const char c : task.text.substr(from, to - from)) {
        if (c != ' ' && c != '\n') name += c;
    }
    const auto same = [&](const task::Size& size) {
        return size.name == name && size.value == tensor.shape[dimension];
    };
    return std::ranges::any_of(task.sizes, same) ? name : std::string();
}

std::string declared(const Task& task, AxisId axis) {
    const auto whole = [&](TensorId id, std::size_t d) {
        return task.tensor(id).shape[d] == task.axis(axis).extent ? declared(task, id, d)
                                                                  : std::string();
    };
    for (const task::Stage& stage : task.stages) {
        for (std::size_t d = 0; d < stage.keep.size(); ++d) {
            if (stage.keep[d] != axis) continue;
            if (std::string name = whole(stage.out, d); !name.empty()) return name;
        }
    }
    for (const Access& access : task.accesses) {
        for (std::size_t d = 0; d < access.at.size(); ++d) {
            if (access.at[d].gather != kNone || access.at[d].plain_axis() != axis) continue;
            if (std::string name = whole(access.tensor, d); !name.empty()) return name;
        }
    }
    // What an earlier stage keeps: sum[k](e[b,k]) runs over the n of e[b,n].
    for (const Access& access : task.accesses) {
        const task::Stage* const producer = task.producer(access.tensor);
        for (std::size_t d = 0; producer != nullptr && d < access.at.size(); ++d) {
            const AxisId kept = producer->keep[d];
            if (access.at[d].gather != kNone || access.at[d].plain_axis() != axis || kept == axis ||
                task.axis(kept).extent != task.axis(axis).extent)
                continue;
            if (std::string name = declared(task, kept); !name.empty()) return name;
        }
    }
    return {};
}

}  // namespace

std::string extent(const Task& task, AxisId axis) {
    const std::string name = declared(task, axis);
    return name.empty() ? extent(task, task.axis(axis).extent, task.axis(axis).name) : name;
}

std::string extent(const Task& task, TensorId tensor, std::size_t dimension) {
    std::string name = declared(task, tensor, dimension);
    if (!name.empty()) return name;
    const task::Stage* const stage = task.producer(tensor);
    if (stage != nullptr) return extent(task, stage->keep[dimension]);
    return extent(task, task.tensor(tensor).shape[dimension]);
}

bool varies(const Task& task, AxisId axis) {
    return std::ranges::find(task.shapes, extent(task, axis), &task::ShapeRange::size) !=
           task.shapes.end();
}

// ---- Positions

namespace {

bool is_sum(const std::string& text) {
    return text.find_first_of("+-", 1) != std::string::npos ||
           text.find_first_of("?<=&|") != std::string::npos;
}

}  // namespace

std::string affine(const Index& index, const AxisName& axis) {
    std::string text;
    for (const auto& term : index.terms) {
        const auto size = term.coefficient < 0 ? -term.coefficient : term.coefficient;
        if (!text.empty()) {
            text += term.coefficient < 0 ? " - " : " + ";
        } else if (term.coefficient < 0) {
            text += "-";
        }
        const std::string name = axis(term.axis);
        if (size == 1) {
            text += name;
        } else {
            text += fmt::format("{} * {}", size, is_sum(name) ? "(" + name + ")" : name);
        }
    }
    if (text.empty()) return fmt::format("{}", index.offset);
    if (index.offset > 0) text += fmt::format(" + {}", index.offset);
    if (index.offset < 0) text += fmt::format(" - {}", -index.offset);
    return text;
}

namespace {

std::string index_text(const Task& task, const Index& index, const Leaves& leaves) {
    if (index.gather != kNone) return integer(task, index.gather, leaves);
    std::string text = affine(index, leaves.axis);
    if (index.divisor != 1) {
        text = is_sum(text) ? fmt::format("({}) / {}", text, index.divisor)
                            : fmt::format("{} / {}", text, index.divisor);
    }
    return text;
}

struct Range {
    std::int64_t low;
    std::int64_t high;  // last, not one past it
};
Range range(const Task& task, const Index& index) {
    Range at{index.offset, index.offset};
    for (const auto& term : index.terms) {
        const std::int64_t last = task.axis(term.axis).extent - 1;
        (term.coefficient > 0 ? at.high : at.low) += term.coefficient * last;
    }
    return at;
}

void add_condition(std::string& text, const std::string& condition) {
    if (!text.empty()) text += " && ";
    text += condition;
}

}  // namespace

std::string position(const Task& task, const Access& access, const Leaves& leaves,
                     std::size_t first) {
    std::string text;
    for (std::size_t d = first; d < access.at.size(); ++d) {
        const std::string here = index_text(task, access.at[d], leaves);
        if (d == first || text == "0") {
            text = here;
            continue;
        }
        if (is_sum(text)) text = fmt::format("({})", text);
        text += " * " + extent(task, access.tensor, d);
        if (here != "0") text += (here.starts_with('-') ? " + (" + here + ")" : " + " + here);
    }
    return text.empty() ? "0" : text;
}

std::string inside(const Task& task, const Access& access, const Leaves& leaves,
                   task::AxisId sure) {
    std::string text;
    if (access.outside == kNone) return text;
    const auto& shape = task.tensor(access.tensor).shape;
    for (std::size_t d = 0; d < access.at.size(); ++d) {
        const Index& index = access.at[d];
        const auto moves = [&](const Index::Term& term) { return term.axis == sure; };
        if (sure != kNone && std::ranges::any_of(index.terms, moves)) continue;
        const bool gathers = index.gather != kNone;
        const std::string sum =
            gathers ? integer(task, index.gather, leaves) : affine(index, leaves.axis);
        const std::string whole = is_sum(sum) && index.divisor != 1 ? "(" + sum + ")" : sum;
        const Range at = gathers ? Range{-1, shape[d]} : range(task, index);
        if (at.low < 0) add_condition(text, sum + " >= 0");
        if (index.divisor != 1) {
            add_condition(text, fmt::format("{} % {} == 0", whole, index.divisor));
        }
        if (at.high / index.divisor >= shape[d]) {
            const std::string bound = extent(task, access.tensor, d);
            add_condition(text, index.divisor == 1
                                    ? fmt::format("{} < {}", sum, bound)
                                    : fmt::format("{} / {} < {}", whole, index.divisor, bound));
        }
    }
    return text;
}

std::string element(const Task& task, const Access& access, const std::string& tensor_name,
                    const Leaves& leaves) {
    std::string text = fmt::format("{}[{}]", tensor_name, position(task, access, leaves));
    const std::string condition = inside(task, access, leaves);
    if (condition.empty()) return text;
    // Of two types that turn into each other a choice is ambiguous.
    if (is_short(task.tensor(access.tensor).type)) text = "float(" + text + ")";
    return fmt::format("({} ? {} : {})", condition, text, scalar(task, access.outside, leaves));
}

std::string signature(const Task& task, const Names& names) {
    std::string text;
    const auto parameter = [&](TensorId id, std::string_view qualifier) {
        if (!text.empty()) text += ", ";
        text += fmt::format("{}{}* {}", qualifier, element_name(task.tensor(id).type),
                            names.tensor(id));
    };
    for (const TensorId id : task.inputs)
        parameter(id, "const ");
    for (const TensorId id : task.outputs)
        parameter(id, "");
    return "extern \"C\" void kernel(" + text + ")";
}

// ---- Writer

void Writer::line(std::string_view text) {
    if (!text.empty() && !text.starts_with('#'))
        text_.append(static_cast<std::size_t>(depth_) * 2, ' ');
    text_ += text;
    text_ += '\n';
}
void Writer::lines(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        line(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}
void Writer::open(std::string_view text) {
    line(text.empty() ? std::string("{") : std::string(text) + " {");
    ++depth_;
}
void Writer::close(std::string_view after) {
    --depth_;
    line("}" + std::string(after));
}
void Writer::otherwise() {
    --depth_;
    open("} else");
}

}  // namespace cupel::schedule
