// SPDX-License-Identifier: Apache-2.0
#include "device/scope.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "schedule/ids.hpp"

namespace cupel::device {

using schedule::Leaves;
using task::AxisId;
using task::kNone;
using task::Stage;
using task::Type;

std::string_view device_type(Type type) {
    switch (type) {
        case Type::F64:
            return "double";
        case Type::F32:
            return "float";
        case Type::F16:
            return "__half";
        case Type::BF16:
            return "__nv_bfloat16";
        case Type::I64:
            return "long long";
        case Type::I32:
            return "int";
        case Type::I8:
            return "signed char";
    }
    return "float";
}

std::string product_text(const std::vector<std::string>& factors) {
    std::string text;
    for (const std::string& one : factors) {
        if (one == "1") continue;
        text += (text.empty() ? "" : " * ") + one;
    }
    return text.empty() ? "1" : text;
}

std::string bracketed(const std::string& text) {
    return text.find(' ') == std::string::npos ? text : "(" + text + ")";
}

std::string Scope::local(const std::string& wish) {
    std::string& name = locals_[wish];
    if (name.empty()) name = names.fresh(wish);
    return name;
}

std::string Scope::extent(AxisId axis) const {
    return schedule::extent(task(), axis);
}

std::string Scope::size_of(const std::vector<AxisId>& axes_of) const {
    std::vector<std::string> factors;
    factors.reserve(axes_of.size());
    for (const AxisId axis : axes_of)
        factors.push_back(extent(axis));
    return product_text(factors);
}

Leaves Scope::leaves() const {
    Leaves leaves;
    leaves.axis = [this](AxisId id) { return axes.at(id); };
    leaves.load = [this](int id) { return load(id); };
    leaves.constant = [this](double value) {
        const auto found = generic.constants.find(value);
        return found == generic.constants.end() ? std::string() : found->second;
    };
    leaves.device = true;
    return leaves;
}

std::string Scope::load(int id) const {
    if (const auto fetched = taken.find(id); fetched != taken.end()) return fetched->second;
    const task::Access& access = task().access(id);
    if (const auto value = values.find(access.tensor); value != values.end()) return value->second;
    const std::string& name = names.tensor(access.tensor);
    const auto row = rows.find(access.tensor);
    if (row == rows.end()) return schedule::element(task(), access, name, leaves());
    const std::string text =
        fmt::format("{}[{}]", name, schedule::position(task(), access, leaves(), row->second));
    const std::string test = schedule::inside(task(), access, leaves());
    return test.empty() ? text : fmt::format("({} ? {} : {})", test, text, real(access.outside));
}

std::string Scope::element_of(const Stage& stage) const {
    task::Access access{.tensor = stage.out, .at = {}, .outside = kNone};
    for (const AxisId axis : stage.keep)
        access.at.push_back({.terms = {{axis, 1}}});
    const auto row = rows.find(stage.out);
    const std::size_t first = row == rows.end() ? 0 : row->second;
    return fmt::format("{}[{}]", names.tensor(stage.out),
                       schedule::position(task(), access, leaves(), first));
}

std::string Scope::real(task::ExprId id) const {
    return schedule::scalar(task(), id, leaves());
}
std::string Scope::whole(task::ExprId id) const {
    return schedule::integer(task(), id, leaves());
}
std::string Scope::truth(task::ExprId id) const {
    return schedule::condition(task(), id, leaves());
}

std::string Scope::value_of(const Stage& stage) const {
    const Type type = task().tensor(stage.out).type;
    if (task::is_float(type)) return real(stage.body);
    if (type == Type::I64) return whole(stage.body);
    return fmt::format("static_cast<{}>({})", device_type(type), whole(stage.body));
}

void Scope::name_positions(const std::vector<AxisId>& axes_of, const std::string& flat,
                           std::string_view type, schedule::Writer& out) {
    if (axes_of.size() == 1) axes[axes_of[0]] = flat;
    if (axes_of.size() < 2) return;
    std::string line;
    std::vector<std::string> inner;
    for (std::size_t i = axes_of.size(); i-- > 0;) {
        const std::string& name = names.axis(axes_of[i]);
        std::string value = flat;
        if (!inner.empty()) {
            const std::string below = product_text(inner);
            value += inner.size() > 1 ? fmt::format(" / ({})", below) : " / " + below;
        }
        if (i > 0) value += " % " + extent(axes_of[i]);
        line += fmt::format("{}{} = {}", line.empty() ? "" : ", ", name, value);
        axes[axes_of[i]] = name;
        inner.insert(inner.begin(), extent(axes_of[i]));
    }
    out.line(fmt::format("const {} {};", type, line));
}

namespace {

// min() and max() of CUDA want two of one type: sizes and positions are long long.
std::string wide(const std::string& text) {
    const bool number = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    return number ? text + "LL" : text;
}

}  // namespace

std::string Scope::low_of(const Stage& stage, AxisId axis) const {
    std::string low = "0";
    for (const task::Bound& bound : stage.where) {
        if (bound.axis != axis || !bound.low) continue;
        low = fmt::format("max({}, {})", wide(low),
                          wide(schedule::affine(*bound.low, leaves().axis)));
    }
    return low;
}

std::string Scope::high_of(const Stage& stage, AxisId axis) const {
    std::string high = extent(axis);
    for (const task::Bound& bound : stage.where) {
        if (bound.axis != axis || !bound.high) continue;
        high = fmt::format("min({}, {})", wide(high),
                           wide(schedule::affine(*bound.high, leaves().axis)));
    }
    return high;
}

}  // namespace cupel::device
