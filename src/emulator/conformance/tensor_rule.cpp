// SPDX-License-Identifier: Apache-2.0
#include "emulator/conformance/tensor_rule.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace cupel::emulator::conformance {
namespace {

std::int64_t integer_of(Element element, std::uint64_t bits) {
    switch (element) {
        case Element::S8:
            return static_cast<std::int8_t>(bits);
        case Element::S4:
            return static_cast<std::int64_t>(bits ^ 8) - 8;
        default:
            return static_cast<std::int64_t>(bits);
    }
}

std::uint64_t integer_sum(const TensorForm& form, const std::uint64_t* a, const std::uint64_t* b,
                          std::uint64_t c) {
    std::int64_t sum = static_cast<std::int32_t>(c);
    for (unsigned k = 0; k < form.k; ++k) {
        if (form.a == Element::B1)
            sum += static_cast<std::int64_t>(form.both_bits ? a[k] & b[k] : a[k] ^ b[k]);
        else
            sum += integer_of(form.a, a[k]) * integer_of(form.b, b[k]);
    }
    if (form.saturates) sum = std::clamp<std::int64_t>(sum, INT32_MIN, INT32_MAX);
    return static_cast<std::uint32_t>(sum);
}

std::uint64_t double_sum(const TensorForm& form, TensorRule::Order order, const std::uint64_t* a,
                         const std::uint64_t* b, std::uint64_t c) {
    const auto f = [](std::uint64_t bits) { return std::bit_cast<double>(bits); };
    double sum = f(c);
    if (order == TensorRule::Order::Pairs) {
        for (unsigned k = 0; k + 1 < form.k; k += 2)
            sum += std::fma(f(a[k + 1]), f(b[k + 1]), f(a[k]) * f(b[k]));
    } else {
        for (unsigned i = 0; i < form.k; ++i) {
            const unsigned k = order == TensorRule::Order::Rising ? i : form.k - 1 - i;
            sum = std::fma(f(a[k]), f(b[k]), sum);
        }
    }
    if (std::isnan(sum)) return 0x7ff8000000000000;
    return std::bit_cast<std::uint64_t>(sum);
}

std::vector<Decoded> decode_all(Element element, const std::vector<std::uint64_t>& bits) {
    std::vector<Decoded> values(bits.size());
    for (std::size_t i = 0; i < bits.size(); ++i)
        values[i] = decode(element, bits[i]);
    return values;
}

bool is_floating(const TensorForm& form) {
    return form.c == Accumulator::F32 || form.c == Accumulator::F16;
}

}  // namespace

std::vector<std::uint64_t> expected_tile(const TensorForm& form, const TensorRule& rule,
                                         const Tile& tile) {
    std::vector<std::uint64_t> results(static_cast<std::size_t>(form.m) * form.n);
    std::vector<Decoded> a, b;
    if (is_floating(form)) {
        a = decode_all(form.a, tile.a);
        b = decode_all(form.b, tile.b);
    }
    const Element type_c = form.c == Accumulator::F16 ? Element::F16 : Element::F32;
    for (std::size_t row = 0; row < form.m; ++row)
        for (std::size_t column = 0; column < form.n; ++column) {
            const std::size_t at = row * form.n + column;
            const std::size_t ra = row * form.k, rb = column * form.k;
            if (form.c == Accumulator::S32)
                results[at] = integer_sum(form, &tile.a[ra], &tile.b[rb], tile.c[at]);
            else if (form.c == Accumulator::F64)
                results[at] = double_sum(form, rule.order, &tile.a[ra], &tile.b[rb], tile.c[at]);
            else
                results[at] = multiply_accumulate(rule.model, form.a, {&a[ra], form.k}, form.b,
                                                  {&b[rb], form.k}, type_c,
                                                  static_cast<std::uint32_t>(tile.c[at]));
        }
    return results;
}

std::vector<TensorRule> candidate_rules(const TensorForm& form) {
    if (form.c == Accumulator::S32) return {TensorRule{}};
    using enum TensorRule::Order;
    if (form.c == Accumulator::F64)
        return {{.model = {}, .order = Rising},
                {.model = {}, .order = Falling},
                {.model = {}, .order = Pairs}};
    std::vector<TensorRule> rules;
    for (const unsigned group : {16U, 8U, 4U, 32U, 2U, 1U})
        for (const int fraction : {25, 24, 23, 26, 27, 22, 13, 14, 12, 15, 28, 30, 11, 10})
            for (unsigned flags = 0; flags < 32; ++flags) {
                const bool between = (flags & 16) == 0;
                if (group >= form.k && !between) continue;
                if (group > form.k && group / 2 >= form.k) continue;
                rules.push_back({.model = {.group = group,
                                           .fraction_bits = fraction,
                                           .nearest = (flags & 1) != 0,
                                           .normalised = (flags & 2) != 0,
                                           .floors = (flags & 4) != 0,
                                           .zeros_count = (flags & 8) != 0,
                                           .rounds_between = between}});
            }
    return rules;
}

std::string describe(const TensorForm& form, const TensorRule& rule) {
    if (form.c == Accumulator::S32) return "exact integers";
    if (form.c == Accumulator::F64) {
        switch (rule.order) {
            case TensorRule::Order::Rising:
                return "fma chain, k rising";
            case TensorRule::Order::Falling:
                return "fma chain, k falling";
            case TensorRule::Order::Pairs:
                return "pairs of products first";
        }
    }
    const TensorCoreModel& m = rule.model;
    return "group " + std::to_string(m.group) + ", fraction bits " +
           std::to_string(m.fraction_bits) + (m.nearest ? ", rounds to nearest" : ", truncates") +
           (m.normalised ? ", subnormals normalised" : "") + (m.floors ? ", floors" : "") +
           (m.zeros_count ? ", zeros count" : "") +
           (m.rounds_between ? "" : ", no rounding between groups");
}

}  // namespace cupel::emulator::conformance
