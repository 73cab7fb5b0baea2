// SPDX-License-Identifier: Apache-2.0
#include "engineer/intake.hpp"

#include <fmt/format.h>

#include <cmath>

#include "engineer/reply.hpp"

namespace cupel::engineer {
namespace {

// log 2: a kernel at half of the best speed is not brought there by a tile of another size.
constexpr double kHopeless = 0.7;

}  // namespace

Result<std::uint64_t> Intake::offer(std::string_view text, std::vector<archive::KernelId> parents,
                                    std::string_view phase) {
    if (text.size() > kLongestKernel) return fail(Errc::Invalid, "the kernel is too long");
    if (text.find('\0') != std::string_view::npos)
        return fail(Errc::Invalid, "the kernel holds a NUL");
    CUPEL_TRY(TunedText tuned, TunedText::read(text));
    Sweep sweep{.text = std::move(tuned),
                .first = next_ticket_,
                .seen = {},
                .best = std::nullopt,
                .parents = std::move(parents)};
    const Setting first = sweep.text.first();
    sweeps_.push_back(std::move(sweep));
    const std::uint64_t ticket = push(sweeps_.size() - 1, first, phase);
    // Where nothing is open there is nothing to print again.
    if (TunedText& kept = sweeps_.back().text; kept.knobs().empty()) kept = {};
    return ticket;
}

Result<Intake::Resumed> Intake::offer_again(std::string_view text,
                                            std::vector<archive::KernelId> parents,
                                            std::string_view phase) {
    const std::size_t before = ready_.size();
    Resumed resumed;
    CUPEL_TRY(resumed.ticket, offer(text, std::move(parents), phase));
    // In the order of then: what one of them found decides which others there were.
    for (std::size_t i = before; i < ready_.size();) {
        const Earlier::Found* found = earlier_.find(ready_[i].kernel.source);
        if (found == nullptr) {
            ++i;
            continue;
        }
        const Draft draft = std::move(ready_[i]);
        ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(i));
        tried(draft, found->trial, found->best);
        if (draft.ticket == resumed.ticket) {
            resumed.first = found->trial;
        } else {
            resumed.gain += found->trial.gain;
        }
    }
    return resumed;
}

std::uint64_t Intake::push(std::size_t index, const Setting& setting, std::string_view phase) {
    Sweep& sweep = sweeps_[index];
    sweep.seen.insert(setting);
    --sweep.left;
    const std::uint64_t ticket = next_ticket_++;
    places_[ticket] = {index, setting};
    ready_.push_back(
        {{sweep.text.at(setting), "", origin_}, sweep.parents, std::string(phase), ticket});
    return ticket;
}

std::optional<Draft> Intake::next() {
    if (ready_.empty()) return std::nullopt;
    Draft draft = std::move(ready_.front());
    ready_.pop_front();
    return draft;
}

std::uint64_t Intake::first_ticket(const Draft& draft) const {
    return sweeps_[places_.at(draft.ticket).sweep].first;
}

void Intake::step_on(std::size_t index, const Setting& from) {
    for (const Setting& setting : sweeps_[index].text.neighbours(from)) {
        if (sweeps_[index].left <= 0) return;
        if (!sweeps_[index].seen.contains(setting)) push(index, setting, "sweep");
    }
}

std::uint64_t Intake::tried(const Draft& draft, const Trial& trial, double best) {
    const Place place = places_.at(draft.ticket);
    Sweep& sweep = sweeps_[place.sweep];
    const bool first = sweep.first == draft.ticket;
    // The others descend from the author's guess, and from nothing that is not right.
    if (first) sweep.parents = {trial.kernel};
    if (!verdict::is_right(trial.verdict.status) || !std::isfinite(trial.score)) return sweep.first;
    if (trial.score < best - kHopeless) return sweep.first;
    if (sweep.best && trial.score <= *sweep.best) return sweep.first;
    sweep.best = trial.score;
    step_on(place.sweep, place.setting);
    return sweep.first;
}

}  // namespace cupel::engineer
