// SPDX-License-Identifier: Apache-2.0
#include "referee/shapes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <random>
#include <utility>
#include <vector>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "referee/arena.hpp"
#include "referee/check.hpp"
#include "referee/oracle_client.hpp"
#include "referee/session.hpp"

namespace cupel::referee {
namespace {

constexpr std::array<std::int64_t, 18> kOdd = {1,  2,  3,  5,   7,   8,   13,  17,  31,
                                               33, 64, 65, 101, 127, 129, 251, 257, 509};
constexpr int kTries = 64;
constexpr double kMoreThanTiles = 67;  // a prime: a whole tile of 64 and a rest
constexpr double kNearlyMost = 0.75;
constexpr std::int64_t kMostBytes = std::int64_t{48} << 20;
constexpr double kMostFlops = 1e8;
constexpr double kShapeSeconds = 0.02;
constexpr std::size_t kShapePositions = 64;
constexpr std::size_t kMostUntouched = 16;  // of these the oracle is asked

enum class Wish { Least, Large, Middle, Any };  // of a size

// Logarithms are drawn alike.
std::int64_t between(double low, double high, std::mt19937_64& random) {
    const double at = std::uniform_real_distribution(0.0, 1.0)(random);
    return std::llround(low * std::pow(high / low, at));
}

// Whoever knows the list above must not know all sizes: two in three are any number, small ones as
// likely as large ones. Later attempts draw from the small ones only.
std::int64_t draw_any(const task::ShapeRange& range, int attempt, std::mt19937_64& random) {
    const std::size_t among =
        std::max<std::size_t>(4, kOdd.size() - static_cast<std::size_t>(attempt) / 3);
    const std::int64_t listed = kOdd.at(random() % std::min(among, kOdd.size()));
    if (random() % 3 == 0) return std::clamp(listed, range.low, range.high);
    const auto low = static_cast<double>(std::max<std::int64_t>(range.low, 1));
    auto high = static_cast<double>(std::max<std::int64_t>(range.high, 1));
    if (attempt >= kTries / 4)
        high = std::clamp(2.0 * static_cast<double>(kOdd.at(among - 1)), low, high);
    return std::clamp(between(low, high, random), range.low, range.high);
}

bool is_odd_prime(std::int64_t number) {
    for (std::int64_t divisor = 2; divisor * divisor <= number; ++divisor)
        if (number % divisor == 0) return false;
    return number > 2;
}

// The next odd prime below, or else above; where the range holds none, the size as it is.
std::int64_t prime_near(std::int64_t size, const task::ShapeRange& range) {
    if (size > kMostBytes) return size;  // of no tensor that is_small; to divide it takes long
    for (std::int64_t prime = size; prime >= range.low; --prime)
        if (is_odd_prime(prime)) return prime;
    for (std::int64_t prime = size; prime <= range.high; ++prime)
        if (is_odd_prime(prime)) return prime;
    return size;
}

std::int64_t draw_size(const task::ShapeRange& range, Wish wish, int attempt,
                       std::mt19937_64& random) {
    const auto low = static_cast<double>(std::max<std::int64_t>(range.low, 1));
    const auto high = static_cast<double>(std::max<std::int64_t>(range.high, 1));
    // Smaller with each attempt, until the task is_small.
    const double most = low * std::pow(high / low, 1 - static_cast<double>(attempt) / kTries);
    switch (wish) {
        case Wish::Least:
            return range.low;
        case Wish::Large:
            return prime_near(between(std::max(low, kNearlyMost * most), most, random), range);
        case Wish::Middle:
            return prime_near(between(std::min(std::max(low, kMoreThanTiles), most), most, random),
                              range);
        case Wish::Any:
            break;
    }
    return draw_any(range, attempt, random);
}

// Of the ranges, for the number-th set: in the first two the least of some are beside much of the
// others, and then the other way around.
std::vector<Wish> draw_wishes(std::size_t ranges, int number, std::uint64_t seed) {
    if (number > 1) return std::vector(ranges, number == 2 ? Wish::Middle : Wish::Any);
    std::vector<Wish> wishes(ranges, Wish::Large);
    for (auto i = static_cast<std::size_t>(number); i < ranges; i += 2)
        wishes[i] = Wish::Least;
    std::mt19937_64 random(seed);
    std::shuffle(wishes.begin(), wishes.end(), random);
    return wishes;
}

bool is_small(const task::Task& task) {
    std::int64_t bytes = 0;
    for (const task::Tensor& tensor : task.tensors)
        bytes += tensor.bytes();
    return bytes <= kMostBytes && task::count(task).flops <= kMostFlops;
}

using Answer = std::vector<std::vector<std::byte>>;  // one block for each output

Answer copy_of(const AnswerView& view) {
    Answer copy;
    for (const auto& output : view)
        copy.emplace_back(output.begin(), output.end());
    return copy;
}

// Elements that still are what was there before the kernel was asked: random positions seldom show
// the one row in many that it left out.
std::vector<wire::oracle::Position> untouched(const task::Task& task, const Answer& before,
                                              const AnswerView& after) {
    std::vector<wire::oracle::Position> positions;
    for (std::size_t output = 0; output < after.size(); ++output) {
        const std::size_t size = task::type_size(task.tensor(task.outputs[output]).type);
        CUPEL_CHECK(size > 0);
        std::size_t found = 0;
        for (std::size_t at = 0; at < after[output].size() && found < kMostUntouched; at += size) {
            if (std::memcmp(&before[output][at], &after[output][at], size) != 0) continue;
            positions.push_back({.output = static_cast<std::uint32_t>(output),
                                 .reserved = 0,
                                 .element = at / size});
            ++found;
        }
    }
    return positions;
}

}  // namespace

std::optional<task::Task> draw_shape(const task::Task& task, int number, std::uint64_t seed) {
    if (task.shapes.empty()) return std::nullopt;
    const std::vector<Wish> wishes = draw_wishes(task.shapes.size(), number, seed);
    std::mt19937_64 random(derived_u64(seed, static_cast<std::uint64_t>(number)));
    for (int attempt = 0; attempt < kTries; ++attempt) {
        std::vector<task::Override> sizes;
        for (const task::Size& size : task.sizes) {
            if (size.derived) continue;
            std::int64_t value = size.value;
            const auto range = std::ranges::find(task.shapes, size.name, &task::ShapeRange::size);
            if (range != task.shapes.end()) {
                const auto place = static_cast<std::size_t>(range - task.shapes.begin());
                value = draw_size(*range, wishes[place], attempt, random);
            }
            sizes.push_back({.name = size.name, .value = value});
        }
        auto shape = task::parse(task.text, task.name, sizes);
        if (shape && is_small(*shape)) return *std::move(shape);
    }
    return std::nullopt;
}

std::string shape_name(const task::Task& task) {
    std::vector<std::string> sizes;
    for (const task::ShapeRange& range : task.shapes) {
        const auto size = std::ranges::find(task.sizes, range.size, &task::Size::name);
        if (size != task.sizes.end())
            sizes.push_back(fmt::format("{}={}", size->name, size->value));
    }
    return join(sizes, ", ");
}

Result<std::optional<Fault>> try_shape(const task::Task& shape, const target::Artefact& artefact,
                                       int threads, double window_timeout) {
    const auto patience = std::chrono::nanoseconds(static_cast<std::int64_t>(window_timeout * 1e9));
    CUPEL_TRY(Arena arena, Arena::make(shape, 1, threads));
    CUPEL_TRY(OracleClient oracle, OracleClient::start(shape, arena, threads));
    Checker checker(shape, oracle, arena);
    CUPEL_DO(checker.study(arena));
    CUPEL_TRY(Session session,
              Session::start({.object = artefact.object}, arena, threads, patience));
    const auto at_shape = [&](Fault fault) {
        fault.reason = fmt::format("at the sizes {}, {}, the kernel {}", shape_name(shape),
                                   verdict::kOtherSizes, fault.reason);
        return fault;
    };
    if (const std::optional<Window>& ending = session.ending()) return at_shape(fault_of(*ending));
    AnswerErrors errors;
    for (const Kind kind : {Kind::Lawful, Kind::Exact, Kind::Wide}) {
        arena.ask(0, kind);
        CUPEL_TRY(const Probe probe, checker.draw(0, kShapeSeconds, kShapePositions));
        arena.poison(1);
        const Answer before = copy_of(checker.answer_in(0));
        const Window window = session.window(1, patience);
        if (window.ending != Ending::Answered) return at_shape(fault_of(window));
        if (const auto place = arena.broken_guard(1)) {
            return at_shape({.status = verdict::Status::Cheating,
                             .law = 7,
                             .reason = "wrote outside its answer: " + *place});
        }
        const AnswerView answer = checker.answer_in(0);
        auto wrong = checker.verify(probe, answer, errors);
        auto missing = untouched(shape, before, answer);
        if (!wrong && !missing.empty()) {
            CUPEL_TRY(const Probe left, checker.at(0, std::move(missing), false));
            wrong = checker.verify(left, answer, errors);
        }
        if (wrong) {
            return at_shape(
                {.status = verdict::Status::Wrong, .law = {}, .reason = "is wrong: " + *wrong});
        }
    }
    return std::nullopt;
}

}  // namespace cupel::referee
