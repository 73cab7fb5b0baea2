// SPDX-License-Identifier: Apache-2.0
#include "referee/admit_sheet.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "base/hash.hpp"
#include "referee/half.hpp"

namespace cupel::referee {
namespace {

using wire::oracle::Position;
using wire::oracle::Truth;

constexpr double kNoMeasure = 1e30;       // times a tolerance of nothing
constexpr std::int64_t kNeighbours = 16;  // neighbouring elements that are asked about together

template <class Stored>
void put(std::byte* at, double value) {
    const auto stored = static_cast<Stored>(value);
    std::memcpy(at, &stored, sizeof stored);
}

void store_number(std::byte* at, task::Type type, double value) {
    switch (type) {
        case task::Type::F64:
            return put<double>(at, value);
        case task::Type::F32:
            return put<float>(at, value);
        case task::Type::F16:
            return put<std::uint16_t>(at, to_half(static_cast<float>(value)));
        case task::Type::BF16:
            return put<std::uint16_t>(at, to_bfloat(static_cast<float>(value)));
        case task::Type::I64:
            return put<std::int64_t>(at, std::clamp(value, -0x1p62, 0x1p62));
        case task::Type::I32:
            return put<std::int32_t>(at, std::clamp(value, -0x1p31, 0x1p31 - 1));
        case task::Type::I8:
            return put<std::int8_t>(at, std::clamp(value, -128.0, 127.0));
    }
}

// A corner, a face, or anywhere along one: each coordinate is the first, the last, or any.
std::int64_t edge_element(const task::Tensor& tensor, std::mt19937_64& random) {
    std::int64_t element = 0;
    for (const std::int64_t extent : tensor.shape) {
        const auto size = static_cast<std::uint64_t>(extent);
        const std::uint64_t choice = random() % 3;
        const std::uint64_t at = choice == 0 ? 0 : choice == 1 ? size - 1 : random() % size;
        element = element * extent + static_cast<std::int64_t>(at);
    }
    return element;
}

void add_run(std::vector<Position>& positions, std::uint32_t output, std::int64_t first,
             std::int64_t elements) {
    const std::int64_t length = std::min(kNeighbours, elements);
    first = std::clamp<std::int64_t>(first, 0, elements - length);
    for (std::int64_t i = 0; i < length; ++i) {
        positions.push_back(
            {.output = output, .reserved = 0, .element = static_cast<std::uint64_t>(first + i)});
    }
}

double apart(const Truth& a, const Truth& b) {
    if (a.value == b.value || (std::isnan(a.value) && std::isnan(b.value))) return 0;
    const double apart = std::abs(a.value - b.value);
    if (!std::isfinite(apart)) return std::numeric_limits<double>::infinity();
    const double scale = std::max(a.scale, b.scale);
    if (!(scale > 0) || !std::isfinite(scale)) return std::numeric_limits<double>::infinity();
    return apart / scale;
}

}  // namespace

std::vector<Position> Sample::all() const {
    std::vector<Position> both = anywhere;
    both.insert(both.end(), edges.begin(), edges.end());
    return both;
}

Sample draw_sample(const task::Task& task, int runs) {
    std::mt19937_64 random(random_u64());
    Sample sample;
    for (int run = 0; run < runs; ++run) {
        for (std::size_t o = 0; o < task.outputs.size(); ++o) {
            const task::Tensor& tensor = task.tensor(task.outputs[o]);
            const std::int64_t elements = tensor.elements();
            const auto output = static_cast<std::uint32_t>(o);
            if (run > 0 && elements <= kNeighbours) continue;  // all of them are asked about
            const auto any =
                static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(elements));
            add_run(sample.anywhere, output, any, elements);
            const std::int64_t edge = edge_element(tensor, random);
            // At the end of a row the run ends with it.
            const std::int64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
            const bool last = edge % row == row - 1;
            add_run(sample.edges, output, last ? edge - kNeighbours + 1 : edge, elements);
        }
    }
    return sample;
}

Distance distance_between(std::string_view precision, std::span<const Truth> a,
                          std::span<const Truth> b) {
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        worst = std::max(worst, apart(a[i], b[i]));
    // Scales count roundings of the precision at which answers are computed: 2^-53 in fp64, whose
    // truth is better than that, 2^-24 in all others.
    if (precision == "fp64") return {.fine = worst * 0x1p53, .coarse = worst * 0x1p53};
    return {.fine = worst * 0x1p53, .coarse = worst * 0x1p24};
}

Result<Sheet> Sheet::make(const task::Task& task, Checker& checker,
                          std::vector<std::vector<std::byte>>& scratch, int runs) {
    Sheet sheet;
    sheet.task_ = &task;
    sheet.checker_ = &checker;
    sheet.scratch_ = &scratch;
    Sample sample = draw_sample(task, runs);
    sheet.positions_ = sample.all();
    CUPEL_TRY(sheet.anywhere_, checker.at(0, std::move(sample.anywhere), true));
    CUPEL_TRY(sheet.edges_, checker.at(0, std::move(sample.edges), false));
    return sheet;
}

Sheet::Marks Sheet::mark(std::span<const Truth> answers, AnswerErrors& errors) const {
    const AnswerView view(scratch_->begin(), scratch_->end());
    for (std::size_t i = 0; i < positions_.size(); ++i) {
        const Position& position = positions_[i];
        const task::Type type = task_->tensor(task_->outputs[position.output]).type;
        store_number((*scratch_)[position.output].data() + position.element * task::type_size(type),
                     type, answers[i].panel[0]);
    }
    Marks marks;
    std::size_t wrong = 0;
    Probe one;
    one.positions.resize(1);
    one.truths.resize(1);
    one.random = false;
    for (const Probe* probe : {&anywhere_, &edges_}) {
        one.kind = probe->kind;
        for (std::size_t i = 0; i < probe->positions.size(); ++i) {
            one.positions[0] = probe->positions[i];
            one.truths[0] = probe->truths[i];
            AnswerErrors of_one;
            std::optional<std::string> words = checker_->verify(one, view, of_one);
            marks.margin = std::max(marks.margin, of_one.worst);
            if (!words) continue;
            ++wrong;
            if (!marks.wrong) marks.wrong = std::move(words);
        }
    }
    if (marks.margin > kNoMeasure) marks.margin = 0;
    marks.share = static_cast<double>(wrong) / static_cast<double>(positions_.size());
    if (!marks.wrong) marks.wrong = checker_->verify(anywhere_, view, errors);
    return marks;
}

Distance Sheet::distance(std::span<const Truth> answers) const {
    std::vector<Truth> truths = anywhere_.truths;
    truths.insert(truths.end(), edges_.truths.begin(), edges_.truths.end());
    return distance_between(task_->precision, truths, answers);
}

}  // namespace cupel::referee
