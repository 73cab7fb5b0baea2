// SPDX-License-Identifier: Apache-2.0
// A race: contenders answer the same fresh questions on the same physical buffers, in random order,
// in pairs (or more) of fresh processes; every answer is captured and checked. The candidate is on
// trial; the others are the panel it is compared with.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "referee/arena.hpp"
#include "referee/check.hpp"
#include "referee/overhead.hpp"
#include "referee/session.hpp"
#include "verdict/verdict.hpp"

namespace cupel::referee {

struct Entry {
    std::string name;  // kCandidate for the one on trial, which comes first
    Program program;
    // A kernel that whoever wrote the candidate may have written too: it is timed and checked as
    // any, but nobody's answers are held to its, and nobody is too slow because of it.
    bool is_users = false;
};

struct Plan {
    int processes = 8;  // at least
    int most_processes = 24;
    int fewest_processes = 5;       // enough even if the time is spent
    int rounds = 12;                // counted rounds in a process, at most
    int fewest_rounds = 3;          // so that the median of a process outvotes one bad window
    double seconds = 4;             // when this is spent, no further process is begun
    double half_width = 0.01;       // relative; narrow enough to stop
    double oracle_seconds = 0.012;  // per round
    std::size_t least_positions = 32;
    double window_timeout = 10;
    int threads = 1;
    std::vector<std::string> slow;    // entries that an earlier race of this task found to be slow
    std::vector<std::string> behind;  // ... or to be behind, which only counts without_slow:
    bool without_slow = false;        // none of these is asked at all
    // Only scores are wanted: where one is many times slower than the other, one round says enough.
    bool roughly = false;
    std::function<bool()> stop;
    std::function<void(std::string_view, double)> progress;
};

// What an entry did that ends the trial.
struct Fault {
    verdict::Status status = verdict::Status::Wrong;
    std::optional<int> law;
    std::string reason;
};

// How a window ended that was not answered, as a fault.
[[nodiscard]] Fault fault_of(const Window& window);

struct Outcome {
    std::optional<Fault> fault;
    std::size_t at_fault = 0;  // whose: an entry's number; 0 is the candidate
    std::vector<verdict::Sample> samples;
    verdict::Evidence evidence;
    verdict::Isolation isolation;
    std::vector<std::string> slow;    // entries that this race or an earlier one found to be slow
    std::vector<std::string> behind;  // ... and to be behind
};

class Race {
public:
    Race(const task::Task& task, Arena& arena, Checker& checker, Overhead overhead)
        : task_(&task), arena_(&arena), checker_(&checker), overhead_(overhead) {}

    // Error: the machine failed.
    [[nodiscard]] Result<Outcome> run(const std::vector<Entry>& entries, const Plan& plan);

private:
    using Bytes = std::vector<std::byte>;
    struct Round {
        int process = 0;
        int number = 0;
        int timed = 0;      // its place among the rounds that are not extra
        bool wide = false;  // widened questions: checked, never counted
        int questions = 1;
        std::uint64_t first_key = 0;  // of its questions, under the seed of the judgement
        std::vector<int> watched;     // the secret slots whose answers are compared whole
        std::vector<Probe> probes;    // one per question
        // Whose watched answers were copied: the first of candidate and reference, or, before
        // either, a user's rival.
        std::optional<std::size_t> copied;
        bool spares = false;  // a reference that is spared
    };

    [[nodiscard]] Result<void> run_process(const std::vector<Entry>& entries, const Plan& plan,
                                           int process, Outcome& outcome);
    using Sessions = std::vector<std::optional<Session>>;
    [[nodiscard]] Result<Sessions> start(const std::vector<Entry>& entries, const Plan& plan,
                                         int process, Outcome& outcome);
    [[nodiscard]] Result<void> ask(const Plan& plan, Round& round);
    struct Turn {
        Session& session;
        const Entry& entry;
        std::size_t number = 0;  // of the entry
        int order = 0;           // in the round
    };
    [[nodiscard]] Result<void> answer(const Turn& turn, const Plan& plan, Round& round,
                                      Outcome& outcome);
    // Who is wrong, and how.
    struct Wrong {
        std::size_t entry = 0;
        std::string words;
    };
    [[nodiscard]] Result<std::optional<Wrong>> check_answers(Round& round, std::size_t entry,
                                                             Outcome& outcome);
    // Answers are compared whole between candidate and reference. Those of a user's rival are with
    // whoever came before, too: what the referee does after a window is felt in the next one, by 3
    // us, and candidate and rival should have the same before theirs.
    [[nodiscard]] bool is_of_pair(std::size_t entry) const {
        return entry == 0 || entry == reference_;
    }
    void copy_watched(const Round& round);
    struct Two {  // entries: whose answers are in the arena, and whose were copied
        std::size_t here = 0;
        std::size_t copied = 0;
    };
    [[nodiscard]] Result<std::optional<Wrong>> settle_disputes(const Round& round, const Two& two,
                                                               Outcome& outcome);
    [[nodiscard]] bool draw_wide(int process, int number) const;
    [[nodiscard]] Kind draw_kind(const Round& round) const;
    // A panel member many times slower than its best cannot be what the claim is divided by; asked
    // in every round it would eat the time that the claim needs. It is asked in one counted round
    // of a few processes.
    void find_slow(const std::vector<Entry>& entries, int round, const Outcome& outcome);
    // The reference is never slow, as it is the quickest that may be it; but a user's rival may be
    // many times quicker still. Then it answers the first two rounds of each process and others by
    // chance: in which rounds answers are compared whole must not be foretold.
    void spare_reference(const std::vector<Entry>& entries, const Outcome& outcome);
    // After each of the first processes: who was found slow, and is not by the windows since then,
    // is asked in full again; who is behind (trailing.hpp) is asked in no further process.
    void look_again(const std::vector<Entry>& entries, int process, const Outcome& outcome);
    // Least seconds per question of each entry so far.
    [[nodiscard]] std::vector<double> least_of(const std::vector<Entry>& entries,
                                               const Outcome& outcome) const;
    // The quickest that may be it, by counted windows, in place of one that is behind.
    void choose_reference(const std::vector<Entry>& entries, const Outcome& outcome);
    [[nodiscard]] bool sits_out(std::size_t entry, const Round& round) const;
    // The candidate's least time over that of the best opponent, as one window that was held up
    // must hide neither; 1 where nothing is known yet. A candidate that is many times slower is
    // asked only as often as an interval needs: one that sleeps would else hold the referee for
    // minutes. So is, where only scores are wanted, an opponent that slow.
    [[nodiscard]] double least_ratio(const std::vector<Entry>& entries,
                                     const Outcome& outcome) const;
    void size_windows(const Outcome& outcome);
    void size_rounds(const Plan& plan, double spent, double process_seconds);
    [[nodiscard]] bool enough(const std::vector<Entry>& entries, const Plan& plan,
                              const Outcome& outcome, int done, double spent) const;

    const task::Task* task_;
    Arena* arena_;
    Checker* checker_;
    Overhead overhead_;
    std::vector<bool> is_users_;  // per entry
    std::vector<bool> slow_;      // per entry: asked just often enough for a rough figure
    std::vector<bool> behind_;    // per entry: not asked any more
    std::vector<bool> left_out_;  // ... or not at all
    std::size_t reference_ =
        1;  // the quickest opponent but a user's: its answers are compared whole
    // Those answers, per watched slot; kept between rounds, since fresh pages cost time.
    std::vector<std::vector<Bytes>> copies_;
    bool spared_ = false;      // the reference: not asked in every round
    double slow_seconds_ = 0;  // spent in windows of slow entries
    bool hopeless_ = false;
    bool landslide_ = false;  // hopeless, or the other way round where only scores are wanted
    int questions_ = 1;       // a full window's
    int rounds_ = 2;          // counted, per process
    std::vector<AnswerErrors> errors_;  // per entry, over the whole race
};

}  // namespace cupel::referee
