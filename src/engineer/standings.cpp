// SPDX-License-Identifier: Apache-2.0
#include "engineer/standings.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "engineer/screening.hpp"

namespace cupel::engineer {

Standings::News Standings::add(Standing contender, const verdict::Verdict& verdict,
                               std::optional<archive::KernelId> incumbent) {
    if (!verdict::is_right(verdict.status)) {
        bar(contender.id);
        return News::Barred;
    }
    if (barred_.contains(contender.id)) return News::Barred;
    const std::optional<Reading> reading = read_screen(verdict);
    if (!reading) return News::Unplaced;
    if (incumbent && !placed_.contains(*incumbent)) return News::Unfounded;
    const Standing* reference = incumbent ? &placed_.at(*incumbent) : nullptr;
    contender.score = reading->log_ratio + (reference ? reference->score : 0);
    contender.half_width = std::hypot(reading->half_width, reference ? reference->half_width : 0);
    contender.ceiling = verdict.ceiling;
    const archive::KernelId id = contender.id;
    const double score = contender.score;
    placed_.insert_or_assign(id, std::move(contender));
    // Promoted only on evidence: a lucky middle is no reason to measure everybody
    // against it.
    const Standing* current = this->incumbent();
    const bool better =
        reading->faster && (current == nullptr || current->id == id || score > current->score);
    if (!better) return News::Placed;
    incumbent_ = id;
    return News::Promoted;
}

void Standings::bar(archive::KernelId id) {
    barred_.insert(id);
    placed_.erase(id);
    if (incumbent_ != id) return;
    // The best of the rest stands in, if anything beats naive at all.
    incumbent_.reset();
    const std::vector<const Standing*> rest = ranked();
    if (!rest.empty() && rest.front()->score > rest.front()->half_width)
        incumbent_ = rest.front()->id;
}

const Standing* Standings::incumbent() const {
    return incumbent_ ? &placed_.at(*incumbent_) : nullptr;
}

std::vector<const Standing*> Standings::ranked() const {
    std::vector<const Standing*> ranked;
    ranked.reserve(placed_.size());
    for (const auto& [id, standing] : placed_)
        ranked.push_back(&standing);
    std::ranges::stable_sort(ranked, [&](const Standing* a, const Standing* b) {
        const bool a_leads = a->id == incumbent_;
        const bool b_leads = b->id == incumbent_;
        return a_leads != b_leads ? a_leads : a->score > b->score;
    });
    return ranked;
}

std::optional<Best> Standings::best() const {
    const std::vector<const Standing*> order = ranked();
    if (order.empty()) return std::nullopt;
    const Standing& first = *order.front();
    return Best{first.id,
                {std::exp(first.score - first.half_width), std::exp(first.score),
                 std::exp(first.score + first.half_width), 0.95},
                first.ceiling};
}

double Standings::score(archive::KernelId id) const {
    const auto found = placed_.find(id);
    return found == placed_.end() ? std::numeric_limits<double>::quiet_NaN() : found->second.score;
}

}  // namespace cupel::engineer
