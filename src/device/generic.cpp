// SPDX-License-Identifier: Apache-2.0
#include "device/generic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <vector>

namespace cupel::device {
namespace {

using task::Task;

// Larger than what formulas write as numbers, small enough for four of them in one tensor.
constexpr auto kPrimes = std::to_array<std::int64_t>(
    {53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149});
constexpr std::int64_t kSmallest = 29;
constexpr int kDraws = 200;
constexpr std::size_t kMostFactors = 4;

bool tells_sizes_apart(const Task& task) {
    std::set<std::int64_t> values;
    return std::ranges::all_of(task.sizes, [&](const task::Size& size) {
        return size.value >= kSmallest && values.insert(size.value).second;
    });
}

// One after the other, so that two of them differ throughout.
std::vector<Task> at_primes(const Task& task, std::size_t wanted) {
    std::vector<Task> found;
    std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same primes every time
    for (int draw = 0; draw < kDraws && found.size() < wanted; draw++) {
        std::vector<std::int64_t> primes(kPrimes.begin(), kPrimes.end());
        std::ranges::shuffle(primes, random);
        std::vector<task::Override> sizes;
        for (const task::Size& size : task.sizes) {
            if (size.derived) continue;
            sizes.push_back({.name = size.name, .value = primes.back()});
            primes.pop_back();
            if (primes.empty()) return found;
        }
        auto drawn = task::parse(task.text, task.name, sizes);
        if (drawn && tells_sizes_apart(*drawn)) found.push_back(*std::move(drawn));
    }
    return found;
}

std::int64_t value_of(const Task& task, std::string_view name) {
    return std::ranges::find(task.sizes, name, &task::Size::name)->value;
}

// A product of some of these sizes with the value here, and the other value there.
std::optional<std::string> as_product(std::span<const task::Size> sizes, const Task& there,
                                      double value, double other, std::size_t left) {
    if (value == 1 && other == 1) return "";
    if (left == 0) return std::nullopt;
    for (; !sizes.empty(); sizes = sizes.subspan(1)) {
        const task::Size& size = sizes.front();
        const double rest = value / static_cast<double>(size.value);
        if (rest != static_cast<double>(static_cast<std::int64_t>(rest))) continue;
        const auto there_size = static_cast<double>(value_of(there, size.name));
        const auto tail = as_product(sizes, there, rest, other / there_size, left - 1);
        if (tail) return size.name + (tail->empty() ? "" : " * " + *tail);
    }
    return std::nullopt;
}

bool is_size_text(const Task& here, const Task& there, std::int64_t value, std::int64_t other) {
    return std::ranges::any_of(here.sizes, [&](const task::Size& size) {
        return size.value == value && value_of(there, size.name) == other;
    });
}

std::unexpected<Error> has_no_name(const std::string& what) {
    return fail(Errc::Invalid, what +
                                   " follows from the sizes in a way that device code has no "
                                   "words for");
}

// Numbers that stay what they are, or are those of one size.
Result<void> check_number(const Task& here, const Task& there, std::int64_t value,
                          std::int64_t other, const std::string& what) {
    const bool is_named = is_size_text(here, there, value, other);
    const bool looks_named = std::ranges::any_of(
        here.sizes, [&](const task::Size& size) { return size.value == value; });
    // A number of the formula that is as large as a prime by chance would be called by its name.
    if (is_named || (value == other && !looks_named)) return {};
    return has_no_name(fmt::format("{} {}", what, value));
}

bool same_index(const task::Index& a, const task::Index& b) {
    return a == b;
}

Result<void> check_shape(const Task& here, const Task& there) {
    const bool same =
        here.axes.size() == there.axes.size() && here.tensors.size() == there.tensors.size() &&
        here.accesses.size() == there.accesses.size() && here.exprs.size() == there.exprs.size() &&
        here.stages.size() == there.stages.size();
    if (!same) return fail(Errc::Invalid, "the formula is another one at other sizes");
    for (std::size_t i = 0; i < here.axes.size(); i++) {
        CUPEL_DO(check_number(here, there, here.axes[i].extent, there.axes[i].extent,
                              "the extent of " + here.axes[i].name + ","));
    }
    for (std::size_t i = 0; i < here.tensors.size(); i++) {
        const task::Tensor& tensor = here.tensors[i];
        for (std::size_t d = 0; d < tensor.shape.size(); d++) {
            CUPEL_DO(check_number(here, there, tensor.shape[d], there.tensors[i].shape[d],
                                  "a dimension of " + tensor.name + ","));
        }
    }
    for (std::size_t i = 0; i < here.accesses.size(); i++) {
        const task::Access& access = here.accesses[i];
        if (!std::ranges::equal(access.at, there.accesses[i].at, same_index))
            return has_no_name("an index of " + here.tensor(access.tensor).name);
    }
    for (std::size_t i = 0; i < here.stages.size(); i++) {
        const auto same_bound = [](const task::Bound& a, const task::Bound& b) {
            return a.axis == b.axis && a.low == b.low && a.high == b.high;
        };
        if (!std::ranges::equal(here.stages[i].where, there.stages[i].where, same_bound))
            return has_no_name("a bound of " + here.tensor(here.stages[i].out).name);
    }
    return {};
}

Result<void> name_constants(Generic& made, const Task& there) {
    const Task& here = made.task;
    for (std::size_t i = 0; i < here.exprs.size(); i++) {
        const task::Expr& expr = here.exprs[i];
        if (expr.op != task::Op::Const || expr.number == there.exprs[i].number) continue;
        const auto name =
            as_product(here.sizes, there, expr.number, there.exprs[i].number, kMostFactors);
        if (!name) return has_no_name(fmt::format("the constant {}", expr.number));
        made.constants[expr.number] = *name;
    }
    for (std::size_t i = 0; i < here.exprs.size(); i++) {
        const task::Expr& expr = here.exprs[i];
        const bool plain = expr.op == task::Op::Const && expr.number == there.exprs[i].number;
        if (plain && made.constants.contains(expr.number))
            return has_no_name(fmt::format("the constant {}", expr.number));
    }
    return {};
}

}  // namespace

Result<Generic> generic(const task::Task& task) {
    std::vector<Task> drawn = at_primes(task, 2);
    if (drawn.size() < 2) {
        return fail(Errc::Invalid,
                    "the formula has no other sizes, at which it could be told what "
                    "depends on them");
    }
    Generic made{.task = std::move(drawn.front()), .constants = {}};
    CUPEL_DO(check_shape(made.task, drawn[1]));
    CUPEL_DO(name_constants(made, drawn[1]));
    made.task.text.clear();  // or extents would be looked up there
    return made;
}

}  // namespace cupel::device
