// SPDX-License-Identifier: Apache-2.0
#include "referee/compare.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <unordered_set>

#include "base/result.hpp"
#include "referee/half.hpp"
#include "referee/parallel.hpp"

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CUPEL_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CUPEL_CLONES
#endif

namespace cupel::referee {
namespace {

constexpr std::size_t kCompared = 4096;
constexpr std::size_t kLanes = 16;

template <class Number>
struct DifferenceIn {
    Number absolute = 0;
    Number relative = 0;
};
using Difference = DifferenceIn<float>;

// A difference that is not a number (one answer is NaN, or both are infinite) counts as the largest
// of all.
template <class Number>
Number or_huge(Number difference) {
    return difference <= std::numeric_limits<Number>::max() ? difference
                                                            : std::numeric_limits<Number>::max();
}

template <class Number>
DifferenceIn<Number> difference_of(Number a, Number b) {
    if (a == b || (std::isnan(a) && std::isnan(b))) return {};
    const Number absolute = or_huge(std::abs(a - b));
    return {.absolute = absolute, .relative = or_huge(absolute / (std::abs(a) + std::abs(b)))};
}

// The largest differences in a block. Written so that the compiler makes vectors of it: no
// branches, and lanes that are folded at the end.
CUPEL_CLONES Difference block_difference(const float* a, const float* b, std::size_t count) {
    std::array<float, kLanes> absolute{};
    std::array<float, kLanes> relative{};
    std::size_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            const float x = a[i + lane];
            const float y = b[i + lane];
            const float size = std::abs(x) + std::abs(y);
            float apart = std::abs(x - y);
            apart = apart <= std::numeric_limits<float>::max() ? apart
                                                               : std::numeric_limits<float>::max();
            apart = x == y ? 0.0F : apart;
            float share = apart / size;
            share = share <= std::numeric_limits<float>::max() ? share
                                                               : std::numeric_limits<float>::max();
            share = apart == 0.0F ? 0.0F : share;
            absolute[lane] = absolute[lane] > apart ? absolute[lane] : apart;
            relative[lane] = relative[lane] > share ? relative[lane] : share;
        }
    }
    // Said in full: of a constructor that only clones call, clang 19 makes no code.
    Difference most = {.absolute = 0, .relative = 0};
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        most.absolute = std::max(most.absolute, absolute[lane]);
        most.relative = std::max(most.relative, relative[lane]);
    }
    for (; i < count; ++i) {
        const Difference d = difference_of(a[i], b[i]);
        most.absolute = std::max(most.absolute, d.absolute);
        most.relative = std::max(most.relative, d.relative);
    }
    return most;
}

struct Block {
    std::size_t first = 0;  // element
    std::size_t count = 0;
    Difference most;
};

// The elements of one block with the largest differences of one kind.
void worst_elements(const float* a, const float* b, const Block& block, float Difference::* kind,
                    std::unordered_set<std::uint64_t>& found) {
    constexpr std::size_t kPerBlock = 4;
    std::vector<std::pair<float, std::size_t>> apart;
    for (std::size_t i = block.first; i < block.first + block.count; ++i) {
        const Difference d = difference_of(a[i], b[i]);
        if (d.*kind > 0) apart.emplace_back(d.*kind, i);
    }
    const std::size_t keep = std::min(kPerBlock, apart.size());
    std::partial_sort(apart.begin(), apart.begin() + static_cast<std::ptrdiff_t>(keep), apart.end(),
                      std::greater<>());
    for (std::size_t i = 0; i < keep; ++i) {
        found.insert(apart[i].second);
    }
}

std::vector<std::uint64_t> suspect_floats(const float* a, const float* b, std::size_t count,
                                          std::size_t most, int threads) {
    std::vector<Block> blocks((count + kCompared - 1) / kCompared);
    in_parts(blocks.size(), count * sizeof(float), threads, [&](std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i) {
            const std::size_t first = i * kCompared;
            const std::size_t size = std::min(kCompared, count - first);
            blocks[i] = {.first = first,
                         .count = size,
                         .most = block_difference(a + first, b + first, size)};
        }
    });
    std::erase_if(blocks, [](const Block& block) { return !(block.most.absolute > 0); });
    std::unordered_set<std::uint64_t> found;
    for (float Difference::* const kind : {&Difference::absolute, &Difference::relative}) {
        const std::size_t keep = std::min(blocks.size(), std::max<std::size_t>(1, most / 8));
        std::partial_sort(
            blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(keep), blocks.end(),
            [kind](const Block& x, const Block& y) { return x.most.*kind > y.most.*kind; });
        for (std::size_t i = 0; i < keep; ++i) {
            worst_elements(a, b, blocks[i], kind, found);
        }
    }
    std::vector<std::uint64_t> result(found.begin(), found.end());
    if (result.size() > most) result.resize(most);
    return result;
}

// Types without a fast path: every element whose bytes differ is a suspect, the first ones named.
std::vector<std::uint64_t> suspect_bytes(std::span<const std::byte> a, std::span<const std::byte> b,
                                         std::size_t size, std::size_t most) {
    std::vector<std::uint64_t> result;
    for (std::size_t i = 0; i < a.size() && result.size() < most; i += size) {
        if (std::memcmp(a.data() + i, b.data() + i, size) != 0) result.push_back(i / size);
    }
    return result;
}

// The largest differences by share, and as many by size: where honest sums nearly cancel, their
// shares crowd out any other. `number` makes a stored element a float or a double.
template <class Stored, class ToNumber>
std::vector<std::uint64_t> suspect_numbers(std::span<const std::byte> a,
                                           std::span<const std::byte> b, std::size_t most,
                                           ToNumber number) {
    using By = decltype(difference_of(number(Stored{}), number(Stored{})));
    struct Apart {
        By by;
        std::uint64_t element;
    };
    const auto* const of_a = reinterpret_cast<const Stored*>(a.data());
    const auto* const of_b = reinterpret_cast<const Stored*>(b.data());
    std::vector<Apart> apart;
    for (std::size_t i = 0; i < a.size() / sizeof(Stored); ++i) {
        if (of_a[i] == of_b[i]) continue;
        const By by = difference_of(number(of_a[i]), number(of_b[i]));
        if (by.absolute > 0) apart.push_back({by, i});
    }
    std::unordered_set<std::uint64_t> found;
    for (auto By::* const kind : {&By::absolute, &By::relative}) {
        const std::size_t keep = std::min((most + 1) / 2, apart.size());
        std::partial_sort(
            apart.begin(), apart.begin() + static_cast<std::ptrdiff_t>(keep), apart.end(),
            [kind](const Apart& x, const Apart& y) { return x.by.*kind > y.by.*kind; });
        for (std::size_t i = 0; i < keep; ++i)
            found.insert(apart[i].element);
    }
    std::vector<std::uint64_t> result(found.begin(), found.end());
    if (result.size() > most) result.resize(most);
    return result;
}

}  // namespace

std::vector<std::uint64_t> suspects(std::span<const std::byte> a, std::span<const std::byte> b,
                                    task::Type type, std::size_t most, int threads) {
    CUPEL_CHECK(a.size() == b.size());
    const std::size_t size = task::type_size(type);
    const std::size_t count = a.size() / size;
    if (type == task::Type::F32) {
        return suspect_floats(reinterpret_cast<const float*>(a.data()),
                              reinterpret_cast<const float*>(b.data()), count, most, threads);
    }
    if (type == task::Type::F64)
        return suspect_numbers<double>(a, b, most, [](double stored) { return stored; });
    if (type == task::Type::F16 || type == task::Type::BF16) {
        return suspect_numbers<std::uint16_t>(a, b, most,
                                              type == task::Type::F16 ? from_half : from_bfloat);
    }
    return suspect_bytes(a, b, size, most);
}

}  // namespace cupel::referee
