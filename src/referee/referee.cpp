// SPDX-License-Identifier: Apache-2.0
// The main path of a judgement: compile, race, speak.
#include "referee/referee.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <future>
#include <span>
#include <thread>
#include <utility>

#include "base/hash.hpp"
#include "base/seed.hpp"
#include "os/clock.hpp"
#include "referee/conclude.hpp"
#include "referee/estimate.hpp"
#include "referee/findings.hpp"
#include "referee/state.hpp"
#include "stats/sample.hpp"

namespace cupel::referee {
namespace {

constexpr int kSlots = 64;             // questions in a window, at most
constexpr int kOverheadProcesses = 4;  // pairs; what a window costs is of a process, too
constexpr int kFewestOverheadProcesses = 2;
constexpr double kOverheadSeconds = 1.5;  // no further pair is begun
constexpr int kLongWindows = 6;           // of each contender, the first of which does not count
constexpr int kBriefWindows = 24;         // ... that come after them
constexpr int kFewestBriefWindows = 4;
constexpr double kBriefSeconds = 0.1;   // for those of a pair
constexpr double kMostPatience = 1000;  // times as many processes as usual
constexpr int kScreenedShapes = 2;      // hidden ones; a judgement tries more

}  // namespace

// ---- opening ----

Result<target::Compiled> Referee::State::compile(const std::string& source,
                                                 std::string file_name) const {
    return target::compile({.source = source, .file_name = std::move(file_name), .header = header},
                           compiler);
}

Result<void> Referee::State::open() {
    CUPEL_TRY(compiler, target::find_compiler());
    machine = target::this_machine();
    header = target::contract_header(task, options.threads);
    CUPEL_TRY(arena, Arena::make(task, kSlots, machine.cpus));
    // The arena, the panel and the oracle's program are fixed from here on; no kernel was loaded
    // yet.
    CUPEL_TRY(oracle, OracleClient::start(task, *arena, machine.cpus));
    checker.emplace(task, *oracle, *arena);
    CUPEL_DO(compile_panel());
    CUPEL_TRY(ceilings, target::ceilings(machine, compiler, options.threads));
    CUPEL_TRY(const std::filesystem::path record, aa_path(machine.fingerprint));
    aa = summarize(read_aa(record), options.threads);
    CUPEL_DO(checker->study(*arena));
    CUPEL_TRY(overhead, measure_overhead());
    return {};
}

namespace {

// A kernel that waits, long at first; `before`: what it does before.
std::string waiting(const task::Task& task, std::string_view before) {
    return fmt::format(
        "#include <time.h>\n"
        "static long cupel_now() {{\n"
        "  struct timespec t;\n"
        "  clock_gettime(CLOCK_MONOTONIC, &t);\n"
        "  return t.tv_sec * 1000000000L + t.tv_nsec;\n"
        "}}\n"
        "{} {{\n"
        "  static int cupel_calls = 0;\n"
        "  const long cupel_wait = cupel_calls++ < {} ? {} : {};\n"
        "{}"
        "  const long cupel_begin = cupel_now();\n"
        "  while (cupel_now() - cupel_begin < cupel_wait) {{}}\n"
        "}}\n",
        target::contract_declaration(task), kLongWindows, std::llround(1e9 * Overhead::kLong),
        std::llround(1e9 * Overhead::kBrief), before);
}

}  // namespace

// What bell, wake and freeze cost here and now, as in a race: two contenders take turns, the
// referee's own work lies between them, and a window lasts so long that processors which wait for
// its end fall asleep. A window around nothing, one after the other, costs half. Of the two one
// wakes as many threads as it may have, and does nothing with them.
Result<Overhead> Referee::State::measure_overhead() {
    CUPEL_CHECK(arena.has_value());
    CUPEL_TRY(const target::Artefact alone, compile_own(waiting(task, ""), "waits"));
    CUPEL_TRY(const target::Artefact team,
              compile_own(waiting(task, "#pragma omp parallel\n  { asm volatile(\"\"); }\n"),
                          "waits_in_a_team"));
    Windows windows;
    const std::int64_t begin = os::now_ns();
    for (int pair = 0; pair < kOverheadProcesses; ++pair) {
        if (pair >= kFewestOverheadProcesses && os::seconds_since(begin) > kOverheadSeconds) break;
        std::vector<Session> sessions;
        for (const target::Artefact* contender : {&alone, &team}) {
            CUPEL_TRY(Session session, Session::start({.object = contender->object}, *arena,
                                                      options.threads, std::chrono::seconds(10)));
            if (const std::optional<Window>& ending = session.ending())
                return fail(Errc::Missing, "no contender can run here: " + ending->reason);
            sessions.push_back(std::move(session));
        }
        CUPEL_DO(time_in_turns(sessions, windows));
    }
    const double brief = stats::median(windows.brief);
    return Overhead(brief - Overhead::kBrief, stats::median(windows.lasting) - Overhead::kLong,
                    options.threads > 1 ? stats::median(windows.team) - brief : 0);
}

Result<void> Referee::State::time_in_turns(std::span<Session> sessions, Windows& windows) {
    CUPEL_CHECK(arena.has_value());
    // Of questions that take longer to draw than windows cost, a few are enough.
    std::int64_t begin = 0;
    for (int i = 0; i < kLongWindows + kBriefWindows; ++i) {
        const bool lasting = i < kLongWindows;
        if (i == kLongWindows) begin = os::now_ns();
        if (i >= kLongWindows + kFewestBriefWindows && os::seconds_since(begin) > kBriefSeconds)
            break;
        for (std::size_t s = 0; s < sessions.size(); ++s) {
            arena->poison(1);
            arena->touch(1);
            const Window window = sessions[s].window(1, std::chrono::seconds(10));
            if (window.ending != Ending::Answered)
                return fail(Errc::Missing, "no contender can run here: " + window.reason);
            const bool team = s > 0 && options.threads > 1;
            std::vector<double>& to = team      ? windows.team
                                      : lasting ? windows.lasting
                                                : windows.brief;
            if (i > 0 && !(team && lasting)) to.push_back(window.seconds);
        }
    }
    return {};
}

Referee::Referee(std::unique_ptr<State> state) : state_(std::move(state)) {}
Referee::~Referee() = default;

Result<std::unique_ptr<Referee>> Referee::open(task::Task task, std::vector<Baseline> panel,
                                               Options options) {
    auto state = std::make_unique<State>(std::move(task), std::move(panel), std::move(options));
    CUPEL_DO(state->open());
    return std::unique_ptr<Referee>(new Referee(std::move(state)));
}

// ---- trying ----

Plan Referee::State::plan(double seconds) const {
    Plan plan;
    plan.processes = options.processes;
    plan.fewest_processes = std::min(plan.fewest_processes, plan.processes);
    const double times = std::clamp(seconds / Options{}.judge_seconds, 1.0, kMostPatience);
    plan.most_processes = static_cast<int>(3 * options.processes * times);
    plan.seconds = seconds;
    plan.half_width = options.half_width;
    plan.window_timeout = options.window_timeout;
    plan.threads = options.threads;
    plan.stop = options.stop;
    plan.progress = options.progress;
    return plan;
}

Result<Referee::State::Trial> Referee::State::try_kernel(const verdict::Kernel& kernel,
                                                         std::vector<Entry> opponents,
                                                         const Plan& plan) {
    const std::int64_t begin = os::now_ns();
    // Before the kernel is compiled or loaded: whoever saw this knows later that the questions were
    // not chosen for it. Never used again: the next judgement draws its own.
    const Seed seed = Seed::draw();
    verdict::Verdict verdict;
    verdict.seed.commitment = seed.commitment();
    if (plan.progress) plan.progress("committed to seed " + verdict.seed.commitment, 0);
    verdict.precision = task.precision;
    verdict.threads = options.threads;
    verdict.kernel_hash = hash_hex(kernel.source);
    verdict::set_isolation(verdict, isolation());

    CUPEL_TRY(const target::Compiled compiled, compile(kernel.source, "kernel.cpp"));
    if (const auto* rejection = std::get_if<target::Rejection>(&compiled)) {
        verdict.status = verdict::Status::CompileError;
        verdict.reason = rejection->reason;
        verdict.detail = rejection->diagnostics;
        verdict.wall_seconds = os::seconds_since(begin);
        return Trial{.verdict = std::move(verdict), .of = 0};
    }
    const auto& artefact = std::get<target::Artefact>(compiled);
    verdict.artefact_hash = artefact.object_hash;
    verdict.detail = artefact.warnings;

    std::vector<Entry> entries = {
        {.name = std::string(kCandidate), .program = {.object = artefact.object}}};
    std::move(opponents.begin(), opponents.end(), std::back_inserter(entries));
    CUPEL_CHECK(arena && checker);
    arena->begin(seed);
    Race race(task, *arena, *checker, overhead);
    CUPEL_TRY(Outcome outcome, race.run(entries, plan));
    // Everything that will ever be known of this kernel is in `outcome`; the processes are gone.
    if (entries.size() > 2) {
        slow = outcome.slow;
        behind = outcome.behind;
    }
    verdict.evidence = outcome.evidence;
    verdict.seed.value = seed.hex();
    verdict.samples = std::move(outcome.samples);
    if (!outcome.isolation.parts.empty()) verdict::set_isolation(verdict, outcome.isolation);
    if (outcome.fault) {
        verdict.status = outcome.fault->status;
        verdict.law = outcome.fault->law;
        verdict.reason = outcome.fault->reason;
    } else {
        std::vector<std::string> names;
        std::string users;
        for (const Entry& entry : entries) {
            names.push_back(entry.name);
            if (entry.is_users) users = entry.name;
        }
        conclude({task, machine, ceilings, overhead, users}, std::span(names).subspan(1), verdict);
    }
    verdict.wall_seconds = os::seconds_since(begin);
    return Trial{.verdict = std::move(verdict), .of = outcome.at_fault, .object = artefact.object};
}

Result<void> Referee::State::add_findings(Trial& trial) const {
    if (trial.of != 0 || !verdict::is_right(trial.verdict.status)) return {};
    CUPEL_TRY(const auto code, target::object_code(trial.object));
    if (!code) return {};
    trial.verdict.findings = findings_of({.code = *code, .seconds = trial.verdict.seconds}, machine,
                                         ceilings, task::count(task));
    trial.verdict.axes = target::axes_of(*code);
    return {};
}

// Others breed from what a screening lets pass, so it must not be wrong at other sizes either. What
// Cupel prints itself is right there by its tests, and two compilations would be half of its trial.
Result<void> Referee::State::try_elsewhere(const verdict::Kernel& kernel, Trial& trial) const {
    const bool ours = !kernel.schedule.empty();
    if (ours || trial.of != 0 || !verdict::is_right(trial.verdict.status)) return {};
    return try_shapes(draw_shapes(kernel, std::min(kScreenedShapes, options.shapes)),
                      trial.verdict);
}

void Referee::prepare(const std::vector<verdict::Kernel>& kernels) {
    // Nothing is being timed now, so all processors may compile. The artefacts stay in the cache;
    // failures are found again, and told, when the kernel is tried.
    std::atomic<std::size_t> next = 0;
    const auto compile_rest = [&] {
        for (std::size_t i = next++; i < kernels.size(); i = next++) {
            const Result<target::Compiled> ignored =
                state_->compile(kernels[i].source, "kernel.cpp");
            (void)ignored;
        }
    };
    std::vector<std::jthread> others;
    for (int worker = 1; worker < state_->machine.cpus; ++worker)
        others.emplace_back(compile_rest);
    compile_rest();
}

Result<verdict::Screening> Referee::screen(const verdict::Kernel& kernel,
                                           const verdict::Kernel* incumbent) {
    Plan plan = state_->plan(state_->options.screen_seconds);
    plan.processes = 2;
    plan.fewest_processes = 2;
    plan.most_processes = 2;
    plan.rounds = 4;
    plan.fewest_rounds = 4;  // 2 x 4 pairs, all won: the least that a sign test can decide on
    plan.oracle_seconds = 0.01;
    plan.progress = nullptr;
    if (incumbent == nullptr) {
        plan.roughly = true;  // ten calls of a naive convolution would be the whole search
        const std::size_t quickest = state_->quickest_baseline();
        CUPEL_TRY(State::Trial trial,
                  state_->try_kernel(kernel, {state_->baseline_entry(quickest)}, plan));
        if (trial.of != 0) return state_->fail_baseline(quickest, trial.verdict);
        CUPEL_DO(state_->try_elsewhere(kernel, trial));
        CUPEL_DO(state_->add_findings(trial));
        return verdict::Screening{.verdict = std::move(trial.verdict), .of_incumbent = false};
    }
    CUPEL_TRY(const target::Artefact artefact, state_->compile_own(incumbent->source, "incumbent"));
    CUPEL_TRY(State::Trial trial,
              state_->try_kernel(
                  kernel, {{.name = "incumbent", .program = {.object = artefact.object}}}, plan));
    CUPEL_DO(state_->try_elsewhere(kernel, trial));
    CUPEL_DO(state_->add_findings(trial));
    if (trial.of != 0) {
        trial.verdict.kernel_hash = hash_hex(incumbent->source);
        trial.verdict.artefact_hash = artefact.object_hash;
        trial.verdict.detail = artefact.warnings;
    }
    return verdict::Screening{.verdict = std::move(trial.verdict), .of_incumbent = trial.of != 0};
}

Result<verdict::Verdict> Referee::State::try_against_panel(const verdict::Kernel& kernel,
                                                           bool selecting) {
    const std::int64_t begin = os::now_ns();
    std::vector<Entry> opponents;
    opponents.reserve(panel.size());
    for (std::size_t i = 0; i < panel.size(); ++i)
        opponents.push_back(baseline_entry(i));
    // No shorter for what only selects: on a machine that drifts, two measurements of seconds each
    // then disagree, and nothing can be claimed.
    Plan full = plan(options.judge_seconds);
    full.slow = slow;
    full.behind = behind;
    full.without_slow = selecting;
    CUPEL_TRY(Trial trial, try_kernel(kernel, std::move(opponents), full));
    if (trial.of != 0) {
        CUPEL_TRY(const bool left_out, leave_out(trial.of - 1, trial.verdict));
        if (left_out) return try_against_panel(kernel, selecting);
        return fail_baseline(trial.of - 1, trial.verdict);
    }
    verdict::Verdict& verdict = trial.verdict;
    // What is only selected is judged once more, at all of them, before anything is claimed.
    if (selecting) {
        CUPEL_DO(try_elsewhere(kernel, trial));
    } else if (verdict::is_right(verdict.status)) {
        CUPEL_DO(try_shapes(draw_shapes(kernel, options.shapes), verdict));
    }
    verdict.wall_seconds = os::seconds_since(begin);
    return withhold(std::move(verdict), aa);
}

Result<verdict::Verdict> Referee::select(const verdict::Kernel& kernel) {
    return state_->try_against_panel(kernel, true);
}

Result<verdict::Verdict> Referee::judge(const verdict::Kernel& kernel) {
    return state_->try_against_panel(kernel, false);
}

// ---- hidden shapes ----

// Nothing is timed any more, so all are compiled at once.
std::vector<Shape> Referee::State::draw_shapes(const verdict::Kernel& kernel, int count) const {
    std::vector<Shape> shapes;
    const std::uint64_t seed = random_u64();
    for (int number = 0; number < count; ++number) {
        auto task_here = draw_shape(task, number, seed);
        if (task_here) shapes.push_back({.task = *std::move(task_here), .compiled = {}});
    }
    if (shapes.empty()) return shapes;
    const auto compile_at = [this, &kernel](const std::string& header_here) {
        return std::async(std::launch::async, [this, &kernel, header_here] {
            return target::compile(
                {.source = kernel.source, .file_name = "kernel.cpp", .header = header_here},
                compiler);
        });
    };
    std::vector<std::future<Result<target::Compiled>>> running;
    running.reserve(shapes.size());
    for (const Shape& shape : shapes)
        running.push_back(compile_at(target::contract_header(shape.task, options.threads)));
    for (std::size_t i = 0; i < shapes.size(); ++i)
        shapes[i].compiled = running[i].get();
    return shapes;
}

Result<void> Referee::State::try_shapes(const std::vector<Shape>& shapes,
                                        verdict::Verdict& verdict) const {
    for (const Shape& shape : shapes) {
        if (!shape.compiled) return std::unexpected(shape.compiled.error());
        std::optional<Fault> fault;
        if (const auto* rejection = std::get_if<target::Rejection>(&*shape.compiled)) {
            verdict.detail = rejection->diagnostics;
            fault = {.status = verdict::Status::CompileError,
                     .law = {},
                     .reason = fmt::format("at the sizes {}, {}: {}", shape_name(shape.task),
                                           verdict::kOtherSizes, rejection->reason)};
        } else {
            CUPEL_TRY(fault, try_shape(shape.task, std::get<target::Artefact>(*shape.compiled),
                                       options.threads, options.window_timeout));
        }
        if (!fault) continue;
        verdict.status = fault->status;
        verdict.law = fault->law;
        verdict.reason = fault->reason;
        verdict.speedup.reset();  // what is wrong has no speed
        verdict.naive_speedup.reset();
        return {};
    }
    return {};
}

Result<verdict::Verdict> Referee::judge_against_itself() {
    State& state = *state_;
    const std::size_t quickest = state.quickest_baseline();
    const os::CpuTimes before = os::cpu_times();
    const verdict::Kernel itself{.source = state.panel.at(quickest).source,
                                 .schedule = "",
                                 .origin = state.panel.at(quickest).name};
    // As long as usual, however patient the judgement after it is: the record is of all.
    const double seconds = std::min(state.options.judge_seconds, Options{}.judge_seconds);
    CUPEL_TRY(State::Trial trial,
              state.try_kernel(itself, {state.baseline_entry(quickest)}, state.plan(seconds)));
    if (trial.of != 0) return state.fail_baseline(quickest, trial.verdict);
    verdict::Verdict& verdict = trial.verdict;
    const os::CpuTimes after = os::cpu_times();
    const double busy = after.busy - before.busy;
    const double stolen = after.stolen - before.stolen;
    const double all = busy + stolen + after.idle - before.idle;
    if (!verdict::is_right(verdict.status) || !verdict.speedup) return verdict;
    CUPEL_TRY(const std::filesystem::path record, aa_path(state.machine.fingerprint));
    CUPEL_DO(append_aa(record, {.written = os::utc_timestamp(),
                                .threads = state.options.threads,
                                .outcome = verdict.status,
                                .mid = verdict.speedup->ratio.mid,
                                .half_width = verdict.speedup->ratio.half_width(),
                                .seconds = verdict.wall_seconds,
                                .busy = all > 0 ? std::clamp(busy / all, 0.0, 1.0) : 0,
                                .stolen = all > 0 ? std::clamp(stolen / all, 0.0, 1.0) : 0}));
    state.aa = summarize(read_aa(record), state.options.threads);
    return verdict;
}

const task::Task& Referee::task() const {
    return state_->task;
}
const target::Machine& Referee::machine() const {
    return state_->machine;
}
const target::Ceilings& Referee::ceilings() const {
    return state_->ceilings;
}
const target::Compiler& Referee::compiler() const {
    return state_->compiler;
}
const std::vector<Baseline>& Referee::panel() const {
    return state_->panel;
}
std::vector<std::string> Referee::panel_hashes() const {
    std::vector<std::string> hashes;
    for (const target::Artefact& artefact : state_->panel_artefacts)
        hashes.push_back(artefact.object_hash);
    return hashes;
}
const AaSummary& Referee::aa() const {
    return state_->aa;
}
const Options& Referee::options() const {
    return state_->options;
}
Overhead Referee::window_overhead() const {
    return state_->overhead;
}

// ---- speaking ----

verdict::Isolation isolation() {
    const jail::Capabilities& jail = jail::capabilities();
    verdict::Isolation isolation;
    isolation.missing = jail.missing;
    if (jail.bubblewrap && jail.namespaces) isolation.parts = {"network", "files", "processes"};
    if (jail.seccomp) isolation.parts.emplace_back("syscalls");
    isolation.parts.emplace_back("limits");
    isolation.parts.emplace_back("cores");
    return isolation;
}

verdict::Verdict reconcile(const verdict::Verdict& selected,
                           const verdict::Verdict& measured_again) {
    verdict::Verdict claim = measured_again;
    if (!selected.speedup || !claim.speedup) return claim;
    const verdict::Interval& first = selected.speedup->ratio;
    const verdict::Interval& second = claim.speedup->ratio;
    if (same_figure(first, second)) return claim;
    claim.status = verdict::Status::NotResolved;
    claim.law = 11;
    claim.reason = fmt::format(
        "two measurements disagree: {:.3f}x [{:.3f}, {:.3f}] and {:.3f}x [{:.3f}, {:.3f}]",
        first.mid, first.low, first.high, second.mid, second.low, second.high);
    return claim;
}

}  // namespace cupel::referee
