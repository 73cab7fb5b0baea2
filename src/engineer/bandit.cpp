// SPDX-License-Identifier: Apache-2.0
#include "engineer/bandit.hpp"

#include <algorithm>
#include <cmath>

#include "base/result.hpp"

namespace cupel::engineer {
namespace {

// Dollars: no pull is so cheap that it weighs nothing.
constexpr double kLeastCost = 1e-9;

}  // namespace

void Bandit::learn(const Arm& arm, double gain, double cost) {
    cost = std::max(cost, kLeastCost);
    double dearest = cost;
    for (const auto& [other, memory] : memory_)
        dearest = std::max(dearest, memory.cost / memory.weight);
    const double age = std::pow(options_.discount, cost / dearest);
    for (auto& [other, memory] : memory_) {
        memory.weight *= age;
        memory.gain *= age;
        memory.cost *= age;
    }
    prior_ *= age;
    ++pulls_;
    Memory& memory = memory_[arm];
    memory.weight += 1;
    memory.gain += std::max(0.0, gain);
    memory.cost += cost;
    ++memory.pulls;
}

void Bandit::reward(const Arm& arm, double gain, double cost) {
    const auto found = memory_.find(arm);
    if (found == memory_.end()) return;
    found->second.gain += std::max(0.0, gain);
    found->second.cost += std::max(0.0, cost);
}

std::vector<Arm> Bandit::known() const {
    std::vector<Arm> arms;
    arms.reserve(memory_.size());
    for (const auto& [arm, memory] : memory_)
        arms.push_back(arm);
    return arms;
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
        if (std::ranges::find(arms, arm.model, &Arm::model) == arms.end()) continue;
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
    double unit = 0;  // the dearest pull of these
    for (std::size_t i = 0; i < arms.size(); ++i) {
        const Expected known = expected(arms[i]);
        if (known.pulls == 0) return i;
        unit = std::max(unit, known.cost);
    }
    double all = 0;
    double best_rate = 0;
    for (const Arm& arm : arms) {
        const Memory& memory = memory_.at(arm);
        all += memory.cost / unit;
        best_rate = std::max(best_rate, memory.gain / memory.cost);
    }
    // Gains in units of the best one, so that neither the first factors nor the last per cents
    // drown what is not known.
    std::size_t best = 0;
    double highest = -1;
    for (std::size_t i = 0; i < arms.size(); ++i) {
        const Memory& memory = memory_.at(arms[i]);
        const double gain = best_rate > 0 ? memory.gain / memory.cost / best_rate : 0;
        const double unknown =
            options_.exploration * std::sqrt(std::log(1 + all) / (memory.cost / unit));
        if (gain + unknown > highest) {
            highest = gain + unknown;
            best = i;
        }
    }
    return best;
}

}  // namespace cupel::engineer
