// SPDX-License-Identifier: Apache-2.0
// Who writes the next kernel: the schedules, or one of the writers beside them.
#include <algorithm>
#include <utility>

#include "engineer/lessons.hpp"
#include "engineer/search.hpp"

namespace cupel::engineer {

using archive::KernelId;

// What all have learned in an earlier part of the run, in the order of then. Seeds teach nothing:
// they are tried whatever comes of them, and what beats naive first says little of what is next.
Result<void> Search::relearn() {
    if (desk_.writers.empty()) return {};
    CUPEL_TRY(const TrialLog log, TrialLog::read(desk_.archive));
    begun_ = log.begun();
    std::vector<Lesson> lessons;
    for (const auto& [kernel, done] : log.done()) {
        if (!done.schedule || done.phase == phase_name(Phase::Seeds)) continue;
        lessons.push_back(
            {done.when, schedules_arm(), done.gain, done.seconds * kSecondCosts, false});
    }
    for (Writer* writer : desk_.writers) {
        std::vector<Lesson> more = writer->learn_with(bandit_);
        std::ranges::move(more, std::back_inserter(lessons));
    }
    std::ranges::stable_sort(lessons, {}, &Lesson::when);
    for (const Lesson& lesson : lessons) {
        if (lesson.late) {
            bandit_->reward(lesson.arm, lesson.gain, lesson.cost);
        } else {
            bandit_->learn(lesson.arm, lesson.gain, lesson.cost);
        }
    }
    return {};
}

// What is written already comes first: it is paid for. Then it is decided for each place of the
// batch whose it is; `schedules` is taken from.
Result<std::vector<Search::Candidate>> Search::next_batch(std::deque<Candidate>& schedules,
                                                          std::size_t most) {
    CUPEL_TRY(std::vector<Candidate> batch, drafts(most, false));
    std::size_t pending = 0;  // schedules
    for (std::size_t turns = 0; turns < most && batch.size() < most; ++turns) {
        const Turn turn = next_turn(!schedules.empty(), pending);
        if (turn.writer != nullptr) {
            ++asked_[turn.arm];
            CUPEL_DO(turn.writer->ask(standings_, turn.arm));
            CUPEL_TRY(std::vector<Candidate> written, drafts(most - batch.size(), false));
            std::ranges::move(written, std::back_inserter(batch));
            // Whose turn it was may be the best still, and is known to be when this was tried.
            if (!written.empty()) break;
        } else if (!schedules.empty()) {
            batch.push_back(std::move(schedules.front()));
            schedules.pop_front();
            ++pending;
        }
    }
    if (!batch.empty()) return batch;
    return drafts(most, true);
}

Search::Turn Search::next_turn(bool schedules_left, std::size_t pending) {
    constexpr int kHearings = 3;
    std::vector<Turn> turns;
    for (Writer* writer : desk_.writers) {
        for (Arm& arm : writer->bids(standings_))
            turns.push_back({writer, std::move(arm)});
    }
    if (turns.empty()) return {};
    // Before a search is given up for want of a gain, everybody was asked since the last one.
    const auto heard = [&](const Turn& turn) {
        const auto asked = asked_.find(turn.arm);
        return asked != asked_.end() && asked->second >= kHearings;
    };
    if (since_gain_ >= options_.patience / 2 && !std::ranges::all_of(turns, heard)) {
        std::erase_if(turns, heard);
        schedules_left = false;
    }
    if (schedules_left) turns.push_back({nullptr, schedules_arm()});
    // What is to be tried already is taken to bring what it usually does.
    Bandit guess = *bandit_;
    const Bandit::Expected usual = guess.expected(schedules_arm());
    for (std::size_t i = 0; usual.pulls > 0 && i < pending; ++i)
        guess.learn(schedules_arm(), usual.gain, usual.cost);
    std::vector<Arm> arms;
    arms.reserve(turns.size());
    for (const Turn& turn : turns)
        arms.push_back(turn.arm);
    return turns[guess.choose(arms)];
}

Result<std::vector<Search::Candidate>> Search::drafts(std::size_t most, bool idle) {
    std::vector<Candidate> candidates;
    for (Writer* writer : desk_.writers) {
        if (candidates.size() >= most) break;
        CUPEL_TRY(std::vector<Draft> written,
                  writer->write(standings_, most - candidates.size(), idle && candidates.empty()));
        for (Draft& draft : written) {
            const bool clean = std::ranges::none_of(
                draft.parents, [&](KernelId parent) { return standings_.is_barred(parent); });
            if (clean && is_new(draft.kernel.source)) {
                Candidate& candidate = candidates.emplace_back();
                candidate.proposal.parents = draft.parents;
                candidate.kernel = draft.kernel;
                candidate.phase = draft.phase;
                candidate.writer = writer;
                candidate.draft = std::move(draft);
                continue;
            }
            CUPEL_DO(writer->passed_over(draft));
        }
    }
    return candidates;
}

bool Search::writers_done() const {
    return std::ranges::all_of(desk_.writers, [](const Writer* writer) { return writer->done(); });
}

Spending Search::spending() const {
    Spending all;
    for (const Writer* writer : desk_.writers) {
        const Spending one = writer->spending();
        all.dollars += one.dollars;
        all.calls += one.calls;
        all.waiting += one.waiting;
        all.tokens += one.tokens;
        if (all.ended.empty()) all.ended = one.ended;
    }
    return all;
}

}  // namespace cupel::engineer
