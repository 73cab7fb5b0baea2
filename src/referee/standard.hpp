// SPDX-License-Identifier: Apache-2.0
// What honest arithmetic of the declared precision does on this task, and so what a kernel is held
// to. Pure: it sees truths and numbers, no process and no memory, so every decision can be tested.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "referee/question.hpp"
#include "task/task.hpp"
#include "wire/oracle.hpp"

namespace cupel::referee {

// u of a precision class: half the gap above one.
[[nodiscard]] double unit_of(std::string_view precision);

// The errors of one kernel so far, in one output.
struct Errors {
    double sum_of_squares = 0;
    std::int64_t positions = 0;  // in the sum of squares: only the random ones
    double independent = 0;      // how many of these can have been off by themselves
};

// Errors of `positions` that were `independent` draws, averaged with more of them: as many draws as
// that average is worth (Kish). One sum that half of all positions share is half of it.
[[nodiscard]] double independent_together(double positions, double independent,
                                          double more_positions, double more_independent);

// ... and in all of them.
struct AnswerErrors {
    std::vector<Errors> outputs;  // empty before the first answer
    double worst = 0;             // in units of the tolerance
};

// What sums of 16-bit products may be made with: tensor cores cut off what they add.
enum class Adders { Processor, TensorCores };

// Of one output: what is hard for one would forgive everything in the others.
class Standard {
public:
    // What follows from the formula.
    struct Formula {
        // It adds and multiplies only, so that where no honest order was seen to round, none will.
        // Elsewhere that may be luck: exp(0) is 1 to most, not to all who are honest.
        bool adds_only = true;
        // task::sums_never_cancel: small elements are no less sure than large ones.
        bool never_cancels = false;
        // Composer::least_terms.
        double terms = 1;
        double longest = 1;          // Composer::most_terms
        bool short_factors = false;  // Composer::has_short_factors
        // Its answers are sums of products of inputs, with no stage between that a kernel may
        // store in fewer bits.
        bool one_sum = false;
        Adders adders = Adders::Processor;
    };
    explicit Standard(std::string_view precision) : Standard(precision, Formula{}) {}
    Standard(std::string_view precision, Formula formula);

    // Takes in what the panel of honest orders does at an element; `random`: it was chosen blindly,
    // so it counts for averages. Integers teach nothing.
    void learn(const wire::oracle::Truth& truth, task::Type type, Kind kind, bool random);

    // Of `positions` more random ones, `count` can be off by themselves: elements of one softmax
    // row are all off where its sum is.
    void learn_independent(double count, double positions) {
        panel_independent_ =
            independent_together(panel_drawn_, panel_independent_, positions, count);
        panel_drawn_ += positions;
    }

    struct Judged {
        double error = 0;  // in units of u * scale
        bool wrong = false;
    };
    // `largest`: scale of what was asked about in its question; of widened ones only. Strassen's
    // and Winograd's honest algorithms lose there what is lost at the largest.
    [[nodiscard]] Judged judge(const wire::oracle::Truth& truth, double value, task::Type type,
                               Kind kind, double largest = 0) const;
    // The root mean square error is beyond that of honest arithmetic: in words.
    [[nodiscard]] std::optional<std::string> judge_average(const Errors& errors) const;
    [[nodiscard]] double allowed() const;  // largest error, in units of u * scale
    [[nodiscard]] double floor() const;    // what no order is expected to do better than
    // Whose errors are the measure: "fp32 arithmetic".
    [[nodiscard]] const std::string& honest() const { return honest_; }

private:
    [[nodiscard]] Judged judge_lawful(const wire::oracle::Truth& truth, double value,
                                      task::Type type) const;
    [[nodiscard]] double beyond_storing(const wire::oracle::Truth& truth, double value,
                                        task::Type type) const;
    [[nodiscard]] Judged judge_wide(const wire::oracle::Truth& truth, double value, task::Type type,
                                    double largest) const;

    double unit_ = 0x1p-24;
    std::string honest_;
    Formula formula_;
    bool whole_products_ = false;  // of short factors: only sums and answers are rounded
    double cut_off_ = 1;           // by tensor cores: their errors over the panel's
    double hidden_floor_ = 1;
    bool sums_are_hidden_ = false;  // behind answers that are rounded as they are stored
    // What honest arithmetic was seen to do, over all questions so far.
    std::array<double, wire::oracle::kPanel> panel_squares_{};
    std::array<double, wire::oracle::kPanel> panel_fourths_{};
    double panel_positions_ = 0;
    double panel_drawn_ = 0;  // random positions, and ...
    double panel_independent_ = 0;
    double panel_worst_ = 0;
    bool panel_exact_ = true;  // no order has rounded yet
    double wide_scale_ = 0;    // the largest in any widened question ...
    double usual_scale_ = 0;   // ... and in all others
};

}  // namespace cupel::referee
