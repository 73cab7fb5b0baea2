// SPDX-License-Identifier: Apache-2.0
// Sums, products, maxima and minima over the lanes of one vector.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "schedule/testing.hpp"
#include "schedule/vector_maths.hpp"

namespace cupel::schedule {
namespace {

constexpr std::array<int, 3> kVectors = {16, 32, 64};  // bytes

std::string reductions_of(task::Type real) {
    const char* const type = real == task::Type::F64 ? "double" : "float";
    std::string text;
    for (const int bytes : kVectors) {
        VectorMaths maths(bytes, real);
        for (const char* const name :
             {"load", "reduce_add", "reduce_mul", "reduce_max", "reduce_min"})
            maths.use(name);
        text += fmt::format("namespace {}{} {{\n{}\n", type, bytes, maths.prelude());
        for (const char* const how : {"add", "mul", "max", "min"}) {
            text += fmt::format(
                "extern \"C\" {1} {0}_{1}{2}(const {1}* from) {{\n"
                "  return reduce_{0}(load(from));\n}}\n",
                how, type, bytes);
        }
        text += "}\n";
    }
    return text;
}

// Each lane in turn is the one that differs: none may be left out, and none be taken twice.
template <class Real>
void every_lane_counts(testing::Library& library, int bytes) {
    const auto reduce = [&](const char* how, std::span<const Real> lanes) {
        const std::string name =
            fmt::format("{}_{}{}", how, sizeof(Real) == 8 ? "double" : "float", bytes);
        return reinterpret_cast<Real (*)(const Real*)>(library.find(name))(lanes.data());
    };
    const std::size_t lanes = static_cast<std::size_t>(bytes) / sizeof(Real);
    for (std::size_t odd = 0; odd < lanes; ++odd) {
        SCOPED_TRACE(fmt::format("{} bytes, lane {} of {}", bytes, odd, lanes));
        std::vector<Real> x(lanes);
        std::iota(x.begin(), x.end(), Real{1});
        std::ranges::rotate(x, x.begin() + static_cast<long>(odd));
        EXPECT_EQ(reduce("add", x), std::accumulate(x.begin(), x.end(), Real{0}));
        EXPECT_EQ(reduce("max", x), std::ranges::max(x));
        EXPECT_EQ(reduce("min", x), std::ranges::min(x));
        std::ranges::fill(x, Real{2});
        x[odd] = 3;
        EXPECT_EQ(reduce("mul", x),
                  std::accumulate(x.begin(), x.end(), Real{1}, std::multiplies<>()));
    }
}

TEST(VectorReductions, CountEveryLaneOnceWhateverTheRegisters) {
    const std::string source =
        "#include <algorithm>\n#include <cmath>\n#include <cstdint>\n#include <immintrin.h>\n" +
        reductions_of(task::Type::F32) + reductions_of(task::Type::F64);
    for (const char* const target : {"-march=x86-64", "-march=native"}) {
        SCOPED_TRACE(target);
        testing::Library library(source, std::string("-O3 ") + target);
        for (const int bytes : kVectors) {
            every_lane_counts<float>(library, bytes);
            every_lane_counts<double>(library, bytes);
        }
    }
}

}  // namespace
}  // namespace cupel::schedule
