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
    const Setting first = tuned.first();
    const bool open = !tuned.knobs().empty();
    Sweep& sweep = sweeps_[next_ticket_];
    sweep.text = std::move(tuned);
    sweep.parents = std::move(parents);
    sweep.origin = origin_;
    const std::uint64_t ticket = push(next_ticket_, first, phase);
    // Where nothing is open there is nothing to print again.
    if (!open) sweep.text = {};
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
        CUPEL_TRY(const std::optional<Earlier::Found> found,
                  earlier_.find(ready_[i].kernel.source));
        if (!found) {
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

std::uint64_t Intake::push(std::uint64_t first, const Setting& setting, std::string_view phase) {
    Sweep& sweep = sweeps_.at(first);
    sweep.seen.insert(setting);
    --sweep.left;
    ++sweep.waiting;
    const std::uint64_t ticket = next_ticket_++;
    places_[ticket] = {first, setting};
    ready_.push_back(
        {{sweep.text.at(setting), "", sweep.origin}, sweep.parents, std::string(phase), ticket});
    return ticket;
}

std::optional<Draft> Intake::next() {
    if (ready_.empty()) return std::nullopt;
    Draft draft = std::move(ready_.front());
    ready_.pop_front();
    return draft;
}

void Intake::step_on(std::uint64_t first, const Setting& from) {
    const Sweep& sweep = sweeps_.at(first);
    for (const Setting& setting : sweep.text.neighbours(from)) {
        if (sweep.left <= 0) return;
        if (!sweep.seen.contains(setting)) push(first, setting, kSweep);
    }
}

std::uint64_t Intake::tried(const Draft& draft, const Trial& trial, double best) {
    const Place place = places_.at(draft.ticket);
    Sweep& sweep = sweeps_.at(place.first);
    // The others descend from the author's guess, and from nothing that is not right.
    if (place.first == draft.ticket) sweep.parents = {trial.kernel};
    const bool right = verdict::is_right(trial.verdict.status) && std::isfinite(trial.score);
    const bool hopeful = right && trial.score >= best - kHopeless;
    if (hopeful && (!sweep.best || trial.score > *sweep.best)) {
        sweep.best = trial.score;
        step_on(place.first, place.setting);
    }
    dropped(draft);
    return place.first;
}

void Intake::dropped(const Draft& draft) {
    const auto place = places_.find(draft.ticket);
    if (place == places_.end()) return;
    const auto sweep = sweeps_.find(place->second.first);
    if (--sweep->second.waiting == 0) sweeps_.erase(sweep);
    places_.erase(place);
}

}  // namespace cupel::engineer
