// SPDX-License-Identifier: Apache-2.0
#include "referee/widen.hpp"

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "referee/half.hpp"

namespace cupel::referee {
namespace {

constexpr std::size_t kWidened = 64;  // elements that grow together
constexpr unsigned kOneIn = 16;
constexpr int kGrowth = 6;  // as a power of two, so that products stay exact
// In standard deviations. exp(-104) is nothing in fp32, denormals included; and the largest value
// is no larger than the widened runs have them, as errors are held to the largest.
constexpr double kFar = 112;
constexpr double kFarSpread = 32;
constexpr int kLeastShrinking = 8;
constexpr unsigned kShrinkings = 17;
constexpr std::int64_t kMostStrided = 1 << 20;  // elements of tensors whose columns are walked

// Rows of a tensor: how many elements they have, and what is done to each.
struct Rows {
    std::size_t length = 1;
    std::vector<Row> what;
    std::vector<int> growth;  // per run of elements, as a power of two: of those in plain rows
};

// Elements that differ in one index only.
struct Line {
    std::size_t first = 0;
    std::size_t step = 1;
    std::size_t count = 0;
    [[nodiscard]] std::size_t at(std::size_t i) const { return first + i * step; }
};

Row draw_row(std::mt19937& random, unsigned choices) {
    constexpr std::array kBent = {Row::Low, Row::High, Row::Tiny};
    const std::size_t drawn = random() % choices;
    return drawn < kBent.size() ? kBent[drawn] : Row::Plain;
}

// Along the last dimension, as most sums are. Now and then all rows of a larger piece are alike,
// few of these plain: scores are all negative only where all keys of an attention are. A piece is
// one index of the leading dimensions, or everything.
Rows draw_rows(const task::Tensor& tensor, std::optional<Row> dealt, bool each,
               std::mt19937& random) {
    constexpr unsigned kOneOfWholes = 3;  // is all alike, and
    constexpr unsigned kOneOfPieces = 2;  // of the smaller ones
    constexpr unsigned kChoicesOfPieces = 4;
    constexpr unsigned kChoicesOfRows = 8;
    Rows rows;
    const std::size_t rank = tensor.shape.size();
    if (rank > 1) rows.length = static_cast<std::size_t>(tensor.shape.back());
    if (rank < 2) rows.length = static_cast<std::size_t>(tensor.elements());
    rows.what.resize(static_cast<std::size_t>(tensor.elements()) / rows.length);
    if (dealt) {
        std::ranges::fill(rows.what, *dealt);
        return rows;
    }
    if (each) {
        for (Row& row : rows.what)
            row = draw_row(random, kChoicesOfPieces);
        return rows;
    }
    const auto draw = [&](auto&& self, std::span<Row> piece, std::size_t dimension) -> void {
        const bool is_row = dimension + 1 >= rank;
        if (is_row || random() % (dimension == 0 ? kOneOfWholes : kOneOfPieces) == 0) {
            const Row all =
                draw_row(random, is_row && rank > 1 ? kChoicesOfRows : kChoicesOfPieces);
            std::ranges::fill(piece, all);
            return;
        }
        const auto extent = static_cast<std::size_t>(tensor.shape[dimension]);
        for (std::size_t i = 0; i < extent; ++i) {
            self(self, piece.subspan(i * (piece.size() / extent), piece.size() / extent),
                 dimension + 1);
        }
    };
    draw(draw, rows.what, 0);
    return rows;
}

// Where a formula does more than add and multiply every second run grows by less: exponentials of
// what is 64 times larger are infinite or nothing, and between those and the usual lies much.
template <class Float>
void widen_runs(std::span<Float> values, Rows& rows, std::mt19937& random) {
    const std::size_t runs = (values.size() + kWidened - 1) / kWidened;
    const std::size_t always = runs == 0 ? 0 : random() % runs;  // small tensors have few
    rows.growth.assign(runs, 0);
    for (std::size_t run = 0; run < runs; ++run) {
        if (run != always && random() % kOneIn != 0) continue;
        const bool less = !rows.what.empty() && random() % 2 == 0;
        rows.growth[run] = less ? 1 + static_cast<int>(random() % (kGrowth - 1)) : kGrowth;
        const std::size_t end = std::min((run + 1) * kWidened, values.size());
        for (std::size_t i = run * kWidened; i < end; ++i) {
            if (rows.what.empty() || rows.what[i / rows.length] == Row::Plain)
                values[i] *= Float(1 << rows.growth[run]);
        }
    }
}

template <class Float>
void bend_normal(std::span<Float> row, Row what, const task::Values& values, std::uint64_t drawn) {
    if (what == Row::Tiny) {
        const int shrinking = kLeastShrinking + static_cast<int>(drawn % kShrinkings);
        for (Float& value : row)
            value = std::ldexp(value, -shrinking);
        return;
    }
    const auto far = static_cast<Float>(kFar * values.b);
    const Float sign = what == Row::Low ? Float(-1) : Float(1);
    for (Float& value : row)
        value = sign * (far + std::abs(value) * Float(kFarSpread));
}

// The end is not drawn itself.
template <class Float>
void bend_uniform(std::span<Float> row, Row what, const task::Values& values) {
    constexpr auto kNear = Float(1) / (1 << kGrowth);
    const auto low = static_cast<Float>(values.a);
    const auto high = static_cast<Float>(values.b);
    if (what == Row::Tiny || !(low < high)) return;
    for (Float& value : row) {
        value = what == Row::Low ? low + (value - low) * kNear : high - (high - value) * kNear;
        value = std::clamp(value, low, std::nextafter(high, low));
    }
}

template <class Stored>
void bend_integers(std::span<Stored> row, Row what, const task::Values& values) {
    if (what == Row::Tiny) return;
    const auto low = static_cast<std::int64_t>(values.a);
    const auto high = std::max(low, static_cast<std::int64_t>(values.b) - 1);
    std::ranges::fill(row, static_cast<Stored>(what == Row::Low ? low : high));
}

// One of the extremes of a line: its largest, its smallest, or its smallest magnitude.
template <class Float>
std::size_t extreme_of(std::span<const Float> values, const Line& line, std::uint64_t drawn) {
    const auto key = [&](std::size_t i) {
        const Float value = values[line.at(i)];
        return drawn == 0 ? value : drawn == 1 ? -value : -std::abs(value);
    };
    std::size_t best = 0;
    for (std::size_t i = 1; i < line.count; ++i)
        best = key(i) > key(best) ? i : best;
    return best;
}

// A maximum that leaves some elements out does no harm to exponentials where others are nearly as
// large. Here none is: of plain ones one is far and the others are as the law draws them; of those
// far from zero one is not. Says which.
template <class Float>
std::size_t isolate_extreme(std::span<Float> values, const Line& line, Row what, double spread,
                            bool largest) {
    const std::size_t from = extreme_of<Float>(values, line, largest ? 0 : 1);
    Float& extreme = values[line.at(from)];
    const auto far = static_cast<Float>(kFar * spread);
    const Float magnitude = std::abs(extreme);
    if (what == Row::Plain) {
        extreme = (largest ? Float(1) : Float(-1)) * (far + magnitude * Float(kFarSpread));
    } else {
        extreme = (what == Row::Low ? Float(-1) : Float(1)) * (magnitude - far) / Float(kFarSpread);
    }
    return from;
}

// Who of equal ones comes first is seen only where some are equal, and not neighbours; that the
// last one is not read only where it is the extreme, which of many it hardly ever is.
template <class Float>
class Placing {
public:
    Placing(std::span<Float> values, const Rows& rows, const task::Values& law, int digits)
        : values_(values), rows_(&rows), law_(&law), digits_(digits) {
        all_alike_ =
            std::ranges::adjacent_find(rows.what, std::not_equal_to<>()) == rows.what.end();
    }

    void place(const Line& line, std::mt19937& random) {
        constexpr unsigned kWays = 4;
        constexpr unsigned kExtremes = 3;
        const std::uint64_t drawn = random();
        const std::uint64_t way = drawn % kWays;
        if (way == 0) {
            place_alone(line, drawn / kWays);
            return;
        }
        const std::size_t from = extreme_of<Float>(values_, line, drawn / kWays % kExtremes);
        Float& extreme = values_[line.at(from)];
        if (way == 1) values_[line.at(random() % line.count)] = extreme;
        if (way == 2) std::swap(values_[line.first], extreme);
        if (way == 3) std::swap(values_[line.at(line.count - 1)], extreme);
    }

    // Who compares bits, or fewer of them, orders zeros by their signs and takes neighbours for
    // equals.
    void place_neighbours(const Line& line, std::mt19937& random) {
        constexpr unsigned kOneOf = 8;
        const unsigned drawn = random() % kOneOf;
        bool largest = random() % 2 == 0;
        const std::size_t a = random() % line.count;
        const std::size_t b = random() % line.count;
        if (drawn == 0) place_nearly_equal(line, largest, a);
        // Rows of one sign stay so: a column is all negative only where no row of it is not.
        const Row what = rows_->what[line.first / rows_->length];
        if (what == Row::Low || what == Row::High) largest = what == Row::Low;
        if ((drawn == 1 || drawn == 2) && a != b && may_be_zero(line))
            place_zeros(line, largest, a, b);
    }

private:
    void place_nearly_equal(const Line& line, bool largest, std::size_t to) {
        const std::size_t from = extreme_of<Float>(values_, line, largest ? 0 : 1);
        const Float extreme = values_[line.at(from)];
        const bool continuous = law_->law == task::Law::Normal || law_->law == task::Law::Uniform;
        if (!continuous || to == from || extreme == 0 || !std::isfinite(extreme)) return;
        // Bent values are no 16-bit ones yet, and others than those could leave a range.
        const int shift = digits_ - 1 - std::ilogb(extreme);
        const Float units = std::rint(std::ldexp(extreme, shift));
        const Float rounded = std::ldexp(units, -shift);
        if (law_->law != task::Law::Normal && rounded != extreme) return;
        values_[line.at(from)] = rounded;
        values_[line.at(to)] = std::ldexp(units + (largest ? Float(-1) : Float(1)), -shift);
    }

    // Columns of rows of several kinds are not bent, as the rows would be no more what they are.
    [[nodiscard]] bool may_be_zero(const Line& line) const {
        const bool in_one_row = line.step == 1 && line.count <= rows_->length;
        return law_->law == task::Law::Normal && (in_one_row || all_alike_);
    }

    void place_zeros(const Line& line, bool largest, std::size_t negative, std::size_t positive) {
        for (std::size_t i = 0; i < line.count; ++i)
            values_[line.at(i)] = std::copysign(values_[line.at(i)], Float(largest ? -1 : 1));
        values_[line.at(negative)] = Float(-0.0);
        values_[line.at(positive)] = Float(0.0);
    }

    // Most often last.
    void place_alone(const Line& line, std::uint64_t drawn) {
        constexpr unsigned kPlaces = 4;
        const bool in_one_row = line.step == 1 && line.count <= rows_->length;
        const Row what = rows_->what[line.first / rows_->length];
        if (law_->law != task::Law::Normal || !(in_one_row || all_alike_) || what == Row::Tiny)
            return;
        if (what == Row::Plain) undo_growth(line);
        const bool largest = what == Row::Low || (what == Row::Plain && drawn % 2 == 0);
        const std::size_t from = isolate_extreme(values_, line, what, law_->b, largest);
        const std::uint64_t place = drawn / 2 % kPlaces;
        if (place == 0) return;
        std::swap(values_[line.at(place == 1 ? 0 : line.count - 1)], values_[line.at(from)]);
    }

    void undo_growth(const Line& line) {
        for (std::size_t i = 0; i < line.count; ++i)
            values_[line.at(i)] /= Float(1 << rows_->growth[line.at(i) / kWidened]);
    }

    std::span<Float> values_;
    const Rows* rows_;
    const task::Values* law_;
    int digits_ = 0;
    bool all_alike_ = false;
};

template <class Float>
void place_extremes(Placing<Float> placing, const task::Tensor& tensor, bool choices,
                    std::mt19937& random) {
    const std::size_t rank = tensor.shape.size();
    if (rank == 0) return;
    std::size_t dimension = rank - 1;
    if (tensor.elements() <= kMostStrided && random() % 2 == 0) dimension = random() % rank;
    std::size_t step = 1;
    for (std::size_t d = dimension + 1; d < rank; ++d)
        step *= static_cast<std::size_t>(tensor.shape[d]);
    const auto count = static_cast<std::size_t>(tensor.shape[dimension]);
    if (count < 2) return;
    const auto elements = static_cast<std::size_t>(tensor.elements());
    for (std::size_t block = 0; block < elements; block += count * step) {
        for (std::size_t first = block; first < block + step; ++first) {
            const Line line{.first = first, .step = step, .count = count};
            placing.place(line, random);
            if (choices) placing.place_neighbours(line, random);
        }
    }
}

int digits_of(task::Type type) {
    constexpr int kOfHalf = 11;
    constexpr int kOfBfloat = 8;
    if (type == task::Type::F16) return kOfHalf;
    if (type == task::Type::BF16) return kOfBfloat;
    return type == task::Type::F64 ? DBL_MANT_DIG : FLT_MANT_DIG;
}

// Only a normal law has tiny values; the others are drawn instead.
std::optional<Row> wholly(const Widening& widening, const task::Values& law) {
    if (widening.all == Row::Tiny && law.law != task::Law::Normal) return std::nullopt;
    return widening.all;
}

template <class Float>
bool widen_floats(std::span<Float> values, const task::Tensor& tensor, const task::Values& law,
                  const Widening& widening) {
    const bool normal = law.law == task::Law::Normal;
    const bool integers = law.law == task::Law::Integers;
    if (!normal && !integers && !widening.rows) return false;
    std::mt19937 random(static_cast<std::uint32_t>(widening.key));
    Rows chosen = widening.rows || integers
                      ? draw_rows(tensor, wholly(widening, law), widening.each, random)
                      : Rows{};
    for (std::size_t i = 0; i < chosen.what.size(); ++i) {
        const std::uint64_t drawn = random();
        const std::span<Float> row = values.subspan(i * chosen.length, chosen.length);
        if (chosen.what[i] == Row::Plain) continue;
        if (normal) bend_normal(row, chosen.what[i], law, drawn);
        if (law.law == task::Law::Uniform) bend_uniform(row, chosen.what[i], law);
        if (integers) bend_integers(row, chosen.what[i], law);
    }
    if (normal) widen_runs(values, chosen, random);
    if (widening.rows) {
        place_extremes(Placing<Float>(values, chosen, law, digits_of(tensor.type)), tensor,
                       widening.choices, random);
    }
    return true;
}

template <class Stored>
bool widen_integers(std::span<Stored> values, const task::Tensor& tensor, const task::Values& law,
                    const Widening& widening) {
    std::mt19937 random(static_cast<std::uint32_t>(widening.key));
    const Rows rows = draw_rows(tensor, wholly(widening, law), widening.each, random);
    for (std::size_t i = 0; i < rows.what.size(); ++i) {
        if (rows.what[i] != Row::Plain)
            bend_integers(values.subspan(i * rows.length, rows.length), rows.what[i], law);
    }
    return true;
}

// As floats, which hold every such number; what grew beyond the type's largest is put back to it.
template <float (*Convert)(std::uint16_t), std::uint16_t (*Back)(float)>
bool widen_halves(std::span<std::uint16_t> bits, const task::Tensor& tensor,
                  const task::Values& law, const Widening& widening) {
    constexpr float kMostOfHalf = 65504;  // a bfloat has no smaller range than a float
    const float most = tensor.type == task::Type::F16 ? kMostOfHalf : FLT_MAX;
    std::vector<float> values(bits.size());
    std::ranges::transform(bits, values.begin(), Convert);
    const bool changed = widen_floats(std::span(values), tensor, law, widening);
    std::ranges::transform(values, bits.begin(),
                           [&](float value) { return Back(std::clamp(value, -most, most)); });
    return changed;
}

template <class Stored>
std::span<Stored> elements(std::span<std::byte> bytes) {
    return {reinterpret_cast<Stored*>(bytes.data()), bytes.size() / sizeof(Stored)};
}

}  // namespace

std::optional<Row> dealt_rows(const task::Task& task, std::size_t input, const WideDeal& deal) {
    std::array hand = {Row::Low, Row::High, Row::Tiny};
    std::vector<std::size_t> places(task.inputs.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    std::mt19937_64 random(deal.seed);
    std::ranges::shuffle(hand, random);
    std::ranges::shuffle(places, random);
    const std::uint64_t free = random() % WideDeal::kHand;  // of all inputs at once
    const std::uint64_t turn = deal.number % WideDeal::kHand;
    if (turn == free) return std::nullopt;
    const bool integers = task.values.at(input).law == task::Law::Integers;
    const bool together = integers == (deal.number / WideDeal::kHand % 2 == 0);
    const std::uint64_t place = together ? 0 : places.at(input);
    return hand.at((turn - (turn > free ? 1 : 0) + place) % hand.size());
}

bool widen_values(std::span<std::byte> bytes, const task::Tensor& tensor,
                  const task::Values& values, const Widening& widening) {
    switch (tensor.type) {
        case task::Type::F32:
            return widen_floats(elements<float>(bytes), tensor, values, widening);
        case task::Type::F64:
            return widen_floats(elements<double>(bytes), tensor, values, widening);
        case task::Type::I64:
            return widen_integers(elements<std::int64_t>(bytes), tensor, values, widening);
        case task::Type::I32:
            return widen_integers(elements<std::int32_t>(bytes), tensor, values, widening);
        case task::Type::I8:
            return widen_integers(elements<std::int8_t>(bytes), tensor, values, widening);
        case task::Type::F16:
            return widen_halves<from_half, to_half>(elements<std::uint16_t>(bytes), tensor, values,
                                                    widening);
        case task::Type::BF16:
            return widen_halves<from_bfloat, to_bfloat>(elements<std::uint16_t>(bytes), tensor,
                                                        values, widening);
    }
    return false;
}

}  // namespace cupel::referee
