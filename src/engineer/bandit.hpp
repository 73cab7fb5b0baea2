// SPDX-License-Identifier: Apache-2.0
// Who is asked next: of all pairs of operator and model, of the schedules and of a program, the one
// from which most confirmed speedup is to be expected for its cost. What was long ago counts less,
// as a kernel near its ceiling is another problem than the first one was.
// All is counted in what it costs, in units of the dearest pull: a hundred cheap pulls that cost as
// much as a dear one weigh as much as that one, and make what was before as old as that one does.
// So who has earned nothing yet is tried for the same money as the others, however many pulls that
// takes, and nobody for ever: what is known of an arm fades.
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
// The built-in search, whose pull is one schedule.
[[nodiscard]] inline Arm schedules_arm() {
    return {"mutate", "builtin"};
}
// What a second of this machine or of waiting costs, in dollars, so that what is free but slow is
// not free.
inline constexpr double kSecondCosts = 1e-4;
// What an answer takes at least, in seconds. Else one that comes at once and holds nothing would be
// asked for again and again: it is counted in what it costs.
inline constexpr double kLeastCall = 1;

class Bandit {
public:
    struct Options {
        double discount = 0.95;    // for each later pull of the dearest arm
        double exploration = 0.5;  // weight of what is not known
    };
    Bandit() = default;
    explicit Bandit(Options options) : options_(options) {}

    // `gain` is a log of a speedup that was confirmed, 0 where there was none; `cost` is positive,
    // in one unit for all arms.
    void learn(const Arm& arm, double gain, double cost);
    // A gain that a pull of before brought late, and what it cost to find that out.
    void reward(const Arm& arm, double gain, double cost = 0);
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
    // little: an arm is taken for the average of all of the same models until it has shown
    // otherwise, and that for kUsualGain until the pulls of all have. So an arm that was never
    // pulled does not promise for ever what the others did not keep.
    [[nodiscard]] Expected outlook(const std::vector<Arm>& arms) const;
    [[nodiscard]] int pulls() const noexcept { return pulls_; }  // of all arms
    // Arms that were pulled.
    [[nodiscard]] std::vector<Arm> known() const;

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
