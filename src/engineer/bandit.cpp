// SPDX-License-Identifier: Apache-2.0
#include "engineer/bandit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/result.hpp"

namespace cupel::engineer {

void Bandit::learn(const Arm& arm, double gain, double cost) {
    for (auto& [other, memory] : memory_) {
        memory.weight *= options_.discount;
        memory.gain *= options_.discount;
        memory.cost *= options_.discount;
    }
    prior_ *= options_.discount;
    ++pulls_;
    Memory& memory = memory_[arm];
    memory.weight += 1;
    memory.gain += std::max(0.0, gain);
    memory.cost += std::max(cost, std::numeric_limits<double>::min());
    ++memory.pulls;
}

void Bandit::reward(const Arm& arm, double gain) {
    if (const auto found = memory_.find(arm); found != memory_.end())
        found->second.gain += std::max(0.0, gain);
}

Bandit::Expected Bandit::expected(const Arm& arm) const {
    const auto found = memory_.find(arm);
    if (found == memory_.end() || found->second.weight <= 0) return {};
    const Memory& memory = found->second;
    return {memory.gain / memory.weight, memory.cost / memory.weight, memory.pulls};
}

Bandit::Expected Bandit::outlook(const std::vector<Arm>& arms) const {
    CUPEL_CHECK(!arms.empty());
    Memory all;
    for (const auto& [arm, memory] : memory_) {
        all.weight += memory.weight;
        all.gain += memory.gain;
        all.cost += memory.cost;
    }
    const double usual_gain = (prior_ * kUsualGain + all.gain) / (prior_ + all.weight);
    const double usual_cost = all.weight > 0 ? all.cost / all.weight : 0;
    Expected best;
    for (const Arm& arm : arms) {
        const auto found = memory_.find(arm);
        const Memory known = found == memory_.end() ? Memory{} : found->second;
        const double weight = kDoubt + known.weight;
        const Expected one{(kDoubt * usual_gain + known.gain) / weight,
                           (kDoubt * usual_cost + known.cost) / weight, known.pulls};
        if (&arm == arms.data() || one.gain * best.cost > best.gain * one.cost) best = one;
    }
    return best;
}

std::size_t Bandit::choose(const std::vector<Arm>& arms) const {
    CUPEL_CHECK(!arms.empty());
    double all = 0;
    double best_gain = 0;
    double least_cost = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < arms.size(); ++i) {
        const Expected known = expected(arms[i]);
        if (known.pulls == 0) return i;
        all += memory_.at(arms[i]).weight;
        best_gain = std::max(best_gain, known.gain);
        least_cost = std::min(least_cost, known.cost);
    }
    // Gains in units of the best one, so that neither the first factors nor the last per cents
    // drown what is not known.
    std::size_t best = 0;
    double highest = -1;
    for (std::size_t i = 0; i < arms.size(); ++i) {
        const Expected known = expected(arms[i]);
        const double gain = best_gain > 0 ? known.gain / best_gain : 0;
        const double unknown =
            options_.exploration * std::sqrt(std::log(1 + all) / memory_.at(arms[i]).weight);
        const double value =
            (gain + unknown) / std::pow(known.cost / least_cost, options_.cost_weight);
        if (value > highest) {
            highest = value;
            best = i;
        }
    }
    return best;
}

}  // namespace cupel::engineer
