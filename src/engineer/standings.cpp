// SPDX-License-Identifier: Apache-2.0
#include "engineer/standings.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "engineer/screening.hpp"

namespace cupel::engineer {

namespace {

// A population is far smaller (Proposer), so whoever is bred from has a trace.
constexpr std::size_t kTraces = 64;

// What the second screening must show, in half widths of its interval: the first was a test of its
// own. Measured to 1 % a search needs 62 screenings to come within 2 % of the best of 46 080
// schedules; 81 at 1, and 55 where one screening is enough. With 4 % of noise 2 of 118 promotions
// are of something slower, none at 1, and 27 of 173 by one screening (bench/promotion).
constexpr double kAgain = 0.5;

// By how much kernels differ, before anything is measured (a standard deviation of the log): one
// that is tried from the incumbent, and any from naive. Estimates, which hardly count beside an
// interval of a few per cent.
constexpr double kFromIncumbent = 0.2;
constexpr double kFromNaive = 0.7;

// The share of a measured difference that is left when what is known before it counts as well: the
// mean of the posterior, both being normal. Of the middles of screenings that are wide the highest
// are luck.
double credit(double half_width, double spread) {
    const double noise = half_width / 1.96;
    return spread * spread / (spread * spread + noise * noise);
}

}  // namespace

Standings::News Standings::add(Standing contender, const verdict::Verdict& verdict,
                               std::optional<archive::KernelId> incumbent) {
    if (!verdict::is_right(verdict.status)) {
        bar(contender.id);
        return News::Barred;
    }
    if (barred_.contains(contender.id)) return News::Barred;
    // Whatever others were compared with had the place: archives of before promotions were
    // confirmed go on where they stood.
    if (incumbent && placed_.contains(*incumbent)) {
        incumbent_ = incumbent;
        promising_.erase(*incumbent);
    }
    const Standing* current = this->incumbent();
    if (verdict.bound) {
        const std::optional<double> score = score_of(*verdict.bound);
        if (!score) return News::Unplaced;
        contender.score = *score;
        contender.likely = *score;
        contender.share = verdict.bound->floor / verdict.bound->seconds;
        contender.bounded = true;
        return place(std::move(contender),
                     current == nullptr || *score > current->score + kLeastBoundGain);
    }
    const std::optional<Reading> reading = read_screen(verdict);
    if (!reading) return News::Unplaced;
    if (incumbent && !placed_.contains(*incumbent)) return News::Unfounded;
    const Standing* reference = incumbent ? &placed_.at(*incumbent) : nullptr;
    contender.score = reading->log_ratio + (reference ? reference->score : 0);
    contender.likely =
        reading->log_ratio * credit(reading->half_width, reference ? kFromIncumbent : kFromNaive) +
        (reference ? reference->likely : 0);
    contender.half_width = std::hypot(reading->half_width, reference ? reference->half_width : 0);
    if (verdict.ceiling) contender.share = verdict.ceiling->share;
    // Promoted only on evidence: a lucky middle is no reason to measure everybody
    // against it.
    const bool again =
        promising_.contains(contender.id) && reading->log_ratio > kAgain * reading->half_width;
    const bool better =
        (reading->faster || again) &&
        (current == nullptr || current->id == contender.id || contender.score > current->score);
    return place(std::move(contender), better);
}

Standings::News Standings::place(Standing contender, bool better) {
    const archive::KernelId id = contender.id;
    const auto before = placed_.find(id);
    if (before != placed_.end() && !before->second.trace.empty()) --traced_;
    if (!contender.trace.empty()) ++traced_;
    placed_.insert_or_assign(id, std::move(contender));
    const bool again = promising_.erase(id) > 0 || incumbent_ == id;
    if (better && again) incumbent_ = id;
    if (better && !again) promising_.insert(id);
    if (traced_ > 2 * kTraces) forget_traces();
    if (!better) return News::Placed;
    return again ? News::Promoted : News::Promising;
}

void Standings::forget_traces() {
    std::size_t kept = 0;
    for (const Standing* standing : ranked()) {
        Standing& mine = placed_.at(standing->id);
        if (!mine.trace.empty() && ++kept > kTraces) mine.trace = {};
    }
    traced_ = std::min(traced_, kTraces);
}

void Standings::bar(archive::KernelId id) {
    barred_.insert(id);
    promising_.erase(id);
    if (const auto found = placed_.find(id); found != placed_.end()) {
        if (!found->second.trace.empty()) --traced_;
        placed_.erase(found);
    }
    if (incumbent_ != id) return;
    // The best of the rest stands in, if anything beats naive at all.
    incumbent_.reset();
    const std::vector<const Standing*> rest = ranked();
    if (!rest.empty() && beats_naive(*rest.front())) incumbent_ = rest.front()->id;
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
        if (a_leads != b_leads) return a_leads;
        if (incumbent_) return a->likely > b->likely;
        return a->score - a->half_width > b->score - b->half_width;
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
                std::nullopt,
                std::nullopt};
}

double Standings::score(archive::KernelId id) const {
    const auto found = placed_.find(id);
    return found == placed_.end() ? std::numeric_limits<double>::quiet_NaN() : found->second.score;
}

double Standings::half_width(archive::KernelId id) const {
    const auto found = placed_.find(id);
    return found == placed_.end() ? std::numeric_limits<double>::quiet_NaN()
                                  : found->second.half_width;
}

double Standings::to_beat(const verdict::Verdict& verdict) const {
    if (const Standing* current = incumbent(); current != nullptr) return current->score;
    return verdict.bound ? score_of(*verdict.bound).value_or(0) : 0;
}

}  // namespace cupel::engineer
