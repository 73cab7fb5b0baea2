// SPDX-License-Identifier: Apache-2.0
#include "engineer/engineer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <utility>

#include "engineer/cpp_text.hpp"
#include "engineer/search.hpp"

namespace cupel::engineer {

namespace {

// Compiled together while nothing is timed; few enough that a found improvement is bred from soon.
constexpr std::size_t kBatch = 4;
constexpr int kFewest = 6;  // kernels, before a ceiling ends a search

double steady_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

std::string one_line(const Trace& trace) {
    std::string text = schedule::print_trace(trace);
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    std::string line;
    for (const char c : text) {
        if (c == '\n') {
            line += "; ";
        } else {
            line += c;
        }
    }
    return line;
}

}  // namespace

using archive::KernelId;

Search::Search(const Space& space, const Desk& desk, const Options& options)
    : space_(space),
      desk_(desk),
      options_(options),
      clock_(options.clock ? options.clock : steady_seconds),
      start_(clock_()),
      proposer_(space, options.seed) {}

Result<Outcome> Search::run() {
    CUPEL_DO(recall());
    CUPEL_DO(note(known_ > 0 ? "resume" : "start",
                  fmt::format("{} kernels known, seed {}", known_, options_.seed)));
    CUPEL_TRY(const Stop stop, search());
    CUPEL_DO(note("stop", std::string(stop_reason(stop))));
    return outcome(stop);
}

Result<void> Search::recall() {
    CUPEL_DO(desk_.archive.each_kernel([&](const archive::KernelRecord& record) -> Result<void> {
        if (record.quarantined) standings_.bar(record.id);
        return {};
    }));
    CUPEL_DO(desk_.archive.each_verdict([&](const archive::VerdictRecord& record) -> Result<void> {
        // A full trial ranks nothing, but it can find what a screen did not.
        if (record.trial != archive::Trial::Screen && verdict::is_right(record.verdict.status))
            return {};
        CUPEL_TRY(const auto kernel, desk_.archive.kernel(record.kernel));
        if (!kernel) return fail(Errc::Corrupt, "the archive lacks a kernel of a verdict");
        Standing standing;
        standing.id = record.kernel;
        if (auto trace = schedule::parse_trace(kernel->kernel.schedule))
            standing.trace = std::move(*trace);
        const Trace trace = standing.trace;
        const auto news = standings_.add(std::move(standing), record.verdict, record.incumbent);
        if (news == Standings::News::Unfounded) return {};
        static_cast<void>(is_new(kernel->kernel.source));
        if (!trace.empty()) proposer_.mark_seen(trace);
        return {};
    }));
    // What was killed between its two screenings is tried as if it were new.
    for (const KernelId id : standings_.promising()) {
        CUPEL_TRY(const auto kernel, desk_.archive.kernel(id));
        if (kernel) tried_.erase(fingerprint(normal_spelling(kernel->kernel.source)));
    }
    known_ = static_cast<int>(tried_.size());
    CUPEL_DO(relearn());
    return note_best();
}

Result<Stop> Search::search() {
    CUPEL_TRY(const std::vector<Candidate> left, unconfirmed());
    CUPEL_TRY(std::optional<Stop> stop, try_batch(left));
    if (!stop) {
        CUPEL_TRY(stop, try_seeds());
    }
    if (stop) return *stop;
    if (space_.complete() && desk_.writers.empty()) return Stop::Exhausted;
    phase_ = Phase::Evolve;
    CUPEL_DO(note("phase", std::string(phase_name(phase_))));
    bool dry = space_.complete();  // no schedule is left
    while (true) {
        std::vector<Candidate> batch;
        if (!dry) batch = breed();
        dry = batch.empty();
        if (dry && writers_done()) return Stop::Exhausted;
        if (dry) {
            std::deque<Candidate> none;
            CUPEL_TRY(batch, next_batch(none, kBatch));
            CUPEL_TRY(stop, try_batch(batch));
        } else {
            CUPEL_TRY(stop, try_all(std::move(batch)));
        }
        if (stop) return *stop;
    }
}

// Schedules that a run was killed with between their two screenings. What a writer wrote is offered
// by that writer again, who is to be told.
Result<std::vector<Search::Candidate>> Search::unconfirmed() {
    std::vector<Candidate> left;
    for (const KernelId id : standings_.promising()) {
        CUPEL_TRY(auto record, desk_.archive.kernel(id));
        if (!record || record->kernel.schedule.empty()) continue;
        Candidate candidate;
        if (auto trace = schedule::parse_trace(record->kernel.schedule))
            candidate.proposal.trace = std::move(*trace);
        candidate.proposal.parents = record->parents;
        candidate.kernel = std::move(record->kernel);
        candidate.phase = std::move(record->phase);
        if (is_new(candidate.kernel.source)) left.push_back(std::move(candidate));
    }
    return left;
}

Result<std::optional<Stop>> Search::try_seeds() {
    phase_ = space_.complete() ? Phase::Enumerate : Phase::Seeds;
    CUPEL_DO(note("phase", std::string(phase_name(phase_))));
    std::vector<Candidate> candidates;
    for (Proposal& proposal : proposer_.seeds()) {
        if (auto candidate = print(std::move(proposal)))
            candidates.push_back(std::move(*candidate));
    }
    return try_all(std::move(candidates));
}

Result<std::optional<Stop>> Search::try_all(std::vector<Candidate> candidates) {
    std::deque<Candidate> queue(std::make_move_iterator(candidates.begin()),
                                std::make_move_iterator(candidates.end()));
    while (!queue.empty()) {
        if (const auto stop = why_stop()) return stop;
        std::size_t count = kBatch;
        if (const auto left = evaluations_left()) {
            count = std::min(count, static_cast<std::size_t>(*left));  // compile nothing in vain
        }
        CUPEL_TRY(const std::vector<Candidate> batch, next_batch(queue, count));
        CUPEL_TRY(const std::optional<Stop> stop, try_batch(batch));
        if (stop) return stop;
    }
    return why_stop();
}

Result<std::optional<Stop>> Search::try_batch(const std::vector<Candidate>& batch) {
    std::vector<verdict::Kernel> kernels;
    kernels.reserve(batch.size());
    for (const Candidate& candidate : batch)
        kernels.push_back(candidate.kernel);
    desk_.evaluator.prepare(kernels);
    for (const Candidate& candidate : batch) {
        if (const auto stop = why_stop()) return stop;
        CUPEL_TRY(const std::optional<Stop> stop, try_one(candidate));
        if (stop) return stop;
    }
    return why_stop();
}

std::optional<Stop> Search::why_stop() const {
    if (options_.stop && options_.stop()) return Stop::Asked;
    const Standing* best = standings_.incumbent();
    // A bound that cannot be lowered says nothing of what a GPU still has to gain.
    // The others of the first few may be quicker all the same: a ceiling is measured shortly, and
    // memory may be a tenth quicker or slower a minute later.
    const bool few = evaluations_ < kFewest;
    if (!few && best != nullptr && !best->bounded && best->share >= options_.enough)
        return Stop::Ceiling;
    if (options_.seconds > 0 && clock_() - start_ >= options_.seconds) return Stop::Budget;
    if (const auto left = evaluations_left(); left && *left == 0) return Stop::Budget;
    if (phase_ == Phase::Evolve && since_gain_ >= options_.patience) return Stop::NoGain;
    return std::nullopt;
}

std::optional<Search::Candidate> Search::print(Proposal proposal) {
    Result<std::string> source = space_.print(proposal.trace);
    if (!source || !is_new(*source)) return std::nullopt;
    verdict::Kernel kernel{std::move(*source), schedule::print_trace(proposal.trace),
                           space_.origin()};
    return Candidate{
        std::move(proposal), std::move(kernel), std::string(phase_name(phase_)), nullptr, {}};
}

// Whatever its comments and spaces: the same kernel is not compiled twice.
bool Search::is_new(const std::string& source) {
    return tried_.insert(fingerprint(normal_spelling(source))).second;
}

std::vector<Search::Candidate> Search::breed() {
    constexpr int kDrySpell = 64;  // refused or known texts in a row
    std::vector<Candidate> batch;
    for (int dry = 0; batch.size() < kBatch && dry < kDrySpell;) {
        std::optional<Proposal> proposal = proposer_.next(standings_);
        if (!proposal) break;
        if (auto candidate = print(std::move(*proposal))) {
            batch.push_back(std::move(*candidate));
            dry = 0;
        } else {
            ++dry;
        }
    }
    return batch;
}

std::optional<int> Search::evaluations_left() const {
    if (options_.evaluations <= 0) return std::nullopt;
    return std::max(0, options_.evaluations - evaluations_);
}

Progress Search::progress(const Candidate& candidate) const {
    Progress progress;
    progress.phase = phase_;
    progress.evaluations = evaluations_;
    progress.right = right_;
    progress.known = known_;
    progress.trying =
        candidate.writer != nullptr ? candidate.phase : one_line(candidate.proposal.trace);
    progress.spending = spending();
    progress.best = best_;
    progress.evaluations_left = evaluations_left();
    if (options_.seconds > 0) {
        progress.seconds_left = std::max(0.0, options_.seconds - (clock_() - start_));
    }
    return progress;
}

Result<Outcome> Search::outcome(Stop stop) const {
    Outcome outcome;
    for (const Standing* standing : standings_.ranked()) {
        if (static_cast<int>(outcome.finalists.size()) >= options_.finalists) break;
        CUPEL_TRY(auto record, desk_.archive.kernel(standing->id));
        if (!record) return fail(Errc::Corrupt, "the archive lacks a finalist");
        outcome.finalists.push_back({standing->id, std::move(record->kernel), standing->score});
    }
    outcome.best = best_;
    outcome.stop = stop;
    outcome.evaluations = evaluations_;
    outcome.spending = spending();
    outcome.seconds = clock_() - start_;
    return outcome;
}

Result<void> Search::note(std::string kind, std::string text) {
    return desk_.archive.record_event({std::move(kind), std::move(text), clock_() - start_, ""});
}

std::string_view phase_name(Phase phase) {
    switch (phase) {
        case Phase::Seeds:
            return "seeds";
        case Phase::Enumerate:
            return "enumerate";
        case Phase::Evolve:
            break;
    }
    return "evolve";
}

std::string_view stop_reason(Stop stop) {
    switch (stop) {
        case Stop::Ceiling:
            return "as fast as the machine allows";
        case Stop::NoGain:
            return "nothing better for many evaluations";
        case Stop::Budget:
            return "the budget is spent";
        case Stop::Exhausted:
            return "nothing is left to try";
        case Stop::Asked:
            break;
    }
    return "asked to stop";
}

Result<Outcome> optimize(const Space& space, const Desk& desk, const Options& options) {
    return Search(space, desk, options).run();
}

Result<Outcome> optimize(const task::Task& task, const schedule::Width& width, const Desk& desk,
                         const Options& options) {
    const std::unique_ptr<Space> space = schedule_space(task, width);
    return optimize(*space, desk, options);
}

}  // namespace cupel::engineer
