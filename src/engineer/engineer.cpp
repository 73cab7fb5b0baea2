// SPDX-License-Identifier: Apache-2.0
#include "engineer/engineer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "base/hash.hpp"
#include "engineer/proposer.hpp"
#include "engineer/standings.hpp"

namespace cupel::engineer {

namespace {

using archive::KernelId;
using verdict::Verdict;

// Compiled together while nothing is timed; few enough that a found improvement is bred from soon.
constexpr std::size_t kBatch = 4;

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

class Search {
public:
    Search(const Space& space, const Desk& desk, const Options& options)
        : space_(space),
          desk_(desk),
          options_(options),
          clock_(options.clock ? options.clock : steady_seconds),
          start_(clock_()),
          proposer_(space, options.seed) {}

    [[nodiscard]] Result<Outcome> run();

private:
    struct Candidate {
        Proposal proposal;
        verdict::Kernel kernel;
    };

    [[nodiscard]] Result<void> recall();
    [[nodiscard]] Result<Stop> search();
    // These return why to stop, or nothing to go on.
    [[nodiscard]] Result<std::optional<Stop>> try_seeds();
    [[nodiscard]] Result<std::optional<Stop>> try_all(std::vector<Candidate> candidates);
    [[nodiscard]] Result<std::optional<Stop>> try_one(const Candidate& candidate);
    [[nodiscard]] Result<void> depose(const verdict::Verdict& verdict, double seconds);
    [[nodiscard]] std::optional<Stop> why_stop() const;

    // Printed, unless the decisions do not go together or the text has had its verdict.
    [[nodiscard]] std::optional<Candidate> print(Proposal proposal);
    [[nodiscard]] std::vector<Candidate> breed();
    [[nodiscard]] Progress progress(const Candidate& candidate) const;
    [[nodiscard]] Outcome outcome(Stop stop) const;
    [[nodiscard]] Result<void> note(std::string kind, std::string text);
    [[nodiscard]] std::optional<int> evaluations_left() const;

    const Space& space_;
    const Desk& desk_;
    const Options& options_;
    std::function<double()> clock_;
    double start_;
    Proposer proposer_;
    Standings standings_;
    std::set<std::string> tried_;  // hashes of sources
    Phase phase_ = Phase::Seeds;
    int known_ = 0;
    int evaluations_ = 0;
    int right_ = 0;
    int since_gain_ = 0;
};

Result<Outcome> Search::run() {
    CUPEL_DO(recall());
    CUPEL_DO(note(known_ > 0 ? "resume" : "start",
                  fmt::format("{} kernels known, seed {}", known_, options_.seed)));
    CUPEL_TRY(const Stop stop, search());
    CUPEL_DO(note("stop", std::string(stop_reason(stop))));
    return outcome(stop);
}

Result<void> Search::recall() {
    CUPEL_TRY(std::vector<archive::KernelRecord> kernels, desk_.archive.kernels());
    CUPEL_TRY(const std::vector<archive::VerdictRecord> verdicts, desk_.archive.verdicts());
    std::map<KernelId, archive::KernelRecord*> by_id;
    for (archive::KernelRecord& record : kernels) {
        by_id[record.id] = &record;
        if (record.quarantined) standings_.bar(record.id);
    }
    for (const archive::VerdictRecord& record : verdicts) {
        const archive::KernelRecord& kernel = *by_id.at(record.kernel);
        // A full trial ranks nothing, but it can find what a screen did not.
        if (record.trial != archive::Trial::Screen && verdict::is_right(record.verdict.status))
            continue;
        Standing standing;
        standing.id = record.kernel;
        standing.kernel = kernel.kernel;
        if (auto trace = schedule::parse_trace(kernel.kernel.schedule))
            standing.trace = std::move(*trace);
        const Trace trace = standing.trace;
        const auto news = standings_.add(std::move(standing), record.verdict, record.incumbent);
        if (news == Standings::News::Unfounded) continue;
        tried_.insert(kernel.hash);
        if (!trace.empty()) proposer_.mark_seen(trace);
    }
    known_ = static_cast<int>(tried_.size());
    return {};
}

Result<Stop> Search::search() {
    CUPEL_TRY(std::optional<Stop> stop, try_seeds());
    if (stop) return *stop;
    if (space_.complete()) return Stop::Exhausted;
    phase_ = Phase::Evolve;
    CUPEL_DO(note("phase", std::string(phase_name(phase_))));
    while (true) {
        std::vector<Candidate> batch = breed();
        if (batch.empty()) return Stop::Exhausted;
        CUPEL_TRY(stop, try_all(std::move(batch)));
        if (stop) return *stop;
    }
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
    for (std::size_t first = 0; first < candidates.size(); first += kBatch) {
        if (const auto stop = why_stop()) return stop;
        std::size_t count = std::min(kBatch, candidates.size() - first);
        if (const auto left = evaluations_left()) {
            count = std::min(count, static_cast<std::size_t>(*left));  // compile nothing in vain
        }
        std::vector<verdict::Kernel> kernels;
        kernels.reserve(count);
        for (std::size_t i = 0; i < count; ++i)
            kernels.push_back(candidates[first + i].kernel);
        desk_.evaluator.prepare(kernels);
        for (std::size_t i = 0; i < count; ++i) {
            if (const auto stop = why_stop()) return stop;
            CUPEL_TRY(const std::optional<Stop> stop, try_one(candidates[first + i]));
            if (stop) return stop;
        }
    }
    return why_stop();
}

Result<std::optional<Stop>> Search::try_one(const Candidate& candidate) {
    CUPEL_TRY(const KernelId id,
              desk_.archive.record_kernel(
                  {candidate.kernel, std::string(phase_name(phase_)), candidate.proposal.parents}));
    if (desk_.observer != nullptr) desk_.observer->before(progress(candidate));
    const double begin = clock_();
    const Standing* incumbent = standings_.incumbent();
    Result<verdict::Screening> found;
    while (true) {
        found = desk_.evaluator.screen(candidate.kernel, incumbent ? &incumbent->kernel : nullptr);
        if (!found || !found->of_incumbent) break;
        CUPEL_DO(depose(found->verdict, clock_() - begin));
        incumbent = standings_.incumbent();
    }
    if (!found) {
        if (found.error().code == Errc::Interrupted) return Stop::Asked;
        return std::unexpected(std::move(found.error()).in("try a kernel"));
    }
    const Verdict& verdict = found->verdict;
    const std::optional<KernelId> against = incumbent ? std::optional(incumbent->id) : std::nullopt;
    ++evaluations_;
    right_ += verdict::is_right(verdict.status) ? 1 : 0;
    Standing standing;
    standing.id = id;
    standing.kernel = candidate.kernel;
    standing.trace = candidate.proposal.trace;
    const auto news = standings_.add(std::move(standing), verdict, against);
    since_gain_ = news == Standings::News::Promoted ? 0 : since_gain_ + 1;
    archive::NewVerdict record;
    record.kernel = id;
    record.verdict = verdict;
    record.incumbent = against;
    record.score = standings_.score(id);
    record.seconds = clock_() - begin;
    CUPEL_DO(desk_.archive.record_verdict(record));
    if (desk_.observer != nullptr) desk_.observer->after(progress(candidate), verdict);
    return std::nullopt;
}

// A kernel that is wrong once was never right: it and what was compared with it lose their places.
Result<void> Search::depose(const verdict::Verdict& verdict, double seconds) {
    const Standing fallen = *standings_.incumbent();
    standings_.add(fallen, verdict, std::nullopt);
    archive::NewVerdict record;
    record.kernel = fallen.id;
    record.verdict = verdict;
    record.score = standings_.score(fallen.id);
    record.seconds = seconds;
    return desk_.archive.record_verdict(record);
}

std::optional<Stop> Search::why_stop() const {
    if (options_.stop && options_.stop()) return Stop::Asked;
    const Standing* best = standings_.incumbent();
    if (best != nullptr && best->ceiling && best->ceiling->share >= options_.enough)
        return Stop::Ceiling;
    if (options_.seconds > 0 && clock_() - start_ >= options_.seconds) return Stop::Budget;
    if (const auto left = evaluations_left(); left && *left == 0) return Stop::Budget;
    if (phase_ == Phase::Evolve && since_gain_ >= options_.patience) return Stop::NoGain;
    return std::nullopt;
}

std::optional<Search::Candidate> Search::print(Proposal proposal) {
    Result<std::string> source = space_.print(proposal.trace);
    if (!source || !tried_.insert(hash_hex(*source)).second) return std::nullopt;
    verdict::Kernel kernel{std::move(*source), schedule::print_trace(proposal.trace),
                           space_.origin()};
    return Candidate{std::move(proposal), std::move(kernel)};
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
    progress.trying = one_line(candidate.proposal.trace);
    progress.best = standings_.best();
    progress.evaluations_left = evaluations_left();
    if (options_.seconds > 0) {
        progress.seconds_left = std::max(0.0, options_.seconds - (clock_() - start_));
    }
    return progress;
}

Outcome Search::outcome(Stop stop) const {
    Outcome outcome;
    for (const Standing* standing : standings_.ranked()) {
        if (static_cast<int>(outcome.finalists.size()) >= options_.finalists) break;
        outcome.finalists.push_back({standing->id, standing->kernel, standing->score});
    }
    outcome.best = standings_.best();
    outcome.stop = stop;
    outcome.evaluations = evaluations_;
    outcome.seconds = clock_() - start_;
    return outcome;
}

Result<void> Search::note(std::string kind, std::string text) {
    return desk_.archive.record_event({std::move(kind), std::move(text), clock_() - start_, ""});
}

}  // namespace

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
