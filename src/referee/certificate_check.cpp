// SPDX-License-Identifier: Apache-2.0
// What `verify` recomputes. A claim is built anew from the samples by the functions that made it,
// and every field that follows from them must be what stands in the certificate.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "base/hash.hpp"
#include "base/seed.hpp"
#include "os/clock.hpp"
#include "referee/arena.hpp"
#include "referee/certificate.hpp"
#include "referee/conclude.hpp"
#include "referee/differences.hpp"
#include "referee/estimate.hpp"
#include "referee/race.hpp"
#include "referee/trailing.hpp"

namespace cupel::referee {
namespace {

using nlohmann::json;

constexpr double kTolerance = 1e-9;     // what another library of exp and log may change
constexpr int kMostInAWindow = 1024;    // in a window; sums of a file's worth fit an int
constexpr double kLongestWindow = 1e6;  // seconds: beyond it sums mean nothing

// What another machine may do to an honest ratio: vectors twice as wide help a kernel and not the
// plain baseline beside it, and memory twice as quick the other way round.
constexpr double kOtherMachine = 2;

std::unexpected<Error> differs(std::string_view field, std::string_view from) {
    return fail(Errc::Corrupt, fmt::format("{} is not what {}", field, from));
}

// ---- the samples themselves ----

struct Asked {  // one round of one pair of processes
    int questions = 0;
    std::int64_t first_key = 0;
    bool counted = false;
    std::set<std::string> contenders;
    std::set<int> orders;
};
using Rounds = std::map<std::pair<int, int>, Asked>;

std::unexpected<Error> odd_sample(const std::string& name, std::size_t index, const char* what) {
    return fail(Errc::Corrupt, fmt::format("{}.samples[{}]: {}", name, index, what));
}

Result<Rounds> rounds_of(const verdict::Verdict& verdict, const std::string& name,
                         const std::set<std::string>& known) {
    Rounds rounds;
    std::pair<int, int> last{0, 0};
    for (std::size_t i = 0; i < verdict.samples.size(); ++i) {
        const verdict::Sample& sample = verdict.samples[i];
        if (!(sample.seconds > 0) || sample.seconds > kLongestWindow)
            return odd_sample(name, i, "no time that a window can take");
        if (sample.order < 0 || std::cmp_greater_equal(sample.order, known.size()))
            return odd_sample(name, i, "no place in a round");
        if (sample.questions < 1 || sample.questions > kMostInAWindow)
            return odd_sample(name, i, "no number of questions that fits a window");
        if (!known.contains(sample.contender))
            return odd_sample(name, i, "neither the candidate nor of the panel");
        const std::pair<int, int> at{sample.process, sample.round};
        if (at < last) return odd_sample(name, i, "not in the order of time");
        last = at;
        auto [found, is_new] = rounds.try_emplace(at);
        Asked& round = found->second;
        if (is_new) {
            round.questions = sample.questions;
            round.first_key = sample.first_key;
            round.counted = sample.counted;
        }
        if (round.questions != sample.questions || round.first_key != sample.first_key ||
            round.counted != sample.counted)
            return odd_sample(name, i, "not the same questions as the others of its round");
        if (sample.counted && sample.round == 0)
            return odd_sample(name, i, "round 0 is never counted");
        if (!round.contenders.insert(sample.contender).second ||
            !round.orders.insert(sample.order).second)
            return odd_sample(name, i, "twice in one round");
    }
    return rounds;
}

// As many processes as any judgement has, or as one that was given up as hopeless: that it was, its
// speedup says, which the samples must give.
Result<void> check_extent(const Rounds& rounds, const verdict::Verdict& verdict,
                          const std::string& name) {
    std::set<int> processes;
    for (const auto& [at, round] : rounds)
        processes.insert(at.first);
    const bool hopeless = verdict.speedup && verdict.speedup->ratio.high < 1;
    const int least = hopeless ? kTrailProcesses : Plan{}.fewest_processes;
    if (std::cmp_less(processes.size(), least)) {
        return fail(Errc::Corrupt, fmt::format("{}.samples: {} processes, where a judgement has at "
                                               "least {}",
                                               name, processes.size(), least));
    }
    return {};
}

// Keys are numbered through: a round that is missing leaves a gap, and one that is asked twice has
// no number of its own.
Result<void> check_samples(const Certificate& certificate, const verdict::Verdict& verdict,
                           const std::string& name) {
    std::set<std::string> known = {std::string(kCandidate)};
    for (const Certificate::Member& member : certificate.panel)
        known.insert(member.name);
    CUPEL_TRY(const Rounds rounds, rounds_of(verdict, name, known));
    const auto keys = static_cast<std::int64_t>(Arena::keys_of_question(certificate.task));
    std::int64_t next = 0;
    int process = 0;
    int number = 0;
    std::set<std::string> seen;
    for (const auto& [at, round] : rounds) {
        if (at.first == process + 1) {
            process = at.first;
            number = 0;
        }
        const bool follows = at == std::pair{process, number} && round.first_key == next &&
                             round.contenders.contains(std::string(kCandidate));
        if (!follows) {
            return fail(Errc::Corrupt,
                        fmt::format("{}.samples: before round {} of process {} something is "
                                    "missing or was added",
                                    name, at.second, at.first));
        }
        ++number;
        next += keys * round.questions;
        seen.insert(round.contenders.begin(), round.contenders.end());
    }
    CUPEL_DO(check_extent(rounds, verdict, name));
    // A selection leaves out who is far too slow to matter; a claim asks all.
    if (name == "claim" && seen != known)
        return fail(Errc::Corrupt, name + ".samples: one of the panel was never asked");
    return {};
}

Result<void> check_seed(const verdict::Verdict& verdict, const std::string& name) {
    const auto seed = Seed::from_hex(verdict.seed.value);
    if (!seed || seed->commitment() != verdict.seed.commitment)
        return differs(name + ".seed.value", "was committed to");
    return {};
}

// ---- what follows from them ----

verdict::Verdict rebuilt(const Certificate& certificate, const verdict::Verdict& stated) {
    verdict::Verdict verdict = stated;
    verdict.law.reset();
    verdict.reason.clear();
    verdict.speedup.reset();
    verdict.naive_speedup.reset();
    verdict.ceiling.reset();
    verdict.precision = certificate.task.precision;
    verdict.target = "cpu";
    verdict.threads = certificate.ceilings.threads;
    verdict.kernel_hash = hash_hex(certificate.kernel.source);
    verdict::set_isolation(verdict, stated.isolation);
    int questions = 0;
    for (const verdict::Sample& sample : stated.samples) {
        if (sample.contender == kCandidate) questions += sample.questions;
    }
    std::uint64_t elements = 0;  // unsigned, as a stranger's sizes may overflow it
    for (const task::TensorId output : certificate.task.outputs)
        elements += static_cast<std::uint64_t>(certificate.task.tensor(output).elements());
    verdict.evidence.questions = questions;
    verdict.evidence.elements =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(questions) * elements);
    verdict.evidence.detection = detection(stated.evidence.positions);
    std::vector<std::string> panel;
    panel.reserve(certificate.panel.size());
    for (const Certificate::Member& member : certificate.panel)
        panel.push_back(member.name);
    conclude({certificate.task, certificate.machine, certificate.ceilings, certificate.overhead()},
             panel, verdict);
    return withhold(std::move(verdict), certificate.aa);
}

Result<void> check_same(const verdict::Verdict& ours, const verdict::Verdict& stated,
                        const std::string& name) {
    json a = verdict::to_json(ours);
    json b = verdict::to_json(stated);
    a.erase("samples");
    b.erase("samples");
    if (const auto field = first_difference(a, b, name, kTolerance))
        return differs(*field, "the samples say");
    return {};
}

// What does not follow from the samples, and still cannot be otherwise.
Result<void> check_limits(const verdict::Verdict& verdict, const std::string& name) {
    const verdict::Evidence& evidence = verdict.evidence;
    if (!verdict::is_right(verdict.status)) {
        return fail(Errc::Corrupt,
                    name + ".status: a kernel that was not right has no certificate");
    }
    if (evidence.positions < evidence.questions)
        return fail(Errc::Corrupt, name + ".evidence.positions: fewer than questions");
    // An element is looked at once as one drawn at random, and once where two answers differ.
    if (evidence.positions / 2 > evidence.elements)
        return fail(Errc::Corrupt, name + ".evidence.positions: more than were written");
    if (!(evidence.worst_error >= 0 && evidence.worst_error <= 1))
        return fail(Errc::Corrupt, name + ".evidence.worst_error: beyond what is right");
    double windows = 0;
    for (const verdict::Sample& sample : verdict.samples)
        windows += sample.seconds;
    if (!(verdict.wall_seconds >= windows))
        return fail(Errc::Corrupt, name + ".wall_seconds: shorter than its windows together");
    const std::set<std::string> walls = {"network",  "files",  "processes",
                                         "syscalls", "limits", "cores"};
    const std::set<std::string> stood(verdict.isolation.parts.begin(),
                                      verdict.isolation.parts.end());
    const bool unknown =
        stood.size() != verdict.isolation.parts.size() || !std::ranges::includes(walls, stood);
    if (unknown || (verdict.isolation.full() && stood != walls))
        return fail(Errc::Corrupt, name + ".isolation: walls are unknown, doubled or left out");
    return {};
}

Result<void> check_judgement(const Certificate& certificate, const verdict::Verdict& verdict,
                             const std::string& name) {
    CUPEL_DO(check_limits(verdict, name));
    CUPEL_DO(check_samples(certificate, verdict, name));
    return check_seed(verdict, name);
}

// What a record of runs can say of so many of them.
Result<void> check_aa(const AaSummary& aa) {
    const bool dated = aa.test.runs == 0
                           ? aa.first.empty() && aa.last.empty()
                           : os::is_utc_timestamp(aa.first) && os::is_utc_timestamp(aa.last);
    if (!dated) return fail(Errc::Corrupt, "aa: first and last are not when its runs were");
    if (aa.damaged < 0) return fail(Errc::Corrupt, "aa.damaged: below 0");
    if (!(std::isfinite(aa.half_width) && aa.half_width >= 0))
        return fail(Errc::Corrupt, "aa.half_width: no width");
    if (!(aa.stolen >= 0 && aa.stolen <= 1))
        return fail(Errc::Corrupt, "aa.stolen: a share is 0 .. 1");
    AaSummary ours = aa;
    ours.test = stats::aa_test(aa.test.different, aa.test.runs);
    if (const auto field = first_difference(to_json(ours), to_json(aa), "aa", kTolerance))
        return differs(*field, "its runs say");
    return {};
}

// The setting, which is the same for both judgements.
Result<void> check_setting(const Certificate& certificate) {
    if (!os::is_utc_timestamp(certificate.written))
        return fail(Errc::Corrupt, "written: expected a time, such as 2026-11-27T12:59:36Z");
    if (certificate.ceilings.threads > certificate.machine.cpus)
        return fail(Errc::Corrupt, "ceilings.threads: more than machine.cpus");
    std::set<std::string> names = {std::string(kCandidate)};
    for (const Certificate::Member& member : certificate.panel) {
        if (!names.insert(member.name).second)
            return fail(Errc::Corrupt, "panel: " + member.name + " is no name of its own");
        if (member.source_hash != hash_hex(member.source))
            return differs("panel." + member.name + ".source_hash", "its source says");
    }
    if (certificate.panel.empty() || certificate.panel.front().name != "naive" ||
        !certificate.panel.front().library.empty())
        return fail(Errc::Corrupt, "panel: the honest naive kernel does not come first");
    const auto is_time = [](double seconds) { return seconds >= 0 && seconds < kLongestWindow; };
    if (!is_time(certificate.window_overhead))
        return fail(Errc::Corrupt, "window_overhead: no time");
    if (!is_time(certificate.overhead().lasting()))
        return fail(Errc::Corrupt, "long_window_overhead: no time");
    if (!is_time(certificate.team_window_overhead.value_or(0)))
        return fail(Errc::Corrupt, "team_window_overhead: no time");
    const AaSummary& aa = certificate.aa;
    if (aa.test.different < 0 || aa.test.different > aa.test.runs ||
        aa.threads != certificate.ceilings.threads)
        return fail(Errc::Corrupt, "aa: no record of this judgement's machine");
    return check_aa(aa);
}

}  // namespace

Result<verdict::Speedup> recompute(const Certificate& certificate) {
    if (!certificate.claim.speedup) return fail(Errc::Corrupt, "the certificate claims no speedup");
    // Nothing else writes one than a search, which measures its winner twice.
    if (!certificate.selected)
        return fail(Errc::Corrupt, "selected: the measurement that chose the kernel is missing");
    CUPEL_DO(check_setting(certificate));
    CUPEL_DO(check_judgement(certificate, certificate.claim, "claim"));
    const verdict::Verdict& selected = *certificate.selected;
    CUPEL_DO(check_judgement(certificate, selected, "selected"));
    CUPEL_DO(check_same(rebuilt(certificate, selected), selected, "selected"));
    // Law 11: another judgement, on other questions, of the same compiled kernel.
    if (selected.seed.value == certificate.claim.seed.value)
        return fail(Errc::Corrupt, "claim.seed: the winner was not measured on fresh questions");
    if (selected.artefact_hash != certificate.claim.artefact_hash)
        return fail(Errc::Corrupt, "claim.artefact_hash: not the kernel that was selected");
    const verdict::Verdict claim = reconcile(selected, rebuilt(certificate, certificate.claim));
    CUPEL_DO(check_same(claim, certificate.claim, "claim"));
    if (certificate.headline != verdict::headline(certificate.claim))
        return differs("headline", "the claim says");
    return *certificate.claim.speedup;
}

Agreement compare(const verdict::Verdict& claim, const verdict::Verdict& here, bool same_machine) {
    if (!verdict::is_right(here.status)) {
        return {.agrees = false,
                .reason = "the kernel does not hold here: " + verdict::headline(here)};
    }
    if (!claim.speedup || !here.speedup)
        return {.agrees = false, .reason = "there is no speedup to compare"};
    const verdict::Interval& first = claim.speedup->ratio;
    const verdict::Interval& second = here.speedup->ratio;
    const std::string figures = fmt::format(
        "claimed {:.3f}x [{:.3f}, {:.3f}] over {}, here {:.3f}x [{:.3f}, {:.3f}] over {}",
        first.mid, first.low, first.high, claim.speedup->baseline, second.mid, second.low,
        second.high, here.speedup->baseline);
    if (same_machine) return {.agrees = same_figure(first, second), .reason = figures};
    const bool direction =
        decide(first) != verdict::Status::Faster || decide(second) == verdict::Status::Faster;
    if (!direction) {
        return {.agrees = false,
                .reason = figures + " (another machine, where the direction should hold)"};
    }
    const bool size = same_figure(first, second, kOtherMachine);
    return {.agrees = size,
            .direction_only = !size,
            .reason = fmt::format("{} (another machine: the direction holds; the size {} within a "
                                  "factor of {:g})",
                                  figures, size ? "does" : "does not, not even", kOtherMachine)};
}

}  // namespace cupel::referee
