// SPDX-License-Identifier: Apache-2.0
#include "engineer/memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace cupel::engineer {
namespace {

std::string_view reducer_name(task::Reducer how) {
    using task::Reducer;
    switch (how) {
        case Reducer::None:
            return "map";
        case Reducer::Sum:
            return "sum";
        case Reducer::Prod:
            return "prod";
        case Reducer::Max:
            return "max";
        case Reducer::Min:
            return "min";
        case Reducer::ArgMax:
            return "argmax";
        case Reducer::ArgMin:
            break;
    }
    return "argmin";
}

// Operators of an expression, to a depth at which tasks that differ in a constant are still alike.
void add_operators(const task::Task& task, task::ExprId id, const std::string& above,
                   std::set<std::string>& into) {
    const task::Expr& expr = task.expr(id);
    const std::string here = fmt::format("{} {}", above, task::op_name(expr.op));
    into.insert(here);
    for (int i = 0; i < task::operands(expr.op); ++i)
        add_operators(task, expr.kid[i], fmt::format("in {}", task::op_name(expr.op)), into);
}

// How a stage walks over what it reads.
void add_accesses(const task::Task& task, const task::Stage& stage, task::ExprId id,
                  std::set<std::string>& into) {
    const task::Expr& expr = task.expr(id);
    if (expr.op == task::Op::Load) {
        const task::Access& access = task.access(expr.reference);
        std::string walk = fmt::format("{} reads", reducer_name(stage.how));
        for (const task::Index& index : access.at) {
            const task::AxisId axis = index.plain_axis();
            const bool reduced = std::ranges::find(stage.reduce, axis) != stage.reduce.end();
            walk += index.gather != task::kNone ? " gathered"
                    : axis == task::kNone       ? " shifted"
                    : reduced                   ? " reduced"
                                                : " kept";
        }
        if (access.outside != task::kNone) walk += " padded";
        into.insert(walk);
        const task::Stage* feeder = task.producer(access.tensor);
        if (feeder != nullptr) {
            into.insert(
                fmt::format("{} fed by {}", reducer_name(stage.how), reducer_name(feeder->how)));
        }
    }
    for (int i = 0; i < task::operands(expr.op); ++i)
        add_accesses(task, stage, expr.kid[i], into);
}

struct LawRule {
    int law;
    std::string_view rule;
};
constexpr std::array kLawRules = {
    LawRule{2, "You cannot keep answers from one question for the next: each has fresh values."},
    LawRule{6, "You cannot leave a thread or any other work running behind an answer."},
    LawRule{7, "You cannot write outside the answer, nor change an input."},
    LawRule{8,
            "You cannot compute in lower precision, or with an approximation that honest fp32 "
            "code does not need."},
    LawRule{14, "You cannot make system calls, open files or start processes."},
};
constexpr std::string_view kCrash =
    "You cannot read or write beyond the end of a tensor, where sizes are no multiple of a tile.";
constexpr std::string_view kHang = "You cannot wait for anything: a kernel only computes.";
constexpr std::string_view kOther =
    "You cannot rely on the sizes of the task: the kernel is tried at others that it allows.";

}  // namespace

std::vector<std::string> features_of(const task::Task& task) {
    std::set<std::string> features;
    features.insert(fmt::format("{} inputs", task.inputs.size()));
    features.insert("in " + task.precision);
    for (const task::Stage& stage : task.stages) {
        const std::string_view how = reducer_name(stage.how);
        features.insert(fmt::format("{} over {} of {}", how, stage.reduce.size(),
                                    stage.keep.size() + stage.reduce.size()));
        if (!stage.where.empty()) features.insert(fmt::format("{} restricted", how));
        add_operators(task, stage.body, std::string(how) + " of", features);
        add_accesses(task, stage, stage.body, features);
    }
    return {features.begin(), features.end()};
}

double likeness(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    if (a.empty() || b.empty()) return 0;
    std::vector<std::string> both;
    std::ranges::set_intersection(a, b, std::back_inserter(both));
    const std::size_t either = a.size() + b.size() - both.size();
    return static_cast<double>(both.size()) / static_cast<double>(either);
}

std::optional<std::string> rule_of(const verdict::Verdict& verdict) {
    using verdict::Status;
    if (verdict.reason.find(verdict::kOtherSizes) != std::string::npos) return std::string(kOther);
    if (verdict.status == Status::Crashed) return std::string(kCrash);
    if (verdict.status == Status::TimedOut) return std::string(kHang);
    if (verdict.status != Status::Cheating) return std::nullopt;
    const auto* const found = std::ranges::find(kLawRules, verdict.law.value_or(0), &LawRule::law);
    if (found == kLawRules.end()) return std::nullopt;
    return std::string(found->rule);
}

std::string plain_words(std::string_view text) {
    constexpr std::size_t kMost = 200;  // bytes
    constexpr std::string_view kMarks = ".,+-*/%()_=";
    std::string line;
    for (const char c : text.substr(0, text.find('\n'))) {
        const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                           kMarks.find(c) != std::string_view::npos;
        if (plain) {
            line += c;
        } else if (!line.empty() && line.back() != ' ') {
            line += ' ';
        }
        if (line.size() == kMost) break;
    }
    while (line.ends_with(' '))
        line.pop_back();
    return line;
}

bool is_rule(std::string_view text) {
    return text == kCrash || text == kHang || text == kOther ||
           std::ranges::find(kLawRules, text, &LawRule::rule) != kLawRules.end();
}

}  // namespace cupel::engineer
