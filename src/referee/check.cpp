// SPDX-License-Identifier: Apache-2.0
#include "referee/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <cstring>
#include <random>

#include "base/hash.hpp"
#include "referee/compare.hpp"

namespace cupel::referee {
namespace {

constexpr double kRmsFactor = 2;  // over the worst honest order
constexpr double kMaxFactor = 4;  // over the largest honest error
constexpr double kFloor = 1;      // no order is expected to do better than one rounding everywhere
constexpr std::int64_t kEnoughForRms = 32;
// On widened questions: far beyond what honest code loses where values of all sizes meet, and far
// below what overflow does.
constexpr double kWideFactor = 16;
constexpr double kWideFloor = 1e-30;
constexpr std::size_t kMostPositions = 4096;
constexpr std::size_t kSuspects = 16;  // per output: the largest differences settle the rest

double unit_of(std::string_view precision) {
    if (precision == "fp64") return 0x1p-53;
    if (precision == "tf32" || precision == "fp16") return 0x1p-11;
    if (precision == "bf16") return 0x1p-8;
    return 0x1p-24;
}

template <class Stored>
Stored load(std::span<const std::byte> bytes, std::uint64_t element) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + element * sizeof(Stored), sizeof(Stored));
    return stored;
}

double from_half(std::uint16_t half) {
    const double sign = (half & 0x8000U) != 0 ? -1 : 1;
    const int exponent = (half >> 10) & 0x1f;
    const int fraction = half & 0x3ff;
    if (exponent == 31) return fraction != 0 ? std::nan("") : sign * HUGE_VAL;
    if (exponent == 0) return sign * std::ldexp(fraction, -24);
    return sign * std::ldexp(fraction + 1024, exponent - 25);
}

double value_at(std::span<const std::byte> bytes, std::uint64_t element, task::Type type) {
    switch (type) {
        case task::Type::F64:
            return load<double>(bytes, element);
        case task::Type::F32:
            return static_cast<double>(load<float>(bytes, element));
        case task::Type::F16:
            return from_half(load<std::uint16_t>(bytes, element));
        case task::Type::BF16:
            return static_cast<double>(std::bit_cast<float>(
                static_cast<std::uint32_t>(load<std::uint16_t>(bytes, element)) << 16));
        case task::Type::I64:
            return static_cast<double>(load<std::int64_t>(bytes, element));
        case task::Type::I32:
            return load<std::int32_t>(bytes, element);
        case task::Type::I8:
            return load<std::int8_t>(bytes, element);
    }
    return 0;
}

// "y[3, 17]"
std::string element_name(const task::Tensor& tensor, std::uint64_t element) {
    if (tensor.shape.empty()) return tensor.name;
    std::vector<std::uint64_t> index(tensor.shape.size());
    for (std::size_t d = tensor.shape.size(); d-- > 0;) {
        const auto extent = static_cast<std::uint64_t>(tensor.shape[d]);
        index[d] = element % extent;
        element /= extent;
    }
    return fmt::format("{}[{}]", tensor.name, fmt::join(index, ", "));
}

double smallest_normal(task::Type type) {
    return type == task::Type::F64 ? DBL_MIN : static_cast<double>(FLT_MIN);
}

}  // namespace

Checker::Checker(const task::Task& task, OracleClient& oracle, const Arena& arena)
    : task_(&task), oracle_(&oracle), arena_(&arena), unit_(unit_of(task.precision)) {}

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
    probe.wide = arena_->is_wide(slot);
    probe.random = random && !probe.wide;
    if (!probe.wide) {
        learn(probe);
    } else {
        for (const wire::oracle::Truth& truth : probe.truths) {
            if (std::isfinite(truth.scale)) wide_scale_ = std::max(wide_scale_, truth.scale);
        }
    }
    return probe;
}

void Checker::learn(const Probe& probe) {
    for (std::size_t i = 0; i < probe.positions.size(); ++i) {
        const wire::oracle::Truth& truth = probe.truths[i];
        if (!task::is_float(task_->tensor(task_->outputs[probe.positions[i].output]).type))
            continue;
        if (!std::isfinite(truth.value) || truth.scale <= 0) continue;
        for (std::size_t order = 0; order < std::size(truth.panel); ++order) {
            const double error = std::abs(truth.panel[order] - truth.value) / (unit_ * truth.scale);
            if (!std::isfinite(error)) continue;
            if (probe.random) panel_squares_[order] += error * error;
            panel_worst_ = std::max(panel_worst_, error);
            panel_exact_ = panel_exact_ && error == 0;
        }
        if (probe.random) panel_positions_ += 1;
    }
}

double Checker::allowed() const {
    return panel_exact_ ? 0 : kMaxFactor * std::max(panel_worst_, kFloor);
}

Checker::Judged Checker::judge(const wire::oracle::Truth& truth, double value,
                               task::Type type) const {
    if (!task::is_float(type)) return {.error = 0, .wrong = value != truth.value};
    const auto honest = [&](double wanted) {  // some honest order gives just this
        return std::any_of(std::begin(truth.panel), std::end(truth.panel), [&](double panel) {
            return panel == wanted || (std::isnan(panel) && std::isnan(wanted));
        });
    };
    if (!std::isfinite(value) || !std::isfinite(truth.value))
        return {.error = 0, .wrong = !honest(value)};
    const double apart = std::abs(value - truth.value);
    if (apart <= smallest_normal(type)) return {};
    if (truth.scale <= 0) return {.error = 0, .wrong = true};  // the truth is exact
    const double error = apart / (unit_ * truth.scale);
    return {.error = error, .wrong = !(error <= allowed())};
}

// What matters here is that nothing overflows or is lost: errors are held to the largest scale, as
// Strassen's and Winograd's honest algorithms can promise. Where honest arithmetic itself does not
// hold, nothing is asked of the kernel.
Checker::Judged Checker::judge_wide(const wire::oracle::Truth& truth, double value,
                                    task::Type type) const {
    if (!task::is_float(type)) return judge(truth, value, type);
    const auto finite = [](double x) { return std::isfinite(x); };
    if (!finite(truth.value) ||
        !std::all_of(std::begin(truth.panel), std::end(truth.panel), finite))
        return {};
    double apart = 0;
    for (const double panel : truth.panel)
        apart = std::max(apart, std::abs(panel - truth.value));
    const double most = kWideFactor * std::max(apart, allowed() * unit_ * wide_scale_) + kWideFloor;
    return {.error = 0, .wrong = !(std::abs(value - truth.value) <= most)};
}

std::optional<std::string> Checker::verify(const Probe& probe, const AnswerView& answer,
                                           Errors& errors) const {
    const double limit = std::max(allowed(), 1e-300);
    for (std::size_t i = 0; i < probe.positions.size(); ++i) {
        const wire::oracle::Position& position = probe.positions[i];
        const task::Tensor& tensor = task_->tensor(task_->outputs[position.output]);
        const double value = value_at(answer[position.output], position.element, tensor.type);
        const Judged judged = probe.wide ? judge_wide(probe.truths[i], value, tensor.type)
                                         : judge(probe.truths[i], value, tensor.type);
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
            words +=
                fmt::format(" (error {:.3g} roundings; honest {} arithmetic stays below {:.3g})",
                            judged.error, task_->precision, allowed());
        }
        if (probe.wide) words += "; some values of this question are 64 times larger than usual";
        return words;
    }
    if (errors.positions < kEnoughForRms || panel_positions_ < static_cast<double>(kEnoughForRms))
        return std::nullopt;
    double honest = 0;
    for (const double squares : panel_squares_) {
        honest = std::max(honest, std::sqrt(squares / panel_positions_));
    }
    const double rms = std::sqrt(errors.sum_of_squares / static_cast<double>(errors.positions));
    if (rms <= kRmsFactor * std::max(honest, kFloor / 2)) return std::nullopt;
    return fmt::format(
        "root mean square error of {:.3g} roundings over {} elements; honest {} arithmetic has "
        "{:.3g}",
        rms, errors.positions, task_->precision, honest);
}

std::vector<wire::oracle::Position> Checker::dispute(const AnswerView& a,
                                                     const AnswerView& b) const {
    std::vector<wire::oracle::Position> positions;
    for (std::size_t output = 0; output < a.size(); ++output) {
        const task::Type type = task_->tensor(task_->outputs[output]).type;
        for (const std::uint64_t element :
             suspects(a[output], b[output], type, kSuspects, arena_->threads())) {
            positions.push_back(
                {.output = static_cast<std::uint32_t>(output), .reserved = 0, .element = element});
        }
    }
    return positions;
}

}  // namespace cupel::referee
