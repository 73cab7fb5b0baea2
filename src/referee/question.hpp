// SPDX-License-Identifier: Apache-2.0
// What questions are made of, beyond draws from the task's laws. All of it follows from the
// formula, is drawn in secret for every question, and is asked in the windows that are timed.
//
//   lawful  draws from the laws, with runs of other distributions among them (fill.hpp); where the
//           formula is multilinear, multiplied by secret powers of two
//   exact   where the formula is multilinear with coefficients that are powers of two: in each
//           product one operand is an odd integer of some bits, the others are 1 or -1, all times
//           powers of two; the sums are short enough that every honest order gives the very truth
//   wide    runs up to 64 times larger, rows of one sign, tiny ones, equal extremes (widen.hpp)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "task/polynomial.hpp"
#include "task/task.hpp"

namespace cupel::referee {

enum class Kind { Lawful, Exact, Wide };

struct Recipe {
    struct Input {
        int bits = 0;      // of odd integers; 1: only signs; 0: draws from the law
        int exponent = 0;  // of the power of two that the integers are multiplied with
        int scale = 0;     // of the one that draws from the law are multiplied with
    };
    Kind kind = Kind::Lawful;
    std::vector<Input> inputs;
    // Only every second row (of dimension 0) is exact, by chance; the others are lawful. The same
    // seed gives the same rows in all inputs.
    bool by_rows = false;
    std::uint64_t rows_seed = 0;
    [[nodiscard]] bool has_row(std::uint64_t row) const;
};

// How far a question is scaled is dealt, not drawn, so that nothing is left out by bad luck where
// few are asked. A hand has two halves, each in secret order: two questions that are not scaled
// beside one of which all inputs are enlarged by much and one of which all are diminished by much;
// then two that are not beside two of which every second input is enlarged, and then the others.
struct Deal {
    static constexpr std::uint64_t kHand = 8;  // questions
    std::uint64_t seed = 0;                    // of the hand
    std::uint64_t turn = 0;                    // in it
};

class Composer {
public:
    explicit Composer(const task::Task& task);

    // Widened questions are not scaled and take no turn.
    [[nodiscard]] Recipe draw(Kind kind, std::uint64_t seed, const Deal& deal) const;
    // The widest odd integers for which every partial sum is exact; 0: there are no exact
    // questions, and `why_not_exact` says why.
    [[nodiscard]] int exact_bits() const { return exact_bits_; }
    [[nodiscard]] const std::string& why_not_exact() const { return why_not_exact_; }
    [[nodiscard]] bool is_scalable() const { return scalable_; }
    // The formula adds and multiplies only: no value makes it slower than another.
    [[nodiscard]] bool is_polynomial() const { return polynomial_; }
    // So many terms, at least, are added up for each element of an output; 1 where that is not
    // known, or not the same for all of them.
    [[nodiscard]] double least_terms() const;
    // ... and at most so many, bounds left aside.
    [[nodiscard]] double most_terms() const;
    // All that is multiplied or added up by the many is of 16 bits: every input but single addends,
    // as a bias is one.
    [[nodiscard]] bool has_short_factors() const;

private:
    using Monomials = std::vector<task::Monomial>;
    void read_outputs();
    void find_exact();
    [[nodiscard]] bool is_free(task::TensorId input) const;
    [[nodiscard]] std::size_t position_of(task::TensorId input) const;
    // Exponents for all inputs, such that the monomials of each output agree on their sum: `wanted`
    // where that leaves a choice.
    [[nodiscard]] std::optional<std::vector<int>> balance(const std::vector<int>& wanted) const;
    // The sum of one monomial: what has no exponent yet is given one, so that it is `total` where
    // that is set.
    [[nodiscard]] int settle(const task::Monomial& monomial, const std::vector<int>& wanted,
                             std::optional<int> total,
                             std::vector<std::optional<int>>& given) const;
    [[nodiscard]] std::vector<int> draw_styles(std::uint64_t seed, int bits) const;
    // An exponent for each input; none of whole products is beyond what a float can bear.
    [[nodiscard]] std::vector<int> draw_exponents(std::uint64_t seed, const Deal& deal) const;
    [[nodiscard]] bool mixes_rows() const;

    const task::Task* task_;
    std::vector<Monomials> outputs_;
    std::size_t degree_ = 0;
    bool polynomial_ = false;
    bool scalable_ = false;
    bool by_rows_ = false;
    int exact_bits_ = 0;
    std::string why_not_exact_;
};

}  // namespace cupel::referee
