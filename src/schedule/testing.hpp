// SPDX-License-Identifier: Apache-2.0
// For tests: printed text compiled by g++ and loaded, and the right answers of any task by plain
// loops in double over its normal form.
#pragma once

#include <dlfcn.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "task/task.hpp"

namespace cupel::schedule::testing {

// One translation unit, compiled and loaded. Many kernels share one: a compiler needs longer to
// start and to read the standard headers than for a kernel.
class Library {
public:
    Library(const std::string& source, const std::string& flags) {
        std::string name =
            (std::filesystem::temp_directory_path() / "cupel-kernel-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) {
            ADD_FAILURE() << "no folder for a kernel at " << name;
            return;
        }
        folder_ = name;
        std::ofstream(folder_ / "k.cpp") << source;
        const std::string command = fmt::format(
            "g++ -std=c++23 {1} -ffp-contract=fast -fno-math-errno -fno-trapping-math -fopenmp "
            "-shared -fPIC -w -o {0}/k.so {0}/k.cpp 2>&1",
            folder_.string(), flags);
        FILE* const pipe = popen(command.c_str(), "r");
        std::string said;
        for (int c = 0; pipe != nullptr && (c = std::fgetc(pipe)) != EOF;)
            said += static_cast<char>(c);
        if (pipe == nullptr || pclose(pipe) != 0) {
            ADD_FAILURE() << said.substr(0, 2000);
            return;
        }
        compiled_ = true;
    }
    ~Library() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;

    [[nodiscard]] bool compiled() const { return compiled_; }
    [[nodiscard]] void* find(const std::string& symbol) {
        if (compiled_ && handle_ == nullptr)
            handle_ = dlopen((folder_ / "k.so").c_str(), RTLD_NOW | RTLD_LOCAL);
        return handle_ == nullptr ? nullptr : dlsym(handle_, symbol.c_str());
    }

private:
    std::filesystem::path folder_;
    void* handle_ = nullptr;  // stays loaded: OpenMP's threads may still be in it
    bool compiled_ = false;
};

// Kernels beside each other in one translation unit, each in a namespace of its own, as kernel0,
// kernel1, ...
class Unit {
public:
    void add(const task::Task& task, std::string text) {
        text_ += fmt::format("#define kernel kernel{0}\nnamespace n{0} {{\n", count_++);
        for (const task::Size& size : task.sizes)
            text_ += fmt::format("inline constexpr std::int64_t {} = {};\n", size.name, size.value);
        for (std::size_t at = 0; (at = text.find("#include")) != std::string::npos;)
            text.erase(at, text.find('\n', at) - at);
        text_ += text + "}\n#undef kernel\n";
    }
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] std::string text() const {
        return "#include <algorithm>\n#include <bit>\n#include <cmath>\n#include <cstdint>\n"
               "#include <omp.h>\n#include <immintrin.h>\n" +
               std::string(kBfloat16) + text_;
    }

private:
    // As task.hpp has it.
    static constexpr const char* kBfloat16 =
        "struct bfloat16 {\n"
        "  std::uint16_t bits;\n"
        "  operator float() const { return std::bit_cast<float>(std::uint32_t{bits} << 16); }\n"
        "  bfloat16& operator=(float value) {\n"
        "    const auto whole = std::bit_cast<std::uint32_t>(value);\n"
        "    bits = std::uint16_t((whole + 0x7fffU + (whole >> 16 & 1U)) >> 16);\n"
        "    return *this;\n"
        "  }\n"
        "};\n";

    std::string text_;
    std::size_t count_ = 0;
};

// The right answers: every stage by plain loops in double, over all its axes.
class Truth {
public:
    Truth(const task::Task& task, const std::vector<std::vector<double>>& inputs) : task_(task) {
        values_.resize(task.tensors.size());
        for (std::size_t i = 0; i < task.inputs.size(); ++i)
            values_[at(task.inputs[i])] = inputs[i];
        where_.resize(task.axes.size());
        for (const task::Stage& stage : task.stages)
            run(stage);
    }
    [[nodiscard]] const std::vector<double>& of(task::TensorId id) const { return values_[at(id)]; }

private:
    static std::size_t at(int id) { return static_cast<std::size_t>(id); }

    struct Fold {
        double value = 0;
        double position = 0;
    };
    static Fold identity(task::Reducer how) {
        const double infinity = std::numeric_limits<double>::infinity();
        if (how == task::Reducer::Max || how == task::Reducer::ArgMax) return {-infinity, 0};
        if (how == task::Reducer::Min || how == task::Reducer::ArgMin) return {infinity, 0};
        return {how == task::Reducer::Prod ? 1.0 : 0.0, 0};
    }
    static void step(task::Reducer how, Fold& fold, double value, double position) {
        const bool up = how == task::Reducer::Max || how == task::Reducer::ArgMax;
        if (how == task::Reducer::Sum || how == task::Reducer::None) {
            fold.value += value;
        } else if (how == task::Reducer::Prod) {
            fold.value *= value;
        } else if (up ? value > fold.value : value < fold.value) {
            fold = {value, position};
        }
    }
    void run(const task::Stage& stage) {
        auto& out = values_[at(stage.out)];
        each(stage.keep, 0, [&] {
            Fold fold = identity(stage.how);
            double position = 0;
            each(stage.reduce, 0, [&] {
                if (allowed(stage)) step(stage.how, fold, value(stage.body), position);
                ++position;
            });
            const bool arg =
                stage.how == task::Reducer::ArgMax || stage.how == task::Reducer::ArgMin;
            out.push_back(arg ? fold.position : fold.value);
        });
    }
    template <class Do>
    void each(const std::vector<task::AxisId>& axes, std::size_t depth, const Do& act) {
        if (depth == axes.size()) return act();
        auto& here = where_[at(axes[depth])];
        for (here = 0; here < task_.axis(axes[depth]).extent; ++here)
            each(axes, depth + 1, act);
    }
    [[nodiscard]] std::int64_t whole(const task::Index& index) const {
        std::int64_t sum = index.offset;
        for (const auto& term : index.terms)
            sum += term.coefficient * where_[at(term.axis)];
        if (index.gather != task::kNone) sum += static_cast<std::int64_t>(value(index.gather));
        return sum;
    }
    [[nodiscard]] bool allowed(const task::Stage& stage) const {
        return std::ranges::all_of(stage.where, [&](const task::Bound& bound) {
            const std::int64_t here = where_[at(bound.axis)];
            return (!bound.low || here >= whole(*bound.low)) &&
                   (!bound.high || here < whole(*bound.high));
        });
    }
    [[nodiscard]] double load(const task::Access& access) const {
        std::int64_t position = 0;
        for (std::size_t d = 0; d < access.at.size(); ++d) {
            const std::int64_t size = task_.tensor(access.tensor).shape[d];
            const std::int64_t sum = whole(access.at[d]);
            const std::int64_t divisor = access.at[d].divisor;
            if (sum < 0 || sum % divisor != 0 || sum / divisor >= size)
                return value(access.outside);
            position = position * size + sum / divisor;
        }
        return values_[at(access.tensor)][static_cast<std::size_t>(position)];
    }
    [[nodiscard]] double value(task::ExprId id) const {
        const task::Expr& expr = task_.expr(id);
        using task::Op;
        if (expr.op == Op::Const) return expr.number;
        if (expr.op == Op::Axis) return static_cast<double>(where_[at(expr.reference)]);
        if (expr.op == Op::Load) return load(task_.access(expr.reference));
        if (expr.op == Op::Select) return value(expr.kid[value(expr.kid[0]) != 0 ? 1 : 2]);
        const double a = value(expr.kid[0]);
        return task::operands(expr.op) == 1 ? of_one(expr.op, a)
                                            : of_two(expr.op, a, value(expr.kid[1]));
    }
    static double of_one(task::Op op, double a) {
        using task::Op;
        if (op == Op::Neg) return -a;
        if (op == Op::Not) return a == 0 ? 1 : 0;
        if (op == Op::Abs) return std::abs(a);
        if (op == Op::Exp) return std::exp(a);
        if (op == Op::Log) return std::log(a);
        if (op == Op::Sqrt) return std::sqrt(a);
        if (op == Op::Tanh) return std::tanh(a);
        if (op == Op::Erf) return std::erf(a);
        if (op == Op::Sin) return std::sin(a);
        if (op == Op::Cos) return std::cos(a);
        if (op == Op::Floor) return std::floor(a);
        ADD_FAILURE() << "no truth for " << task::op_name(op);
        return 0;
    }
    static double of_two(task::Op op, double a, double b) {
        using task::Op;
        if (op == Op::Add) return a + b;
        if (op == Op::Sub) return a - b;
        if (op == Op::Mul) return a * b;
        if (op == Op::Div) return a / b;
        if (op == Op::Min) return std::min(a, b);
        if (op == Op::Max) return std::max(a, b);
        if (op == Op::Pow) return std::pow(a, b);
        const auto truth = [](bool holds) { return holds ? 1.0 : 0.0; };
        if (op == Op::Less) return truth(a < b);
        if (op == Op::LessEqual) return truth(a <= b);
        if (op == Op::Equal) return truth(a == b);
        if (op == Op::NotEqual) return truth(a != b);
        if (op == Op::And) return truth(a != 0 && b != 0);
        if (op == Op::Or) return truth(a != 0 || b != 0);
        ADD_FAILURE() << "no truth for " << task::op_name(op);
        return 0;
    }

    const task::Task& task_;
    std::vector<std::vector<double>> values_;
    std::vector<std::int64_t> where_;
};

}  // namespace cupel::schedule::testing
