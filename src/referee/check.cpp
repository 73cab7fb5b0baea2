// SPDX-License-Identifier: Apache-2.0
#include "referee/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <random>
#include <set>

#include "base/hash.hpp"
#include "os/clock.hpp"
#include "referee/compare.hpp"
#include "referee/half.hpp"
#include "task/independence.hpp"
#include "task/rewrite.hpp"
#include "task/sign.hpp"

namespace cupel::referee {
namespace {

constexpr std::size_t kMostPositions = 4096;
// The largest of 32 normal errors is below one deviation once in 200 000 times.
constexpr double kStudied = 32;
constexpr double kStudySeconds = 2;  // one sum of millions of terms takes a tenth of a second
// A kernel's largest error is looked for in whole answers: the panel's must be known from many
// elements too.
constexpr int kStudyQuestions = 4;
constexpr double kStudyDraw = 0.05;  // seconds

template <class Stored>
Stored load(std::span<const std::byte> bytes, std::uint64_t element) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + element * sizeof(Stored), sizeof(Stored));
    return stored;
}

double value_at(std::span<const std::byte> bytes, std::uint64_t element, task::Type type) {
    switch (type) {
        case task::Type::F64:
            return load<double>(bytes, element);
        case task::Type::F32:
            return static_cast<double>(load<float>(bytes, element));
        case task::Type::F16:
            return static_cast<double>(from_half(load<std::uint16_t>(bytes, element)));
        case task::Type::BF16:
            return static_cast<double>(from_bfloat(load<std::uint16_t>(bytes, element)));
        case task::Type::I64:
            return static_cast<double>(load<std::int64_t>(bytes, element));
        case task::Type::I32:
            return load<std::int32_t>(bytes, element);
        case task::Type::I8:
            return load<std::int8_t>(bytes, element);
    }
    return 0;
}

std::vector<std::uint64_t> index_of(const task::Tensor& tensor, std::uint64_t element) {
    std::vector<std::uint64_t> index(tensor.shape.size());
    for (std::size_t d = tensor.shape.size(); d-- > 0;) {
        const auto extent = static_cast<std::uint64_t>(tensor.shape[d]);
        index[d] = element % extent;
        element /= extent;
    }
    return index;
}

}  // namespace

std::string element_name(const task::Tensor& tensor, std::uint64_t element) {
    if (tensor.shape.empty()) return tensor.name;
    const auto index = index_of(tensor, element);
    return fmt::format("{}[{}]", tensor.name, fmt::join(index, ", "));
}

namespace {

std::vector<double> positions_per_output(std::size_t outputs,
                                         std::span<const wire::oracle::Position> positions) {
    std::vector<double> counts(outputs);
    for (const wire::oracle::Position& position : positions)
        counts[position.output] += 1;
    return counts;
}

void count_independent(const Probe& probe, AnswerErrors& errors) {
    const std::vector<double> more = positions_per_output(errors.outputs.size(), probe.positions);
    for (std::size_t i = 0; i < probe.independent.size(); ++i) {
        Errors& output = errors.outputs[i];
        output.independent =
            independent_together(static_cast<double>(output.positions), output.independent, more[i],
                                 probe.independent[i]);
    }
}

std::string words_for(const Standard& standard, const Standard::Judged& judged, const Probe& probe,
                      std::size_t position) {
    std::string words;
    if (std::isfinite(judged.error) && judged.error > 0) {
        words = fmt::format(" (error {:.3g} roundings; honest {} stays below {:.3g})", judged.error,
                            standard.honest(), standard.allowed());
    } else if (probe.kind_at(position) == Kind::Exact) {
        words = fmt::format(" (exactly: honest {} makes no roundings here)", standard.honest());
    }
    if (probe.kind == Kind::Wide) {
        words +=
            "; some values of this question are up to 64 times larger than usual, of one sign, "
            "tiny, or equal";
    }
    return words;
}

}  // namespace

std::optional<std::string> first_wrong(const task::Task& task, std::span<const Standard> standards,
                                       const Probe& probe, const AnswerView& answer,
                                       AnswerErrors& errors) {
    errors.outputs.resize(standards.size());
    if (probe.random) count_independent(probe, errors);
    for (std::size_t i = 0; i < probe.positions.size(); ++i) {
        const wire::oracle::Position& position = probe.positions[i];
        const Standard& standard = standards[position.output];
        const task::Tensor& tensor = task.tensor(task.outputs[position.output]);
        const double value = value_at(answer[position.output], position.element, tensor.type);
        const Standard::Judged judged =
            standard.judge(probe.truths[i], value, tensor.type, probe.kind_at(i),
                           probe.largest_of(position.output));
        if (probe.random) {
            Errors& output = errors.outputs[position.output];
            output.positions += 1;
            output.sum_of_squares += judged.error * judged.error;
        }
        errors.worst = std::max(errors.worst, judged.error / std::max(standard.allowed(), 1e-300));
        if (!judged.wrong) continue;
        return fmt::format("{} is {:.9g}, should be {:.9g}", element_name(tensor, position.element),
                           value, probe.truths[i].value) +
               words_for(standard, judged, probe, i);
    }
    for (std::size_t i = 0; i < standards.size(); ++i) {
        const auto words = standards[i].judge_average(errors.outputs[i]);
        if (!words) continue;
        return standards.size() == 1
                   ? words
                   : fmt::format("{}: {}", task.tensor(task.outputs[i]).name, *words);
    }
    return std::nullopt;
}

namespace {

// Calls `read` with each access of the stage.
template <class Read>
void for_accesses(const task::Task& task, const task::Stage& stage, Read read) {
    for (const task::ExprId id : task::below(task, stage.body)) {
        const task::Expr& expr = task.expr(id);
        if (expr.op == task::Op::Load) read(task.access(expr.reference));
    }
}

// The task of this output alone: none but the stages it is made by.
task::Task part_of(const task::Task& task, task::TensorId output) {
    task::Task part = task;
    part.outputs = {output};
    std::set<task::TensorId> needed{output};
    for (std::size_t i = task.stages.size(); i-- > 0;) {
        const task::Stage& stage = task.stages[i];
        if (!needed.contains(stage.out)) {
            part.stages.erase(part.stages.begin() + static_cast<std::ptrdiff_t>(i));
            continue;
        }
        for_accesses(task, stage,
                     [&](const task::Access& access) { needed.insert(access.tensor); });
    }
    return part;
}

// Its sums are all those that the parser took out of expressions: of `sum[k](...) + b[j]` only the
// answer is stored. An answer that another one is made of may be read as it was stored.
bool is_one_sum(const task::Task& task) {
    const auto is_output = [&](task::TensorId id) {
        return task.tensor(id).role == task::Role::Output;
    };
    return std::ranges::all_of(task.stages, [&](const task::Stage& stage) {
        bool reads_output = false;
        for_accesses(task, stage, [&](const task::Access& access) {
            reads_output = reads_output || is_output(access.tensor);
        });
        const bool is_hidden_sum =
            stage.how == task::Reducer::Sum && task.tensor(stage.out).name.ends_with("_sum");
        return !reads_output && (is_output(stage.out) || is_hidden_sum);
    });
}

}  // namespace

Standard::Formula formula_of(const task::Task& task, task::TensorId output, Adders adders) {
    const task::Task part = part_of(task, output);
    const Composer composer(part);
    return {.adds_only = composer.is_polynomial(),
            .never_cancels = task::sums_never_cancel(part),
            .terms = composer.least_terms(),
            .longest = composer.most_terms(),
            .short_factors = composer.has_short_factors(),
            .one_sum = is_one_sum(part),
            .adders = adders};
}

Checker::Checker(const task::Task& task, OracleClient& oracle, const Arena& arena, Adders adders)
    : task_(&task), oracle_(&oracle), arena_(&arena) {
    for (const task::TensorId output : task.outputs) {
        apart_.push_back(task::independent_dimensions(task, output));
        standards_.emplace_back(task.precision, formula_of(task, output, adders));
    }
}

std::vector<double> Checker::independent(std::span<const wire::oracle::Position> positions) const {
    std::vector<std::set<std::vector<std::uint64_t>>> sums(apart_.size());
    for (const wire::oracle::Position& position : positions) {
        const auto index =
            index_of(task_->tensor(task_->outputs[position.output]), position.element);
        std::vector<std::uint64_t> sum;
        for (const std::size_t dimension : apart_[position.output])
            sum.push_back(index[dimension]);
        sums[position.output].insert(std::move(sum));
    }
    std::vector<double> counts(sums.size());
    std::ranges::transform(sums, counts.begin(),
                           [](const auto& sum) { return static_cast<double>(sum.size()); });
    return counts;
}

AnswerView Checker::answer_in(int slot) const {
    AnswerView view;
    for (std::size_t i = 0; i < task_->outputs.size(); ++i) {
        view.emplace_back(arena_->output(slot, i));
    }
    return view;
}

std::int64_t Checker::answer_elements() const {
    std::int64_t elements = 0;
    for (const task::TensorId id : task_->outputs) {
        elements += task_->tensor(id).elements();
    }
    return elements;
}

Result<void> Checker::study(Arena& arena) {
    CUPEL_CHECK(&arena == arena_);
    const std::int64_t begin = os::now_ns();
    std::vector<double> studied(standards_.size());
    const std::size_t least = static_cast<std::size_t>(kStudied) * standards_.size();
    const auto too_few = [&] { return *std::ranges::min_element(studied) < kStudied; };
    const auto in_time = [&] {
        return static_cast<double>(os::now_ns() - begin) < kStudySeconds * 1e9;
    };
    for (int asked = 0; (asked < kStudyQuestions || too_few()) && in_time(); ++asked) {
        arena.ask(0, Kind::Lawful);
        CUPEL_TRY(const Probe probe, draw(0, kStudyDraw, least));
        for (std::size_t i = 0; i < studied.size(); ++i)
            studied[i] += probe.independent[i];
    }
    return {};
}

Result<Probe> Checker::draw(int slot, double seconds, std::size_t least) {
    const double each = oracle_->seconds_per_position();
    const double affordable = each > 0 ? seconds / each : static_cast<double>(least);
    std::size_t wanted =
        std::max(least, static_cast<std::size_t>(std::min(affordable, double{kMostPositions})));
    wanted = std::min(wanted, static_cast<std::size_t>(answer_elements()));
    std::mt19937_64 random(random_u64());
    std::vector<wire::oracle::Position> positions;
    const std::size_t outputs = task_->outputs.size();
    for (std::size_t i = 0; i < std::max(wanted, outputs); ++i) {
        const std::size_t output = i % outputs;
        const auto elements =
            static_cast<std::uint64_t>(task_->tensor(task_->outputs[output]).elements());
        positions.push_back({.output = static_cast<std::uint32_t>(output),
                             .reserved = 0,
                             .element = random() % elements});
    }
    return at(slot, std::move(positions), true);
}

Result<void> Checker::work_at(int slot, const std::vector<wire::oracle::Position>& positions) {
    CUPEL_DO(oracle_->ask(slot, positions));
    return {};
}

Result<Probe> Checker::at(int slot, std::vector<wire::oracle::Position> positions, bool random) {
    Probe probe;
    CUPEL_TRY(probe.truths, oracle_->ask(slot, positions));
    probe.positions = std::move(positions);
    probe.kind = arena_->kind(slot);
    if (probe.kind == Kind::Exact) {
        for (const wire::oracle::Position& position : probe.positions)
            probe.lawful.push_back(arena_->in_lawful_row(slot, position.output, position.element));
    }
    probe.random = random && probe.kind == Kind::Lawful;
    if (probe.random) {
        probe.independent = independent(probe.positions);
        const std::vector<double> drawn = positions_per_output(standards_.size(), probe.positions);
        for (std::size_t i = 0; i < standards_.size(); ++i)
            standards_[i].learn_independent(probe.independent[i], drawn[i]);
    }
    for (std::size_t i = 0; i < probe.positions.size(); ++i) {
        const std::uint32_t output = probe.positions[i].output;
        standards_[output].learn(probe.truths[i], task_->tensor(task_->outputs[output]).type,
                                 probe.kind, random);
    }
    if (probe.kind != Kind::Wide) return probe;
    std::vector<double>& largest = largest_[slot];
    if (random) largest.clear();  // a new question
    largest.resize(standards_.size());
    for (std::size_t i = 0; i < probe.positions.size(); ++i) {
        double& known = largest[probe.positions[i].output];
        if (std::isfinite(probe.truths[i].scale)) known = std::max(known, probe.truths[i].scale);
    }
    probe.largest = largest;
    return probe;
}

std::optional<std::string> Checker::verify(const Probe& probe, const AnswerView& answer,
                                           AnswerErrors& errors) const {
    return first_wrong(*task_, standards_, probe, answer, errors);
}

std::vector<wire::oracle::Position> Checker::dispute(const AnswerView& a, const AnswerView& b,
                                                     std::size_t most) const {
    std::vector<wire::oracle::Position> positions;
    for (std::size_t output = 0; output < a.size(); ++output) {
        const task::Type type = task_->tensor(task_->outputs[output]).type;
        for (const std::uint64_t element :
             suspects(a[output], b[output], type, most, arena_->threads())) {
            positions.push_back(
                {.output = static_cast<std::uint32_t>(output), .reserved = 0, .element = element});
        }
    }
    return positions;
}

}  // namespace cupel::referee
