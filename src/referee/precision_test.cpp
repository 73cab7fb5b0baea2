// SPDX-License-Identifier: Apache-2.0
// Dot products by many honest hands and some dishonest ones, held to the standard on the data that
// races ask: all honest styles pass, and no lower precision does.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <map>
#include <string>

#include "referee/fill.hpp"
#include "referee/standard.hpp"

namespace cupel::referee {
namespace {

using Numbers = std::vector<float>;
using Dot = std::function<float(const Numbers&, const Numbers&)>;

float rounded(float value, std::uint32_t dropped) {
    return std::bit_cast<float>((std::bit_cast<std::uint32_t>(value) + (1U << (dropped - 1))) &
                                ~((1U << dropped) - 1));
}

float in_lanes(const Numbers& a, const Numbers& b, std::size_t lanes) {
    std::vector<float> sum(lanes);
    for (std::size_t i = 0; i < a.size(); ++i)
        sum[i % lanes] += a[i] * b[i];
    for (; lanes > 1; lanes /= 2) {
        for (std::size_t i = 0; i < lanes / 2; ++i)
            sum[i] += sum[i + lanes / 2];
    }
    return sum[0];
}

float pairwise(const float* a, const float* b, std::size_t n) {
    if (n > 16) return pairwise(a, b, n / 2) + pairwise(a + n / 2, b + n / 2, n - n / 2);
    float sum = 0;
    for (std::size_t i = 0; i < n; ++i)
        sum += a[i] * b[i];
    return sum;
}

float forwards(const Numbers& a, const Numbers& b) {
    return in_lanes(a, b, 1);
}

float with_operands(const Numbers& a, const Numbers& b, std::uint32_t dropped) {
    Numbers x = a;
    Numbers y = b;
    for (float& value : x)
        value = rounded(value, dropped);
    for (float& value : y)
        value = rounded(value, dropped);
    return forwards(x, y);
}

const std::map<std::string, Dot> kHonest = {
    {"sequential", forwards},
    {"reversed",
     [](const Numbers& a, const Numbers& b) {
         return forwards({a.rbegin(), a.rend()}, {b.rbegin(), b.rend()});
     }},
    {"fused",
     [](const Numbers& a, const Numbers& b) {
         float sum = 0;
         for (std::size_t i = 0; i < a.size(); ++i)
             sum = std::fma(a[i], b[i], sum);
         return sum;
     }},
    {"32 lanes", [](const Numbers& a, const Numbers& b) { return in_lanes(a, b, 32); }},
    {"split in 4",
     [](const Numbers& a, const Numbers& b) {
         float part[4] = {};
         for (std::size_t i = 0; i < a.size(); ++i)
             part[i * 4 / a.size()] += a[i] * b[i];
         return part[0] + part[1] + part[2] + part[3];
     }},
    {"pairwise",
     [](const Numbers& a, const Numbers& b) { return pairwise(a.data(), b.data(), a.size()); }},
    {"double",
     [](const Numbers& a, const Numbers& b) {
         double sum = 0;
         for (std::size_t i = 0; i < a.size(); ++i)
             sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
         return static_cast<float>(sum);
     }},
    {"Kahan",
     [](const Numbers& a, const Numbers& b) {
         volatile float sum = 0;
         volatile float lost = 0;
         for (std::size_t i = 0; i < a.size(); ++i) {
             const float next = a[i] * b[i] - lost;
             const float total = sum + next;
             lost = (total - sum) - next;
             sum = total;
         }
         return static_cast<float>(sum);
     }},
};

const std::map<std::string, Dot> kDishonest = {
    {"tf32", [](const Numbers& a, const Numbers& b) { return with_operands(a, b, 13); }},
    {"bf16", [](const Numbers& a, const Numbers& b) { return with_operands(a, b, 16); }},
    {"fp16 answer", [](const Numbers& a, const Numbers& b) { return rounded(forwards(a, b), 13); }},
    {"one per cent dropped",
     [](const Numbers& a, const Numbers& b) {
         Numbers most(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(a.size() * 99 / 100));
         return forwards(most, b);
     }},
};

// The truth of one element with the panel that the oracle has, and its scale.
wire::oracle::Truth truth_of(const Numbers& a, const Numbers& b) {
    wire::oracle::Truth truth;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double product = static_cast<double>(a[i]) * static_cast<double>(b[i]);
        truth.value += product;
        truth.scale += 2 * std::abs(product);
    }
    truth.scale += std::abs(truth.value);
    truth.panel[0] = static_cast<double>(forwards(a, b));
    truth.panel[1] = static_cast<double>(in_lanes(a, b, 8));
    truth.panel[2] = static_cast<double>(pairwise(a.data(), b.data(), a.size()));
    return truth;
}

// Whether the standard, having seen a race's worth of elements, passes each style.
std::map<std::string, bool> passes(task::Values law, std::size_t length, bool blend) {
    constexpr int kElements = 400;
    const auto draw = [&] {
        Numbers x(length);
        (blend ? fill_blend : fill_values)(std::as_writable_bytes(std::span(x)), task::Type::F32,
                                           law, fresh_key(), 1);
        return x;
    };
    Standard standard("fp32");
    std::vector<std::pair<Numbers, Numbers>> operands;
    std::vector<wire::oracle::Truth> truths;
    for (int i = 0; i < kElements; ++i) {
        operands.emplace_back(draw(), draw());
        truths.push_back(truth_of(operands.back().first, operands.back().second));
        standard.learn(truths.back(), task::Type::F32, Kind::Lawful, true);
        standard.learn_independent(1, 1);
    }
    std::map<std::string, bool> all;
    for (const auto* styles : {&kHonest, &kDishonest}) {
        for (const auto& [name, dot] : *styles) {
            Errors errors;
            bool right = true;
            for (std::size_t i = 0; i < truths.size(); ++i) {
                const auto judged = standard.judge(
                    truths[i], static_cast<double>(dot(operands[i].first, operands[i].second)),
                    task::Type::F32, Kind::Lawful);
                right = right && !judged.wrong;
                errors.sum_of_squares += judged.error * judged.error;
                errors.positions += 1;
                errors.independent += 1;
            }
            all[name] = right && !standard.judge_average(errors);
        }
    }
    return all;
}

void expect_justice(task::Values law, std::size_t length, bool blend) {
    const auto verdicts = passes(law, length, blend);
    for (const auto& [name, dot] : kHonest)
        EXPECT_TRUE(verdicts.at(name)) << name << " over " << length;
    for (const auto& [name, dot] : kDishonest)
        EXPECT_FALSE(verdicts.at(name)) << name << " over " << length;
}

constexpr task::Values kNormal{.tensor = 0, .law = task::Law::Normal, .a = 0, .b = 1};
constexpr task::Values kPositive{.tensor = 0, .law = task::Law::Uniform, .a = 0, .b = 1};

TEST(Precision, HoldsOnNormalDraws) {
    for (const std::size_t length : {16UL, 256UL, 1024UL, 4096UL})
        expect_justice(kNormal, length, false);
}

TEST(Precision, HoldsOnBlendedDraws) {
    for (const std::size_t length : {16UL, 256UL, 1024UL, 4096UL})
        expect_justice(kNormal, length, true);
}

TEST(Precision, HoldsOnPositiveDraws) {
    for (const std::size_t length : {16UL, 256UL, 1024UL, 4096UL})
        expect_justice(kPositive, length, false);
}

}  // namespace
}  // namespace cupel::referee
