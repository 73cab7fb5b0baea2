// SPDX-License-Identifier: Apache-2.0
#include "referee/device_shapes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <set>

#include "base/text.hpp"

namespace cupel::referee {
namespace {

// A few hundred thousand instructions of warps: some tenths of a second.
constexpr double kMostWork = 4e6;                              // additions and multiplications
constexpr std::int64_t kMostElements = std::int64_t{1} << 16;  // of all tensors
constexpr int kDraws = 64;
// Primes, and as often what four divides and no larger power of two: some kernels take their way
// of vectors there, and forget its bound.
constexpr std::array<std::int64_t, 10> kSmall = {2, 3, 5, 7, 11, 4, 12, 20, 28, 36};
constexpr std::uint64_t kMostSmall = 64;
constexpr std::int64_t kWarp = 32;
constexpr std::uint64_t kOddDraws = std::uint64_t{1} << 40;  // apart from all other draws of a seed

using Sizes = std::vector<task::Override>;

Sizes own_sizes(const task::Task& task) {
    Sizes sizes;
    for (const task::Size& size : task.sizes)
        if (!size.derived) sizes.push_back({.name = size.name, .value = size.value});
    return sizes;
}

void keep_in_bounds(const task::Task& task, Sizes& sizes) {
    for (task::Override& size : sizes) {
        const auto range = std::ranges::find(task.shapes, size.name, &task::ShapeRange::size);
        if (range != task.shapes.end())
            size.value = std::clamp(size.value, range->low, range->high);
    }
}

std::optional<task::Task> at_sizes(const task::Task& task, Sizes sizes) {
    keep_in_bounds(task, sizes);
    auto shape = task::parse(task.text, task.name, sizes);
    if (!shape) return std::nullopt;
    return *std::move(shape);
}

bool is_light(const task::Task& task) {
    std::int64_t elements = 0;
    for (const task::Tensor& tensor : task.tensors)
        elements += tensor.elements();
    const task::Counts counts = task::count(task);
    return elements <= kMostElements && counts.flops + counts.transcendentals <= kMostWork;
}

// Whoever knows the list above must not know all of them.
std::int64_t small_size(std::int64_t most, std::uint64_t random) {
    const bool listed = random % 2 == 0;
    const std::uint64_t from = random / 2;
    return std::min(most, listed ? kSmall.at(from % kSmall.size())
                                 : static_cast<std::int64_t>(1 + from % kMostSmall));
}

// What a warp of 32 has lanes for and some to spare: a prime, what four divides, or any number.
std::int64_t below_a_warp(std::int64_t most, std::uint64_t random) {
    constexpr std::array<std::int64_t, 15> kListed = {2,  3,  5,  7, 11, 13, 17, 19,
                                                      23, 29, 31, 4, 12, 20, 28};
    const std::uint64_t from = random / 2;
    return std::min(most, random % 2 == 0 ? kListed.at(from % kListed.size())
                                          : static_cast<std::int64_t>(2 + from % 30));
}

// A little more than some warps have lanes for, or any number from 33 on.
std::int64_t above_a_warp(std::int64_t most, std::uint64_t random) {
    if (most <= kWarp) return small_size(most, random);
    const std::uint64_t from = random / 2;
    const auto warps = static_cast<std::int64_t>(1 + from % 4);
    const auto more = static_cast<std::int64_t>(1 + from / 4 % 4);
    const std::int64_t least = kWarp * std::min(warps, (most - 1) / kWarp);
    return std::min(most, random % 2 == 0
                              ? least + more
                              : kWarp + 1 + static_cast<std::int64_t>(from % kMostSmall));
}

// Eight times an odd number, in the last eighth before the size: vectors of eight fit, and what
// takes more at a time has a rest. A size that is no such multiple is its own rest.
std::int64_t nearly(std::int64_t size, std::uint64_t random) {
    if (size % 16 != 0) return size;
    const auto steps = static_cast<std::uint64_t>(std::max<std::int64_t>(1, size / 128));
    return size - 8 - 16 * static_cast<std::int64_t>(random % steps);
}

// Odd, in the last eighth before the size: no vector fits there, and no row but every fourth begins
// where one could.
std::int64_t oddly_nearly(std::int64_t size, std::uint64_t random) {
    const auto steps = static_cast<std::uint64_t>(std::max<std::int64_t>(1, size / 16));
    return ((size - 1) | 1) - 2 * static_cast<std::int64_t>(random % steps);
}

// A little less, and odd.
std::int64_t a_little_less(const task::Override& size, std::uint64_t random) {
    if (size.value < 4) return size.value;
    const auto less = static_cast<std::int64_t>(
        random % static_cast<std::uint64_t>(std::min<std::int64_t>(size.value / 2, 12)));
    return (size.value - 1 - less) | 1;
}

std::optional<task::Task> drawn(
    const task::Task& task, const Sizes& from, std::uint64_t seed,
    const std::function<std::int64_t(const task::Override&, std::uint64_t)>& draw) {
    std::mt19937_64 random(seed);
    for (int attempt = 0; attempt < kDraws; attempt++) {
        Sizes sizes = from;
        for (task::Override& size : sizes)
            size.value = draw(size, random());
        auto shape = at_sizes(task, sizes);
        if (shape && is_light(*shape)) return shape;
    }
    return std::nullopt;
}

// In three shapes each size has its turn at being 1, below the lanes of a warp, and above them;
// which is where first, and which follows, the seed says. Where the formula has no such sizes, none
// is 1, or none above.
std::vector<task::Task> small_shapes(const task::Task& task, std::uint64_t seed) {
    enum Turn : std::uint64_t { One, Below, Above };
    constexpr std::uint64_t kTurns = 3;
    const Sizes own = own_sizes(task);
    std::vector<task::Task> shapes;
    for (std::uint64_t number = 0; number < kTurns; number++) {
        const auto try_with = [&](bool one, bool above) {
            return drawn(task, own, seed + 1 + (number << 32),
                         [&](const task::Override& size, std::uint64_t random) {
                             const auto found =
                                 std::ranges::find(own, size.name, &task::Override::name);
                             const auto place = static_cast<std::uint64_t>(found - own.begin());
                             const std::uint64_t turn =
                                 (place * (1 + seed % 2) + seed / 2 + number) % kTurns;
                             if (turn == One && one) return std::int64_t{1};
                             return turn == Above && above ? above_a_warp(size.value, random)
                                                           : below_a_warp(size.value, random);
                         });
        };
        auto shape = try_with(true, true);
        if (!shape) shape = try_with(true, false);
        if (!shape) shape = try_with(false, true);
        if (!shape) shape = try_with(false, false);
        if (shape) shapes.push_back(*std::move(shape));
    }
    return shapes;
}

}  // namespace

task::Task halved_until(const task::Task& task,
                        const std::function<bool(const task::Task&)>& fits) {
    task::Task shape = task;
    std::set<std::string> stuck;  // sizes that cannot be halved again
    while (!fits(shape)) {
        Sizes sizes = own_sizes(shape);
        const auto free = [&](const task::Override& size) {
            return size.value > 2 && !stuck.contains(size.name);
        };
        task::Override* largest = nullptr;
        for (task::Override& size : sizes)
            if (free(size) && (largest == nullptr || size.value > largest->value)) largest = &size;
        if (largest == nullptr) break;
        const std::string name = largest->name;
        largest->value = (largest->value + 1) / 2;
        auto smaller = at_sizes(task, sizes);
        if (!smaller || size_words(*smaller) == size_words(shape)) {
            stuck.insert(name);
        } else {
            shape = *std::move(smaller);
        }
    }
    return shape;
}

std::vector<DeviceShape> device_shapes(const task::Task& task, std::uint64_t seed) {
    std::vector<DeviceShape> shapes;
    shapes.push_back({.rule = "scaled", .task = halved_until(task, is_light)});
    const Sizes scaled = own_sizes(shapes.front().task);
    const auto add = [&](const std::string& rule, std::optional<task::Task> shape) {
        const auto has_its_sizes = [&](const DeviceShape& known) {
            return size_words(known.task) == size_words(*shape);
        };
        if (shape && std::ranges::none_of(shapes, has_its_sizes))
            shapes.push_back({.rule = rule, .task = *std::move(shape)});
    };
    add("ragged", drawn(task, scaled, seed, a_little_less));
    for (task::Task& small : small_shapes(task, seed))
        add("small", std::move(small));
    const Sizes own = own_sizes(task);
    for (std::size_t i = 0; i < own.size(); i++) {
        if (i >= scaled.size() || own[i].value <= scaled[i].value) continue;
        const auto along = [&](std::int64_t (*near)(std::int64_t, std::uint64_t)) {
            return [&, near](const task::Override& size, std::uint64_t random) {
                return size.name == own[i].name ? near(size.value, random)
                                                : small_size(size.value, random);
            };
        };
        add("long " + own[i].name, drawn(task, own, seed + 2 + i, along(nearly)));
        add("long odd " + own[i].name, drawn(task, own, seed + kOddDraws + i, along(oddly_nearly)));
    }
    return shapes;
}

std::string size_words(const task::Task& task) {
    std::vector<std::string> words;
    for (const task::Size& size : task.sizes)
        if (!size.derived) words.push_back(fmt::format("{}={}", size.name, size.value));
    return join(words, ", ");
}

}  // namespace cupel::referee
