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

std::optional<std::string> first_wrong(const task::Task& task, const Standard& standard,
                                       const Probe& probe, const AnswerView& answer,
                                       Errors& errors) {
    const double limit = std::max(standard.allowed(), 1e-300);
    if (probe.random) {
        errors.independent =
            independent_together(static_cast<double>(errors.positions), errors.independent,
                                 static_cast<double>(probe.positions.size()), probe.independent);
    }
    for (std::size_t i = 0; i < probe.positions.size(); ++i) {
        const wire::oracle::Position& position = probe.positions[i];
        const task::Tensor& tensor = task.tensor(task.outputs[position.output]);
        const double value = value_at(answer[position.output], position.element, tensor.type);
        const Standard::Judged judged =
            standard.judge(probe.truths[i], value, tensor.type, probe.kind_at(i));
        if (probe.random) {
            errors.positions += 1;
            errors.sum_of_squares += judged.error * judged.error;
        }
        errors.worst = std::max(errors.worst, judged.error / limit);
        if (!judged.wrong) continue;
        std::string words =
            fmt::format("{} is {:.9g}, should be {:.9g}", element_name(tensor, position.element),
                        value, probe.truths[i].value);
        if (std::isfinite(judged.error) && judged.error > 0) {
            words += fmt::format(" (error {:.3g} roundings; honest {} stays below {:.3g})",
                                 judged.error, standard.honest(), standard.allowed());
        } else if (probe.kind_at(i) == Kind::Exact) {
            words +=
                fmt::format(" (exactly: honest {} makes no roundings here)", standard.honest());
        }
        if (probe.kind == Kind::Wide) {
            words +=
                "; some values of this question are 64 times larger than usual, of one sign, tiny, "
                "or equal";
        }
        return words;
    }
    return standard.judge_average(errors);
}

namespace {

// Its sums are all those that the parser took out of expressions: of `sum[k](...) + b[j]` only the
// answer is stored. An answer that another one is made of may be read as it was stored.
bool is_one_sum(const task::Task& task) {
    const auto is_output = [&](task::TensorId id) {
        return task.tensor(id).role == task::Role::Output;
    };
    return std::ranges::all_of(task.stages,
                               [&](const task::Stage& stage) {
                                   return is_output(stage.out) ||
                                          (stage.how == task::Reducer::Sum &&
                                           task.tensor(stage.out).name.ends_with("_sum"));
                               }) &&
           std::ranges::none_of(
               task.accesses, [&](const task::Access& access) { return is_output(access.tensor); });
}

}  // namespace

Checker::Checker(const task::Task& task, OracleClient& oracle, const Arena& arena, Adders adders)
    : task_(&task),
      oracle_(&oracle),
      arena_(&arena),
      standard_(task.precision, {.adds_only = arena.composer().is_polynomial(),
                                 .never_cancels = task::sums_never_cancel(task),
                                 .terms = arena.composer().least_terms(),
                                 .longest = arena.composer().most_terms(),
                                 .short_factors = arena.composer().has_short_factors(),
                                 .one_sum = is_one_sum(task),
                                 .adders = adders}) {
    for (const task::TensorId output : task.outputs)
        apart_.push_back(task::independent_dimensions(task, output));
}

double Checker::independent(std::span<const wire::oracle::Position> positions) const {
    std::set<std::vector<std::uint64_t>> sums;
    for (const wire::oracle::Position& position : positions) {
        const auto index =
            index_of(task_->tensor(task_->outputs[position.output]), position.element);
        std::vector<std::uint64_t> sum{position.output};
        for (const std::size_t dimension : apart_[position.output])
            sum.push_back(index[dimension]);
        sums.insert(std::move(sum));
    }
    return static_cast<double>(sums.size());
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
    double studied = 0;
    const auto in_time = [&] {
        return static_cast<double>(os::now_ns() - begin) < kStudySeconds * 1e9;
    };
    for (int asked = 0; (asked < kStudyQuestions || studied < kStudied) && in_time(); ++asked) {
        arena.ask(0, Kind::Lawful);
        CUPEL_TRY(const Probe probe, draw(0, kStudyDraw, static_cast<std::size_t>(kStudied)));
        studied += probe.independent;
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
        standard_.learn_independent(probe.independent, static_cast<double>(probe.positions.size()));
    }
    for (std::size_t i = 0; i < probe.positions.size(); ++i) {
        standard_.learn(probe.truths[i],
                        task_->tensor(task_->outputs[probe.positions[i].output]).type, probe.kind,
                        random);
    }
    return probe;
}

std::optional<std::string> Checker::verify(const Probe& probe, const AnswerView& answer,
                                           Errors& errors) const {
    return first_wrong(*task_, standard_, probe, answer, errors);
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
