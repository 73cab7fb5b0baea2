// SPDX-License-Identifier: Apache-2.0
// One search, of which the rest of the room sees optimize() only: what is tried next is in
// engineer.cpp, who writes it in search_turns.cpp, what becomes of one kernel in search_trial.cpp.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "engineer/engineer.hpp"
#include "engineer/proposer.hpp"
#include "engineer/standings.hpp"
#include "engineer/writer.hpp"

namespace cupel::engineer {

class Search {
public:
    // All must outlive it.
    Search(const Space& space, const Desk& desk, const Options& options);

    [[nodiscard]] Result<Outcome> run();

private:
    struct Candidate {
        Proposal proposal;
        verdict::Kernel kernel;
        std::string phase;         // for the archive
        Writer* writer = nullptr;  // null: a schedule
        Draft draft;               // of the writer
    };

    [[nodiscard]] Result<void> recall();
    [[nodiscard]] Result<Stop> search();
    // These return why to stop, or nothing to go on.
    [[nodiscard]] Result<std::optional<Stop>> try_seeds();
    [[nodiscard]] Result<std::optional<Stop>> try_all(std::vector<Candidate> candidates);
    [[nodiscard]] Result<std::optional<Stop>> try_batch(const std::vector<Candidate>& batch);
    [[nodiscard]] Result<std::optional<Stop>> try_one(const Candidate& candidate);
    struct Seen {
        Standings::News news;
        Trial trial;
    };
    // None: asked to stop.
    [[nodiscard]] Result<std::optional<Seen>> screen(const Candidate& candidate,
                                                     archive::KernelId id);
    [[nodiscard]] Result<std::vector<Candidate>> unconfirmed();
    [[nodiscard]] Result<void> bar_descendants(const verdict::Verdict& verdict);
    [[nodiscard]] Result<void> depose(const verdict::Verdict& verdict, double seconds);
    [[nodiscard]] std::optional<Stop> why_stop() const;

    // Printed, unless the decisions do not go together or the text has had its verdict.
    [[nodiscard]] std::optional<Candidate> print(Proposal proposal);
    [[nodiscard]] std::vector<Candidate> breed();
    // Who writes the next kernel (search_turns.cpp).
    struct Turn {
        Writer* writer = nullptr;  // null: the schedules
        Arm arm;
    };
    [[nodiscard]] Result<void> relearn();
    [[nodiscard]] Result<std::vector<Candidate>> next_batch(std::deque<Candidate>& schedules,
                                                            std::size_t most);
    [[nodiscard]] Turn next_turn(bool schedules_left, std::size_t pending);
    // What the writers have ready.
    [[nodiscard]] Result<std::vector<Candidate>> drafts(std::size_t most, bool idle);
    [[nodiscard]] bool writers_done() const;
    [[nodiscard]] Spending spending() const;
    [[nodiscard]] bool is_new(const std::string& source);
    [[nodiscard]] Progress progress(const Candidate& candidate) const;
    [[nodiscard]] Result<Outcome> outcome(Stop stop) const;
    // The incumbent's text; null while there is none.
    [[nodiscard]] Result<const verdict::Kernel*> rival();
    // Reads what is told of the best kernel, where another one leads.
    [[nodiscard]] Result<void> note_best();
    [[nodiscard]] Result<void> note(std::string kind, std::string text);
    [[nodiscard]] std::optional<int> evaluations_left() const;

    const Space& space_;
    const Desk& desk_;
    const Options& options_;
    std::function<double()> clock_;
    double start_;
    Proposer proposer_;
    Standings standings_;
    std::shared_ptr<Bandit> bandit_ = std::make_shared<Bandit>();
    std::map<archive::KernelId, double> begun_;  // seconds of trials that were cut short
    std::map<Arm, int> asked_;                   // turns since something was gained
    std::unordered_set<std::uint64_t> tried_;    // fingerprints of sources, in one spelling
    std::optional<archive::KernelId> rival_id_;  // of rival_
    verdict::Kernel rival_;
    std::optional<Best> best_;
    Phase phase_ = Phase::Seeds;
    int known_ = 0;
    int evaluations_ = 0;
    int right_ = 0;
    int since_gain_ = 0;
};

}  // namespace cupel::engineer
