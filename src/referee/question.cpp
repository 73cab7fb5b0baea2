// SPDX-License-Identifier: Apache-2.0
#include "referee/question.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "base/hash.hpp"

namespace cupel::referee {
namespace {

// tf32 and fp16 keep 11 bits, float 24: integers must be wider than what a cheat would compute in.
constexpr int kLeastBits = 12;
constexpr int kLeastBits64 = 25;
constexpr int kMostBits64 = 30;  // as far as one random word reaches
constexpr int kReach = 48;       // of the exponents of a whole product: far from where floats end
constexpr std::uint64_t kHalfHand = Deal::kHand / 2;
constexpr int kScaled = 2;           // of half a hand
constexpr std::uint64_t kSides = 2;  // what a hand's seed is asked for beside its halves
constexpr std::int64_t kLeastRows = 4;
constexpr std::int64_t kLeastRow = 16;  // elements

int magnitude_of(const task::Values& values) {
    return values.b > 0 && std::isfinite(values.b) ? std::ilogb(values.b) : 0;
}

std::vector<int> permutation(std::uint64_t count, std::uint64_t seed) {
    std::vector<int> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 0);
    std::mt19937_64 random(seed);
    std::shuffle(numbers.begin(), numbers.end(), random);
    return numbers;
}

std::vector<const task::Monomial*> largest_first(const std::vector<task::Monomial>& monomials) {
    std::vector<const task::Monomial*> sorted;
    sorted.reserve(monomials.size());
    for (const task::Monomial& monomial : monomials)
        sorted.push_back(&monomial);
    std::ranges::stable_sort(sorted, std::greater<>(),
                             [](const task::Monomial* m) { return m->inputs.size(); });
    return sorted;
}

}  // namespace

bool Recipe::has_row(std::uint64_t row) const {
    return (derived_u64(rows_seed, row) & 1U) != 0;
}

Composer::Composer(const task::Task& task) : task_(&task) {
    read_outputs();
    find_exact();
}

std::size_t Composer::position_of(task::TensorId input) const {
    return static_cast<std::size_t>(std::ranges::find(task_->inputs, input) -
                                    task_->inputs.begin());
}

// A normal law has no largest value and no smallest: anything finite may be drawn from it. Other
// laws declare a domain, which is kept.
bool Composer::is_free(task::TensorId input) const {
    const task::Type wanted = task_->precision == "fp64" ? task::Type::F64 : task::Type::F32;
    return task_->tensor(input).type == wanted &&
           task_->values[position_of(input)].law == task::Law::Normal;
}

void Composer::read_outputs() {
    polynomial_ = true;
    scalable_ = true;
    for (const task::TensorId output : task_->outputs) {
        const auto monomials = task::polynomial(*task_, output);
        if (!monomials || monomials->empty()) {
            polynomial_ = scalable_ = false;
            why_not_exact_ = "the formula is not linear in its inputs";
            return;
        }
        scalable_ = scalable_ && task::is_multilinear(*monomials);
        for (const task::Monomial& monomial : *monomials) {
            degree_ = std::max(degree_, monomial.inputs.size());
            scalable_ = scalable_ && std::ranges::all_of(monomial.inputs, [&](task::TensorId id) {
                            return is_free(id);
                        });
        }
        outputs_.push_back(*monomials);
    }
    // Two random wishes: where both can be balanced, all can.
    scalable_ = scalable_ && balance(std::vector<int>(task_->inputs.size(), 1)).has_value();
    if (!scalable_) why_not_exact_ = "the formula is not multilinear in inputs of a normal law";
}

double Composer::least_terms() const {
    const auto is_whole = [](const task::Stage& stage) { return stage.where.empty(); };
    if (!polynomial_ || !std::ranges::all_of(task_->stages, is_whole)) return 1;
    double least = std::numeric_limits<double>::infinity();
    for (const Monomials& output : outputs_) {
        double terms = 0;
        for (const task::Monomial& monomial : output)
            terms += monomial.terms;
        least = std::min(least, terms);
    }
    return std::isfinite(least) ? std::max(1.0, least) : 1;
}

double Composer::most_terms() const {
    double most = 1;
    for (const Monomials& output : outputs_) {
        double terms = 0;
        for (const task::Monomial& monomial : output)
            terms += monomial.terms;
        most = std::max(most, terms);
    }
    return polynomial_ ? most : 1;
}

bool Composer::has_short_factors() const {
    const auto is_short = [&](task::TensorId id) {
        const task::Type type = task_->tensor(id).type;
        return type == task::Type::F16 || type == task::Type::BF16;
    };
    const auto fits = [&](const task::Monomial& monomial) {
        const bool addend = monomial.inputs.size() <= 1 && monomial.terms == 1;
        return addend || std::ranges::all_of(monomial.inputs, is_short);
    };
    return polynomial_ && std::ranges::all_of(outputs_, [&](const Monomials& output) {
               return std::ranges::all_of(output, fits);
           });
}

void Composer::find_exact() {
    if (!scalable_) return;
    const bool fp64 = task_->precision == "fp64";
    if (task_->precision != "fp32" && !fp64) {
        why_not_exact_ = fmt::format("{} holds no integers wider than itself", task_->precision);
        return;
    }
    int most = fp64 ? kMostBits64 : 24;
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
        double terms = 0;
        int low = outputs_[i].front().low;
        int high = outputs_[i].front().high;
        bool exact =
            task_->tensor(task_->outputs[i]).type == (fp64 ? task::Type::F64 : task::Type::F32);
        for (const task::Monomial& monomial : outputs_[i]) {
            terms += monomial.terms;
            exact = exact && monomial.exact;
            low = std::min(low, monomial.low);
            high = std::max(high, monomial.high);
        }
        if (!exact) {
            why_not_exact_ = "a coefficient of the formula, or its output's type, is not exact";
            return;
        }
        const int digits = fp64 ? 53 : 24;
        const double longest = std::ceil(std::log2(std::max(1.0, terms)));
        most = static_cast<int>(std::min<double>(most, digits - longest - (high - low)));
    }
    if (most < (fp64 ? kLeastBits64 : kLeastBits)) {
        why_not_exact_ = "its sums are too long for integers that lower precisions cannot hold";
        return;
    }
    exact_bits_ = most;
    by_rows_ = mixes_rows();
}

// Rows of a sum can be exact beside others that are not. Not for products: Strassen's and
// Winograd's honest algorithms pass a block's roundings on to its neighbours.
bool Composer::mixes_rows() const {
    std::optional<std::int64_t> rows;
    if (degree_ != 1) return false;
    for (const Monomials& monomials : outputs_) {
        for (const task::Monomial& monomial : monomials) {
            const task::Tensor& tensor = task_->tensor(monomial.inputs.front());
            if (tensor.shape.empty() || tensor.shape[0] < kLeastRows) return false;
            if (tensor.elements() / tensor.shape[0] < kLeastRow) return false;
            if (rows && *rows != tensor.shape[0]) return false;
            rows = tensor.shape[0];
        }
    }
    return rows.has_value();
}

int Composer::settle(const task::Monomial& monomial, const std::vector<int>& wanted,
                     std::optional<int> total, std::vector<std::optional<int>>& given) const {
    int sum = 0;
    const auto give = [&](std::size_t i, int exponent) {
        given[i] = exponent;
        sum += exponent;
    };
    std::optional<std::size_t> open;  // the last one without an exponent
    for (const task::TensorId input : monomial.inputs) {
        const std::size_t i = position_of(input);
        if (const std::optional<int> before = given[i]) {
            sum += *before;
            continue;
        }
        if (open) give(*open, wanted[*open]);
        open = i;
    }
    if (open) give(*open, total ? *total - sum : wanted[*open]);
    return sum;
}

std::optional<std::vector<int>> Composer::balance(const std::vector<int>& wanted) const {
    std::vector<std::optional<int>> given(wanted.size());
    for (const Monomials& output : outputs_) {
        std::optional<int> total;
        for (const task::Monomial* monomial : largest_first(output)) {
            const int sum = settle(*monomial, wanted, total, given);
            if (total && sum != *total) return std::nullopt;
            total = sum;
        }
    }
    std::vector<int> all(wanted.size(), 0);
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = given[i].value_or(0);
    return all;
}

// Bits per input: as many inputs as can be are wide, but never two in one product.
std::vector<int> Composer::draw_styles(std::uint64_t seed, int bits) const {
    std::mt19937_64 random(seed);
    std::vector<std::size_t> order(task_->inputs.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), random);
    std::vector<int> styles(order.size(), 0);
    const auto stands_in = [&](std::size_t i, const task::Monomial& monomial) {
        return std::ranges::find(monomial.inputs, task_->inputs[i]) != monomial.inputs.end();
    };
    const auto is_taken = [&](const task::Monomial& monomial) {
        return std::ranges::any_of(
            monomial.inputs, [&](task::TensorId other) { return styles[position_of(other)] > 1; });
    };
    for (const std::size_t i : order) {
        for (const Monomials& output : outputs_) {
            for (const task::Monomial& monomial : output) {
                if (!stands_in(i, monomial)) continue;
                if (is_taken(monomial)) styles[i] = 1;
                if (styles[i] == 0) styles[i] = bits;
            }
        }
    }
    return styles;
}

std::vector<int> Composer::draw_exponents(std::uint64_t seed, const Deal& deal) const {
    const std::size_t count = task_->inputs.size();
    std::vector<int> exponents(count, 0);
    const std::uint64_t half = deal.turn / kHalfHand;
    const int card = permutation(kHalfHand, derived_u64(deal.seed, half)).at(deal.turn % kHalfHand);
    if (card >= kScaled) return exponents;
    const std::vector<int> sides = permutation(count, derived_u64(deal.seed, kSides));
    const int reach = kReach / static_cast<int>(std::max<std::size_t>(1, degree_));
    const int least = half == 0 ? reach / 2 : 0;
    std::mt19937_64 random(seed);
    for (std::size_t i = 0; i < count; ++i) {
        const bool enlarged = card == (half == 0 ? 0 : sides[i] % 2);
        const int size =
            least + static_cast<int>(random() % static_cast<std::uint64_t>(reach - least + 1));
        exponents[i] = enlarged ? size : -size;
    }
    return exponents;
}

Recipe Composer::draw(Kind kind, std::uint64_t seed, const Deal& deal) const {
    std::mt19937_64 random(seed);
    const auto below = [&](int count) {
        return static_cast<int>(random() % static_cast<std::uint64_t>(count));
    };
    Recipe recipe{.kind = kind, .inputs = {}, .by_rows = false, .rows_seed = random()};
    recipe.inputs.resize(task_->inputs.size());
    if (kind == Kind::Exact && exact_bits_ == 0) recipe.kind = Kind::Lawful;
    if (!scalable_ || kind == Kind::Wide) return recipe;

    std::vector<int> wanted = draw_exponents(random(), deal);
    if (recipe.kind == Kind::Exact) {
        const int least = task_->precision == "fp64" ? kLeastBits64 : kLeastBits;
        const int bits = least + below(exact_bits_ - least + 1);
        const std::vector<int> styles = draw_styles(random(), bits);
        for (std::size_t i = 0; i < styles.size(); ++i) {
            recipe.inputs[i].bits = styles[i];
            // As large as the law's own draws: nothing is to be seen from afar.
            wanted[i] += magnitude_of(task_->values[i]) - std::max(0, styles[i] - 1);
        }
        recipe.by_rows = by_rows_;
    }
    const auto exponents = balance(wanted);
    if (!exponents) return recipe;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        Recipe::Input& input = recipe.inputs[i];
        input.exponent = input.scale = (*exponents)[i];
        if (input.bits > 0) input.scale += input.bits - 1 - magnitude_of(task_->values[i]);
    }
    return recipe;
}

}  // namespace cupel::referee
