// SPDX-License-Identifier: Apache-2.0
#include "referee/race.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "base/hash.hpp"
#include "os/clock.hpp"
#include "referee/estimate.hpp"
#include "referee/parallel.hpp"
#include "referee/round.hpp"
#include "referee/trailing.hpp"

namespace cupel::referee {
namespace {

constexpr double kWindowSeconds =
    4e-3;  // a window should last this long, so that its fixed cost hardly matters
constexpr double kSlow = 8;           // times the quickest opponent
constexpr double kPanelPatience = 6;  // a naive product may take seconds, on a loud machine tens
// Questions of a widened warm-up, so that even a screening sees a whole hand; where they would take
// longer than this, half a hand, as who is hopelessly slow has two processes after the first.
constexpr int kFewestWide = WideDeal::kHand;
constexpr int kFewestWideOfSlow = kFewestWide / 2;
constexpr double kWideSeconds = 1;

// Elements per output of answers compared whole that the oracle is then asked about: the largest
// differences settle the rest.
constexpr std::size_t kSuspectsOfOne = 16;
constexpr std::size_t kSuspectsOfMany = 8;  // the least that holds the worst of either kind

std::chrono::nanoseconds to_ns(double seconds) {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

std::vector<std::size_t> shuffled(std::size_t count) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::mt19937_64 random(random_u64());
    std::shuffle(order.begin(), order.end(), random);
    return order;
}

int fewest_wide(const Outcome& outcome) {
    double slowest = 0;
    for (const verdict::Sample& sample : outcome.samples)
        slowest = std::max(slowest, sample.seconds / sample.questions);
    return slowest * kFewestWide < kWideSeconds ? kFewestWide : kFewestWideOfSlow;
}

// Whoever fails ends the trial.
void blame(Outcome& outcome, std::size_t number, Fault fault) {
    outcome.fault = std::move(fault);
    outcome.at_fault = number;
}

}  // namespace

Fault fault_of(const Window& window) {
    switch (window.ending) {
        case Ending::TimedOut:
            return {.status = verdict::Status::TimedOut, .law = {}, .reason = window.reason};
        case Ending::Threads:
            return {.status = verdict::Status::Cheating, .law = 6, .reason = window.reason};
        case Ending::Answered:
        case Ending::Died:
            break;
    }
    if (window.by_jail)
        return {.status = verdict::Status::Cheating, .law = 14, .reason = window.reason};
    return {.status = verdict::Status::Crashed, .law = {}, .reason = window.reason};
}

Result<Outcome> Race::run(const std::vector<Entry>& entries, const Plan& plan) {
    Outcome outcome;
    errors_.assign(entries.size(), {});
    is_users_.clear();
    for (const Entry& entry : entries)
        is_users_.push_back(entry.is_users);
    slow_.assign(entries.size(), false);
    behind_.assign(entries.size(), false);
    left_out_.assign(entries.size(), false);
    const auto is_in = [](const std::vector<std::string>& names, const Entry& entry) {
        return std::ranges::find(names, entry.name) != names.end();
    };
    for (std::size_t i = 1; i < entries.size(); ++i) {
        slow_[i] = is_in(plan.slow, entries[i]);
        behind_[i] = plan.without_slow && is_in(plan.behind, entries[i]);
        left_out_[i] = plan.without_slow && slow_[i];
    }
    reference_ = 1;
    while (reference_ + 1 < entries.size() &&
           (slow_[reference_] || behind_[reference_] || entries[reference_].is_users))
        ++reference_;
    const std::int64_t begin = os::now_ns();
    for (int process = 0; process < plan.most_processes; ++process) {
        const std::int64_t process_begin = os::now_ns();
        CUPEL_DO(run_process(entries, plan, process, outcome));
        if (outcome.fault) break;
        const double spent = os::seconds_since(begin) - slow_seconds_;
        if (process == 0) {
            size_rounds(plan, spent, os::seconds_since(process_begin) - slow_seconds_);
        }
        look_again(entries, process, outcome);
        spare_reference(entries, outcome);
        if (plan.progress) {
            plan.progress("measuring",
                          std::min({1.0, (process + 1.0) / plan.processes, spent / plan.seconds}));
        }
        if (enough(entries, plan, outcome, process + 1, spent)) break;
    }
    for (std::size_t i = 1; i < entries.size(); ++i) {
        if (slow_[i]) outcome.slow.push_back(entries[i].name);
        if (behind_[i]) outcome.behind.push_back(entries[i].name);
    }
    outcome.evidence.worst_error = errors_.front().worst;
    outcome.evidence.detection = detection(outcome.evidence.positions);
    return outcome;
}

bool Race::enough(const std::vector<Entry>& entries, const Plan& plan, const Outcome& outcome,
                  int done, double spent) const {
    if (hopeless_ && done >= std::min(kTrailProcesses, plan.processes)) {
        // One bad window looks like that too; what ends here must never be called faster.
        const std::string& opponent = entries.at(reference_).name;
        if (log_speedup(outcome.samples, opponent, overhead_).high < 0) return true;
    }
    if (spent >= plan.seconds && done >= plan.fewest_processes) return true;
    if (done < plan.processes) return false;
    if (entries.size() < 2) return true;
    for (std::size_t i = 1; i < entries.size(); ++i) {
        const stats::Estimate estimate = log_speedup(outcome.samples, entries[i].name, overhead_);
        if (i == reference_ && spared_) continue;
        if (!slow_[i] && !behind_[i] && !(estimate.high - estimate.low <= 2 * plan.half_width))
            return false;
    }
    return true;
}

// Who will not be asked is not started: PyTorch takes half a second to load, on loud machines
// seconds. The others load at once, libraries first, but for a user's own rival: who may want the
// candidate to be slow does not run beside it. It is begun after the candidate in one process and
// before it in the next.
Result<Race::Sessions> Race::start(const std::vector<Entry>& entries, const Plan& plan, int process,
                                   Outcome& outcome) {
    Sessions sessions(entries.size());
    const auto begin_those = [&](auto is_meant) -> Result<void> {
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const bool asked =
                !behind_[i] && !left_out_[i] && !(slow_[i] && process >= kTrailProcesses);
            if (!asked || sessions[i] || !is_meant(entries[i])) continue;
            CUPEL_TRY(sessions[i], Session::begin(entries[i].program, *arena_, plan.threads));
        }
        return {};
    };
    std::vector<bool> loaded(entries.size(), false);
    // The candidate comes first among those, so that its constructor is no other's fault.
    const auto load_those = [&](auto is_meant) -> Result<void> {
        for (std::size_t i = 0; i < entries.size() && !outcome.fault; ++i) {
            if (!sessions[i] || loaded[i] || !is_meant(entries[i])) continue;
            CUPEL_DO(sessions[i]->load(to_ns(plan.window_timeout)));
            if (sessions[i]->ending()) blame(outcome, i, fault_of(*sessions[i]->ending()));
            outcome.isolation = {.parts = sessions[i]->held().parts,
                                 .missing = sessions[i]->held().missing};
            loaded[i] = true;
        }
        return {};
    };
    const auto is_library = [](const Entry& entry) { return entry.program.library.is_called(); };
    const auto is_ours = [](const Entry& entry) {
        return entry.name != kCandidate && !entry.is_users;
    };
    const auto is_candidate = [](const Entry& entry) { return entry.name == kCandidate; };
    const auto is_users = [](const Entry& entry) { return entry.is_users; };
    CUPEL_DO(begin_those(is_library));
    if (process % 2 == 1) {
        CUPEL_DO(begin_those(is_users));
        CUPEL_DO(load_those(is_users));
        if (outcome.fault) return sessions;
    }
    CUPEL_DO(begin_those(is_candidate));
    CUPEL_DO(begin_those(is_ours));
    CUPEL_DO(load_those(is_candidate));
    CUPEL_DO(begin_those(is_users));
    CUPEL_DO(load_those([](const Entry&) { return true; }));
    return sessions;
}

// Always in the warm-up of the second process, so that even a screening sees some, and of as many
// more as it takes until a whole hand was asked. Where the formula only adds and multiplies, wide
// questions cost no more than others: there they are drawn one by one and timed.
bool Race::draw_wide(int process, int number) const {
    if (number == 0) return process == 1 || (process > 1 && !arena_->has_dealt_wide_hand());
    return !arena_->composer().is_polynomial() && random_u64() % kWideEvery == 0;
}

// In the warm-up of the first process all are exact, so that even a screening sees some.
Kind Race::draw_kind(const Round& round) const {
    if (round.wide) return Kind::Wide;
    if (round.process == 0 && round.number == 0) return Kind::Exact;
    return referee::draw_kind(arena_->composer().is_polynomial(), arena_->number_of_kind());
}

Result<void> Race::run_process(const std::vector<Entry>& entries, const Plan& plan, int process,
                               Outcome& outcome) {
    CUPEL_TRY(Sessions sessions, start(entries, plan, process, outcome));
    if (outcome.fault) return {};
    // No answer is left that an earlier process, or a constructor of these, could have hidden.
    arena_->poison(arena_->slots());
    std::vector<std::size_t> order;
    int timed = 0;
    for (int number = 0; timed <= rounds_; ++number) {
        if (plan.stop && plan.stop()) return fail(Errc::Interrupted, "interrupted");
        Round round{.process = process,
                    .number = number,
                    .timed = timed,
                    .wide = draw_wide(process, number),
                    .questions = questions_in(questions_, timed, random_u64()),
                    .first_key = 0,
                    .watched = {},
                    .probes = {},
                    .copied = std::nullopt,
                    .spares = spared_ && timed > 1 && random_u64() % kSparedEvery != 0};
        if (round.wide && number == 0) {
            round.questions =
                std::max(round.questions, std::min(fewest_wide(outcome), arena_->slots()));
        }
        CUPEL_DO(ask(plan, round));
        // ABBA: every second round repeats the order backwards, so that a drift hits both alike.
        const bool extra = round.wide && number > 0;
        if (timed % 2 == 0) {
            order = shuffled(entries.size());
        } else if (!extra) {
            std::reverse(order.begin(), order.end());
        }
        if (!extra) ++timed;
        for (std::size_t i = 0; i < order.size(); ++i) {
            const std::size_t entry = order[i];
            if (sits_out(entry, round)) continue;
            std::optional<Session>& session = sessions[entry];
            CUPEL_CHECK(session.has_value());
            const Turn turn{*session, entries[entry], entry, static_cast<int>(i)};
            CUPEL_DO(answer(turn, plan, round, outcome));
            if (outcome.fault) return {};
        }
        if (process == 0 && number < 2) find_slow(entries, number, outcome);
        if (process == 0 && number == 0) size_windows(outcome);
        // Not after the first round: there a kernel may have started its threads.
        if (process == 0 && timed == 2 && !extra && !hopeless_) {
            const double ratio = least_ratio(entries, outcome);
            hopeless_ = ratio > kSlow;
            landslide_ = hopeless_ || (plan.roughly && ratio * kSlow < 1);
            if (landslide_) rounds_ = 1;
        }
    }
    return {};
}

Result<void> Race::ask(const Plan& plan, Round& round) {
    const auto questions = static_cast<std::size_t>(round.questions);
    round.first_key = arena_->keys_drawn();
    for (int slot = 0; slot < round.questions; ++slot) {
        const Kind kind = arena_->ask(slot, draw_kind(round));
        if (round.wide) round.wide = kind == Kind::Wide;
    }
    std::vector<Kind> kinds;
    kinds.reserve(questions);
    for (int slot = 0; slot < round.questions; ++slot)
        kinds.push_back(arena_->kind(slot));
    std::size_t bytes = 0;
    for (const std::span<const std::byte> output : checker_->answer_in(0))
        bytes += output.size();
    round.watched = draw_watched(kinds, bytes, random_u64());
    // Of widened questions, whose rows are of four kinds, so many that the largest is among them.
    const std::size_t fewest = round.wide ? 16 : 4;
    const std::size_t least = std::max<std::size_t>(fewest, plan.least_positions / questions);
    for (int slot = 0; slot < round.questions; ++slot) {
        CUPEL_TRY(Probe probe, checker_->draw(slot, plan.oracle_seconds / round.questions, least));
        round.probes.push_back(std::move(probe));
    }
    return {};
}

Result<void> Race::answer(const Turn& turn, const Plan& plan, Round& round, Outcome& outcome) {
    const auto& [session, entry, number, order] = turn;
    arena_->poison(round.questions);
    arena_->touch(round.questions);
    const double patience = plan.window_timeout * (number == 0 ? 1 : kPanelPatience);
    const Window window = session.window(round.questions, to_ns(patience));
    // The contender is frozen or gone: what it wrote is final from here on.
    if (window.ending != Ending::Answered) {
        blame(outcome, number, fault_of(window));
        return {};
    }
    if (const auto place = arena_->broken_guard(round.questions)) {
        blame(outcome, number,
              {.status = verdict::Status::Cheating,
               .law = 7,
               .reason = "wrote outside its answer: " + *place});
        return {};
    }
    CUPEL_TRY(const std::optional<Wrong> wrong, check_answers(round, number, outcome));
    if (wrong) {
        // The copied answer may be the candidate's while the baseline's was just captured.
        blame(outcome, wrong->entry,
              {.status = verdict::Status::Wrong, .law = {}, .reason = wrong->words});
        return {};
    }
    outcome.samples.push_back({.contender = entry.name,
                               .process = round.process,
                               .round = round.number,
                               .order = order,
                               .questions = round.questions,
                               .seconds = window.seconds,
                               .counted = round.number > 0 && !round.wide,
                               .first_key = static_cast<std::int64_t>(round.first_key)});
    if (slow_[number]) {
        slow_seconds_ += window.seconds;
    }
    return {};
}

// The first call of a library makes what the later ones use: it is judged by the second.
void Race::find_slow(const std::vector<Entry>& entries, int round, const Outcome& outcome) {
    const auto is_settled = [&](std::size_t i) {
        return round > 0 || !entries[i].program.library.is_called();
    };
    const std::vector<double> least = least_of(entries, outcome);
    for (std::size_t i = 1; i < entries.size(); ++i) {
        if (is_settled(i) && !slow_[i] && !behind_[i] && !entries[i].is_users &&
            least[i] < least[reference_])
            reference_ = i;
    }
    for (std::size_t i = 1; i < entries.size(); ++i) {
        if (slow_[i] || behind_[i] || !is_settled(i) || least[i] <= kSlow * least[reference_])
            continue;
        slow_[i] = true;
        slow_seconds_ += least[i];
    }
}

// By medians: among questions of all kinds, the least window of either says little of the other.
void Race::spare_reference(const std::vector<Entry>& entries, const Outcome& outcome) {
    const auto seconds = [&](std::size_t i) {
        return median_seconds(outcome.samples, entries[i].name, overhead_);
    };
    spared_ = false;
    for (std::size_t i = 1; i < entries.size(); ++i)
        spared_ = spared_ || (entries[i].is_users && kSlow * seconds(i) < seconds(reference_));
}

std::vector<double> Race::least_of(const std::vector<Entry>& entries,
                                   const Outcome& outcome) const {
    std::vector<double> least;
    least.reserve(entries.size());
    for (const Entry& entry : entries)
        least.push_back(least_seconds(outcome.samples, entry.name, overhead_));
    return least;
}

void Race::look_again(const std::vector<Entry>& entries, int process, const Outcome& outcome) {
    if (process + 1 > kTrailProcesses) return;
    const std::vector<double> least = least_of(entries, outcome);
    for (std::size_t i = 1; i < entries.size(); ++i)
        slow_[i] = slow_[i] && !(least[i] <= kSlow * least[reference_]);
    if (process + 1 < kTrailProcesses) return;
    std::vector<std::string> others;
    for (std::size_t i = 1; i < entries.size(); ++i)
        if (!entries[i].is_users) others.push_back(entries[i].name);
    for (std::size_t i = 1; i < entries.size(); ++i) {
        behind_[i] = behind_[i] || is_behind(outcome.samples, entries[i].name, others, overhead_);
    }
    if (behind_[reference_]) choose_reference(entries, outcome);
}

// Whoever it is behind of is one, so there is one.
void Race::choose_reference(const std::vector<Entry>& entries, const Outcome& outcome) {
    const std::vector<verdict::Sample> counted = counted_of(outcome.samples);
    std::optional<std::size_t> best;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 1; i < entries.size(); ++i) {
        if (slow_[i] || behind_[i] || left_out_[i] || entries[i].is_users) continue;
        const double seconds = least_seconds(counted, entries[i].name, overhead_);
        if (best && seconds >= least) continue;
        best = i;
        least = seconds;
    }
    if (best) reference_ = *best;
    behind_[reference_] = false;  // somebody has to be asked whose answers are compared whole
}

bool Race::sits_out(std::size_t entry, const Round& round) const {
    const bool asked = round.process < kTrailProcesses && round.timed == 1 && !round.wide;
    if (entry == reference_ && round.spares) return true;
    return behind_[entry] || left_out_[entry] || (slow_[entry] && !asked);
}

Result<std::optional<Race::Wrong>> Race::check_answers(Round& round, std::size_t entry,
                                                       Outcome& outcome) {
    for (int slot = 0; slot < round.questions; ++slot) {
        const Probe& probe = round.probes[static_cast<std::size_t>(slot)];
        // The panel is ours; what it loses on widened questions is the candidate's to match.
        if (probe.kind == Kind::Wide && entry != 0) continue;
        if (auto wrong = checker_->verify(probe, checker_->answer_in(slot), errors_[entry])) {
            return Wrong{.entry = entry, .words = *std::move(wrong)};
        }
        if (entry != 0) continue;
        outcome.evidence.questions += 1;
        outcome.evidence.positions += static_cast<std::int64_t>(probe.positions.size());
        outcome.evidence.elements += checker_->answer_elements();
    }
    if (!is_of_pair(entry) && !is_users_[entry]) return std::nullopt;
    if (round.copied) {
        const std::size_t other = *round.copied;
        CUPEL_TRY(auto wrong, settle_disputes(round, {.here = entry, .copied = other}, outcome));
        if (wrong || is_of_pair(other) || !is_of_pair(entry)) return wrong;
    }
    copy_watched(round);
    round.copied = entry;
    return std::nullopt;
}

void Race::copy_watched(const Round& round) {
    copies_.resize(std::max(copies_.size(), round.watched.size()));
    for (std::size_t w = 0; w < round.watched.size(); ++w) {
        const AnswerView answer = checker_->answer_in(round.watched[w]);
        copies_[w].resize(answer.size());
        for (std::size_t i = 0; i < answer.size(); ++i) {
            copies_[w][i].resize(answer[i].size());
            copy_bytes(answer[i], copies_[w][i], arena_->threads());
        }
    }
}

Result<std::optional<Race::Wrong>> Race::settle_disputes(const Round& round, const Two& two,
                                                         Outcome& outcome) {
    const std::size_t most = round.watched.size() > 1 ? kSuspectsOfMany : kSuspectsOfOne;
    for (std::size_t w = 0; w < round.watched.size(); ++w) {
        const int slot = round.watched[w];
        const AnswerView here = checker_->answer_in(slot);
        const AnswerView copied(copies_[w].begin(), copies_[w].end());
        std::vector<wire::oracle::Position> positions = checker_->dispute(here, copied, most);
        if (positions.empty()) continue;
        // The candidate is judged; the reference's part in a dispute is checked by its own probes.
        // Who is neither has no say in what is allowed.
        if (!is_of_pair(two.here) || !is_of_pair(two.copied)) {
            CUPEL_DO(checker_->work_at(slot, positions));
            continue;
        }
        CUPEL_TRY(const Probe probe, checker_->at(slot, std::move(positions), false));
        outcome.evidence.positions += static_cast<std::int64_t>(probe.positions.size());
        auto wrong = checker_->verify(probe, two.here == 0 ? here : copied, errors_.front());
        if (wrong) return Wrong{.entry = 0, .words = *std::move(wrong)};
    }
    return std::nullopt;
}

void Race::size_windows(const Outcome& outcome) {
    double quickest = kWindowSeconds;
    for (const verdict::Sample& sample : outcome.samples) {
        quickest = std::min(quickest, std::max(1e-7, seconds_per_question(sample, overhead_)));
    }
    questions_ =
        std::clamp(static_cast<int>(std::ceil(kWindowSeconds / quickest)), 1, arena_->slots());
}

double Race::least_ratio(const std::vector<Entry>& entries, const Outcome& outcome) const {
    if (reference_ >= entries.size()) return 1;
    const std::vector<double> least = least_of(entries, outcome);
    const double ratio = least.front() / least[reference_];
    return std::isfinite(ratio) && ratio > 0 ? ratio : 1;
}

void Race::size_rounds(const Plan& plan, double spent, double process_seconds) {
    if (landslide_) return;
    const double round_seconds = process_seconds / (rounds_ + 1);
    const double each = (plan.seconds - spent) / std::max(1, plan.processes - 1);
    rounds_ = std::clamp(static_cast<int>(each / round_seconds) - 1,
                         std::min(plan.fewest_rounds, plan.rounds), plan.rounds);
}

}  // namespace cupel::referee
