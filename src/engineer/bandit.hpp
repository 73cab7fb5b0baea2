// SPDX-License-Identifier: Apache-2.0
// Who is asked next: of all pairs of operator and model, the one from which most confirmed speedup
// is to be expected for its cost. What was long ago counts less, as a kernel near its ceiling is
// another problem than the first one was.
#pragma once

#include <cstddef>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace cupel::engineer {

struct Arm {
    std::string way;    // an operator
    std::string model;  // "openai:..."
    auto operator<=>(const Arm&) const = default;
};

class Bandit {
public:
    struct Options {
        double discount = 0.95;    // for each later pull of any arm
        double exploration = 0.5;  // weight of what is not known
        double cost_weight = 0.5;  // 0: gain alone; 1: gain for each dollar
    };
    Bandit() = default;
    explicit Bandit(Options options) : options_(options) {}

    // `gain` is a log of a speedup that was confirmed, 0 where there was none; `cost` is positive,
    // in one unit for all arms.
    void learn(const Arm& arm, double gain, double cost);
    // A gain that a pull of before brought late, at no cost.
    void reward(const Arm& arm, double gain);
    // One of these, which must not be empty. Arms that were never pulled come first, in order.
    [[nodiscard]] std::size_t choose(const std::vector<Arm>& arms) const;
    // What is expected of an arm, for people: gain and cost of one pull.
    struct Expected {
        double gain = 0;
        double cost = 0;
        int pulls = 0;
    };
    [[nodiscard]] Expected expected(const Arm& arm) const;
    // What the best of these, which must not be empty, will bring with its next pull. Few pulls say
    // little: an arm is taken for the average of all until it has shown otherwise, and that for
    // kUsualGain until the pulls of all have. So an arm that was never pulled does not promise
    // for ever what the others did not keep.
    [[nodiscard]] Expected outlook(const std::vector<Arm>& arms) const;
    [[nodiscard]] int pulls() const noexcept { return pulls_; }  // of all arms

private:
    static constexpr double kUsualGain = 0.05;  // log of speedup by one call, before any is made
    static constexpr double kDoubt = 2;         // pulls that a prior opinion weighs
    struct Memory {
        double weight = 0;  // of pulls, discounted
        double gain = 0;
        double cost = 0;
        int pulls = 0;
    };
    Options options_;
    std::map<Arm, Memory> memory_;
    double prior_ = kDoubt;  // discounted like any pull
    int pulls_ = 0;
};

}  // namespace cupel::engineer
