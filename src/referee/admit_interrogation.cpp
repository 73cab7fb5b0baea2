// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "referee/admit.hpp"
#include "referee/fill.hpp"

namespace cupel::referee {
namespace {

// Runs of neighbouring elements, seconds of the oracle for one suspect, and questions over which
// both are spread, at least, in each round: what is not found at few elements is looked for at
// more.
struct Effort {
    int runs = 0;
    double seconds = 0;
    int questions = 0;
};
constexpr Effort kRounds[] = {{8, 0.02, 1}, {32, 0.1, 4}, {128, 0.4, 4}};
constexpr int kFewestRuns = 2;
constexpr std::int64_t kElementsOfRun = 16;
constexpr int kMostOfEither = 64;  // in a round, of either kind
constexpr int kForeignRuns = 8;
constexpr double kVanishing = 0x1p-12;

// float64 sums of different orders differ by less than this many of their roundings.
constexpr double kSameFine = 64;
// Beyond what any precision class lets pass, so that a guard is not excused by a narrow miss.
constexpr double kSameCoarse = 16;

void keep_larger(Distance& all, const Distance& one) {
    all.fine = std::max(all.fine, one.fine);
    all.coarse = std::max(all.coarse, one.coarse);
}

template <class Part>
Part* opened(std::optional<Part>& part) {
    CUPEL_CHECK(part.has_value());
    return &*part;
}

}  // namespace

Interrogation::Interrogation(Referee::State& state, std::vector<Suspect>& suspects)
    : state_(&state),
      arena_(opened(state.arena)),
      oracle_(opened(state.oracle)),
      checker_(opened(state.checker)),
      suspects_(&suspects) {
    for (const task::TensorId id : state.task.outputs)
        scratch_.emplace_back(static_cast<std::size_t>(state.task.tensor(id).bytes()));
}

bool Interrogation::any_left() const {
    return std::ranges::any_of(*suspects_, [](const Suspect& one) { return !one.marks.wrong; });
}

Result<void> Interrogation::not_stopped() const {
    if (state_->options.stop && state_->options.stop())
        return fail(Errc::Interrupted, "interrupted");
    return {};
}

Result<void> Interrogation::run() {
    for (const Effort& effort : kRounds) {
        if (!any_left()) return {};
        CUPEL_TRY(const int runs, affordable(effort.seconds, effort.runs));
        CUPEL_DO(round(runs, effort.questions));
    }
    if (!any_left()) return {};
    CUPEL_DO(on_foreign_values(1, &Suspect::around_zero));
    CUPEL_DO(on_foreign_values(kVanishing, &Suspect::vanishing));
    return on_foreign_values(0, &Suspect::vanishing);
}

// How many runs of a sample the oracle answers in that time.
Result<int> Interrogation::affordable(double seconds, int most) {
    arena_->ask(0);
    const auto positions = draw_sample(state_->task, kFewestRuns).all();
    CUPEL_TRY(const Truths ignored, oracle_->ask(0, positions));
    const double each =
        oracle_->seconds_per_position() * static_cast<double>(positions.size()) / kFewestRuns;
    const double runs = each > 0 ? seconds / each : most;
    return static_cast<int>(std::clamp(runs, double{kFewestRuns}, static_cast<double>(most)));
}

// On questions of the declared values, and on widened ones, as a race asks both. A race asks many:
// what most questions show, one may hide by luck, the more so where an answer has few elements.
Result<void> Interrogation::round(int runs, int least) {
    const std::int64_t small = runs * kElementsOfRun / checker_->answer_elements();
    const auto wanted =
        static_cast<int>(std::clamp<std::int64_t>(small, least, std::max(least, kMostOfEither)));
    const int questions = std::clamp(runs / kFewestRuns, 1, wanted);
    const int each = std::max(kFewestRuns, runs / questions);
    for (int i = 0; i < questions; ++i) {
        if (!any_left()) return {};
        arena_->ask(0);
        CUPEL_DO(on_one_question(each));
        if (!any_left()) return {};
        arena_->ask(0);
        if (arena_->widen(0)) CUPEL_DO(on_one_question(each));
    }
    return {};
}

Result<void> Interrogation::on_one_question(int runs) {
    CUPEL_TRY(const Sheet sheet, Sheet::make(state_->task, *checker_, scratch_, runs));
    for (Suspect& suspect : *suspects_) {
        if (suspect.marks.wrong) continue;
        CUPEL_DO(not_stopped());
        if (state_->options.progress) {
            state_->options.progress(
                "admitting", std::min(0.99, static_cast<double>(asked_++) /
                                                static_cast<double>(suspects_->size() + 1)));
        }
        CUPEL_TRY(const Truths said, answers(suspect, sheet.positions()));
        Sheet::Marks marks = sheet.mark(said, suspect.errors);
        keep_larger(suspect.declared, sheet.distance(said));
        if (marks.wrong) {
            suspect.marks = std::move(marks);
            suspect.oracle.reset();
        } else {
            suspect.nearest = std::max(suspect.nearest, marks.margin);
        }
    }
    return {};
}

Result<Interrogation::Truths> Interrogation::answers(Suspect& suspect, Positions positions) {
    if (suspect.tampering != nullptr) return answers_to_tampered(*suspect.tampering, positions);
    if (!suspect.oracle) {
        CUPEL_TRY(suspect.oracle,
                  OracleClient::start(suspect.mutant->task, *arena_, state_->machine.cpus));
    }
    auto truths = suspect.oracle->ask(0, positions);
    if (!truths) return std::unexpected(std::move(truths).error().in("control " + suspect.name));
    return truths;
}

Result<Interrogation::Truths> Interrogation::answers_to_tampered(const Tampering& tampering,
                                                                 Positions positions) {
    std::vector<std::pair<std::size_t, Bytes>> kept;
    for (std::size_t i = 0; i < state_->task.inputs.size(); ++i) {
        if (!tampering.all_inputs && i != tampering.input) continue;
        const std::span<std::byte> input = arena_->input(0, i);
        kept.emplace_back(i, Bytes(input.begin(), input.end()));
        tampering.change(i, input);
    }
    auto truths = oracle_->ask(0, positions);
    for (const auto& [i, bytes] : kept)
        std::ranges::copy(bytes, arena_->input(0, i).begin());
    return truths;
}

Result<void> Interrogation::on_foreign_values(double scale, Distance Suspect::* where) {
    arena_->ask(0);
    for (std::size_t i = 0; i < state_->task.inputs.size(); ++i) {
        const task::Type type = state_->task.tensor(state_->task.inputs[i]).type;
        task::Values values = state_->task.values[i];
        if (!task::is_float(type)) continue;
        const bool normal = values.law == task::Law::Normal;
        const double size = normal ? std::max(std::abs(values.a), values.b)
                                   : std::max(std::abs(values.a), std::abs(values.b));
        values.law = task::Law::Normal;
        values.a = 0;
        values.b = scale * size;
        fill_values(arena_->input(0, i), type, values, fresh_key(), 1);
    }
    const auto positions = draw_sample(state_->task, kForeignRuns).all();
    CUPEL_TRY(const Truths truths, oracle_->ask(0, positions));
    for (Suspect& suspect : *suspects_) {
        if (suspect.marks.wrong) continue;
        CUPEL_DO(not_stopped());
        CUPEL_TRY(const Truths said, answers(suspect, positions));
        keep_larger(suspect.*where, distance_between(state_->task.precision, truths, said));
    }
    return {};
}

Referee::Control decide(const Suspect& suspect) {
    Referee::Control control;
    control.kind = suspect.kind;
    control.name = suspect.name;
    if (suspect.marks.wrong) {
        control.ruling = Referee::Ruling::Rejected;
        control.how = *suspect.marks.wrong;
        control.margin = suspect.marks.margin;
        return control;
    }
    control.margin = suspect.nearest;
    const bool same = std::max({suspect.declared.fine, suspect.around_zero.fine,
                                suspect.vanishing.fine}) <= kSameFine;
    if (same && !suspect.leaves_out) {
        control.ruling = Referee::Ruling::Equivalent;
        control.how = "the same function, to the roundings of float64, on every question tried";
    } else if (suspect.guard && suspect.around_zero.coarse <= kSameCoarse && !same) {
        control.ruling = Referee::Ruling::Unreached;
        control.how = "differs only where the inputs vanish, and no question does";
    } else {
        control.ruling = Referee::Ruling::Accepted;
        control.how = same ? "it makes no difference, whatever the inputs are"
                           : "its difference is below what the checks can see on these values";
    }
    control.rejected = false;
    return control;
}

}  // namespace cupel::referee
