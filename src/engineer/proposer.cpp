// SPDX-License-Identifier: Apache-2.0
#include "engineer/proposer.hpp"

#include <algorithm>
#include <utility>

#include "engineer/cpp_text.hpp"

namespace cupel::engineer {

namespace {

// From a study over 46 080 measured schedules: model seeds, then a small population, reach 95 % of
// the best in 4 to 5 evaluations; larger populations only cost.
constexpr std::size_t kFavourites = 8;
constexpr int kWalks = 4;
constexpr int kSteps = 6;
constexpr std::size_t kPopulation = 14;
constexpr int kTournament = 3;
constexpr int kAttempts = 240;
constexpr int kPatience = 30;  // attempts before mutations take one step more
constexpr double kVeto = 1.3;  // times the expected cost of the best kernel

bool same_kind(const schedule::Action& a, const schedule::Action& b) {
    return a.verb == b.verb && a.stage == b.stage;
}

// The only action of its kind in the trace; a verb that stands there twice is a set of options, not
// one decision.
const schedule::Action* sole(const Trace& trace, const schedule::Action& kind) {
    const schedule::Action* found = nullptr;
    for (const schedule::Action& action : trace) {
        if (!same_kind(action, kind)) continue;
        if (found != nullptr) return nullptr;
        found = &action;
    }
    return found;
}

std::uint64_t sign_of(const Trace& trace) {
    return fingerprint(schedule::print_trace(trace));
}

}  // namespace

Trace cross(const Trace& first, const Trace& second, std::mt19937_64& random) {
    const auto coin = [&random] { return random() % 2 == 0; };
    Trace child;
    for (const schedule::Action& action : first) {
        const schedule::Action* other = sole(second, action);
        const bool shared = std::ranges::find(second, action) != second.end();
        if (shared) {
            child.push_back(action);
        } else if (other == nullptr || sole(first, action) == nullptr) {
            if (coin()) child.push_back(action);
        } else if (other->arguments.size() != action.arguments.size()) {
            child.push_back(coin() ? action : *other);
        } else {
            schedule::Action mixed = action;
            for (std::size_t i = 0; i < mixed.arguments.size(); ++i) {
                if (coin()) mixed.arguments[i] = other->arguments[i];
            }
            child.push_back(std::move(mixed));
        }
    }
    for (std::size_t at = 0; at < second.size(); ++at) {
        const schedule::Action& action = second[at];
        const bool option = sole(first, action) == nullptr || sole(second, action) == nullptr;
        if (!option || std::ranges::find(first, action) != first.end() || !coin()) continue;
        child.insert(child.begin() + static_cast<std::ptrdiff_t>(std::min(at, child.size())),
                     action);
    }
    return child;
}

void Proposer::mark_seen(const Trace& trace) {
    seen_.insert(sign_of(trace));
}

bool Proposer::first_sight(const Trace& trace) {
    return seen_.insert(sign_of(trace)).second;
}

std::vector<Proposal> Proposer::seeds() {
    std::vector<Trace> traces = space_.initial();
    if (!space_.complete()) {
        if (traces.size() > kFavourites) traces.resize(kFavourites);
        const std::size_t favourites = traces.size();
        for (int i = 0; i < kWalks && favourites > 0; ++i) {
            traces.push_back(walk(traces[below(favourites)], kSteps));
        }
    }
    std::vector<Proposal> seeds;
    for (Trace& trace : traces) {
        if (first_sight(trace)) seeds.push_back({std::move(trace), {}});
    }
    return seeds;
}

std::optional<Proposal> Proposer::next(const Standings& standings) {
    std::vector<const Standing*> right = standings.ranked();
    std::erase_if(right, [](const Standing* standing) { return standing->trace.empty(); });
    if (right.size() > kPopulation) right.resize(kPopulation);
    const bool free = ++turn_ % 3 == 0;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        // Where all around is known or vetoed, look farther afield; at last without the model.
        std::optional<Proposal> proposal = breed(right, 1 + attempt / kPatience);
        const bool bound = !free && attempt < kAttempts / 2;
        if (!proposal || (bound && vetoed(proposal->trace, standings))) continue;
        if (first_sight(proposal->trace)) return proposal;
    }
    return std::nullopt;
}

std::optional<Proposal> Proposer::breed(const std::vector<const Standing*>& right, int steps) {
    if (right.empty()) {
        // Nothing right yet: only the task itself can be a parent.
        const std::vector<Trace> initial = space_.initial();
        if (initial.empty()) return std::nullopt;
        return Proposal{walk(initial[below(initial.size())], kSteps), {}};
    }
    if (steps == 1 && below(2) == 0) return climb(*right.front());
    const Standing& mother = tournament(right);
    Proposal child{mother.trace, {mother.id}};
    if (below(2) == 0) {
        const Standing& father = tournament(right);
        child.trace = cross(mother.trace, father.trace, random_);
        if (father.id != mother.id) child.parents.push_back(father.id);
    }
    // Mostly one decision; now and then two or three at once, to leave a valley.
    while (steps < 3 && below(3) == 0)
        ++steps;
    child.trace = walk(std::move(child.trace), steps);
    return child;
}

std::optional<Proposal> Proposer::climb(const Standing& best) {
    std::vector<Trace> around = space_.neighbours(best.trace);
    std::erase_if(around, [&](const Trace& trace) { return seen_.contains(sign_of(trace)); });
    if (around.empty()) return std::nullopt;
    return Proposal{std::move(around[below(around.size())]), {best.id}};
}

Trace Proposer::walk(Trace trace, int steps) {
    for (int step = 0; step < steps; ++step) {
        std::vector<Trace> around = space_.neighbours(trace);
        if (around.empty()) break;
        trace = std::move(around[below(around.size())]);
    }
    return trace;
}

const Standing& Proposer::tournament(const std::vector<const Standing*>& right) {
    std::size_t winner = below(right.size());
    for (int i = 1; i < kTournament; ++i)
        winner = std::min(winner, below(right.size()));
    return *right[winner];
}

bool Proposer::vetoed(const Trace& trace, const Standings& standings) const {
    const Standing* incumbent = standings.incumbent();
    if (incumbent == nullptr) return false;
    const std::optional<double> expected = space_.cost(trace);
    const std::optional<double> best = space_.cost(incumbent->trace);
    return expected && best && *expected > kVeto * *best;
}

}  // namespace cupel::engineer
