// SPDX-License-Identifier: Apache-2.0
// The functions of the prelude over the whole range of floats, against double. What is stated here
// in units in the last place is what a reader of a kernel may rely on.
#include "schedule/vector_maths.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "schedule/testing.hpp"

namespace cupel::schedule {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kLeast = std::numeric_limits<float>::denorm_min();
constexpr std::size_t kBlock = 64;

struct Function {
    const char* name;
    const char* expression;  // as expressions are printed
    double (*truth)(double);
    double ulps;       // the bound
    double least = 0;  // what is smaller than this may be off by this
};

double sigmoid(double x) {
    return 1 / (1 + std::exp(-x));
}

constexpr auto kFunctions = std::to_array<Function>({
    {"exp", "vexp(x)", [](double x) { return std::exp(x); }, 1.5},
    {"log", "vlog(x)", [](double x) { return std::log(x); }, 1},
    {"tanh", "vtanh(x)", [](double x) { return std::tanh(x); }, 1.5},
    {"erf", "verf(x)", [](double x) { return std::erf(x); }, 1.5},
    {"erf1", "verf1(x)", [](double x) { return std::erfc(-x); }, 3, 0x1p-24},
    {"sigmoid", "1.0f / (1.0f + vexp(-x))", sigmoid, 2.5, 0x1p-126},
});

// Every function for vectors of 16 and of 32 bytes, and of 64 where the compiler has no such
// registers and splits them.
std::string source() {
    std::string text =
        "#include <algorithm>\n#include <cmath>\n#include <cstdint>\n#include <immintrin.h>\n";
    for (const int bytes : {16, 32, 64}) {
        VectorMaths maths(bytes, task::Type::F32);
        for (const char* const function :
             {"load", "store", "vexp", "vlog", "vtanh", "verf", "verf1"})
            maths.use(function);
        text += fmt::format("namespace w{} {{\n{}\n", bytes, maths.prelude());
        for (const Function& function : kFunctions) {
            text += fmt::format(
                "extern \"C\" void {}{}(const float* from, float* to) {{\n"
                "  for (long i = 0; i < {}; i += W) {{\n    vec x = load(from + i);\n"
                "    store(to + i, {});\n  }}\n}}\n",
                function.name, bytes, kBlock, function.expression);
        }
        text += "}\n";
    }
    return text;
}

using Block = std::array<float, kBlock>;
using Entry = void (*)(const float*, float*);

Entry entry(const Function& function, int bytes) {
    static testing::Library library(source(), "-O2 -march=native");
    return reinterpret_cast<Entry>(library.find(fmt::format("{}{}", function.name, bytes)));
}

// The distance from the truth in units of the last place of a float of its size. What a float
// cannot hold lies where the next float after the largest would.
double ulps(float got, double truth) {
    if (std::isnan(truth) || std::isnan(got)) {
        return std::isnan(truth) && std::isnan(got) ? 0 : std::numeric_limits<double>::infinity();
    }
    constexpr double kBeyond = 0x1p128;
    const double held = std::clamp(static_cast<double>(got), -kBeyond, kBeyond);
    const double right = std::clamp(truth, -kBeyond, kBeyond);
    const int exponent = right == 0 ? -126 : std::clamp(std::ilogb(right), -126, 127);
    return std::abs(held - right) / std::ldexp(1, exponent - 23);
}

struct Worst {
    double ulps = 0;
    float x = 0;
    float got = 0;
};

Worst sweep(const Function& function, Entry call) {
    Worst worst;
    Block x;
    Block y;
    constexpr std::uint64_t kStride = 1021;  // prime: the low bits take all values
    for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32);) {
        for (float& value : x) {
            value = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
            bits += kStride;
        }
        call(x.data(), y.data());
        for (std::size_t i = 0; i < kBlock; ++i) {
            const double truth = function.truth(static_cast<double>(x[i]));
            const bool tiny = std::abs(truth - static_cast<double>(y[i])) < function.least;
            const double off = tiny ? 0 : ulps(y[i], truth);
            if (off > worst.ulps) worst = {off, x[i], y[i]};
        }
    }
    return worst;
}

TEST(VectorMaths, StaysWithinItsBoundOverAllFloats) {
    for (const Function& function : kFunctions) {
        const Entry call = entry(function, 32);
        ASSERT_NE(call, nullptr);
        const Worst worst = sweep(function, call);
        EXPECT_LE(worst.ulps, function.ulps)
            << function.name << "(" << fmt::format("{}", worst.x) << ") is " << worst.got;
        RecordProperty(function.name, fmt::format("{:.3f} at {}", worst.ulps, worst.x));
    }
}

TEST(VectorMaths, StatesItsBoundInTheText) {
    for (const Function& function : kFunctions) {
        VectorMaths maths(32, task::Type::F32);
        const std::string name = "v" + std::string(function.name);
        if (name == "vsigmoid") continue;  // an expression, not a function
        maths.use(name);
        const std::string text = maths.prelude();
        const std::size_t at = text.find("vec " + name + "(vec x) {");
        ASSERT_NE(at, std::string::npos) << name;
        const std::string line = text.substr(at, text.find('\n', at) - at);
        EXPECT_NE(line.find(fmt::format(" to {} ulp", function.ulps)), std::string::npos) << line;
    }
}

// A kernel may be measured with vectors of another width than it was found with.
TEST(VectorMaths, GivesTheSameInVectorsOfEveryWidth) {
    std::mt19937 random(3);
    for (const Function& function : kFunctions) {
        for (int round = 0; round < 1000; ++round) {
            Block x;
            for (float& value : x)
                value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
            Block expected;
            entry(function, 32)(x.data(), expected.data());
            for (const int bytes : {16, 64}) {
                Block y;
                entry(function, bytes)(x.data(), y.data());
                for (std::size_t i = 0; i < kBlock; ++i) {
                    ASSERT_TRUE(y[i] == expected[i] || (std::isnan(y[i]) && std::isnan(x[i])) ||
                                (std::isnan(y[i]) && std::isnan(expected[i])))
                        << function.name << "(" << x[i] << ") in " << bytes << " bytes";
                }
            }
        }
    }
}

struct Special {
    const char* function;
    float x;
    float y;  // and no other, down to the sign of a zero
};
constexpr float kBelow = 1.17549421e-38F;  // the largest subnormal

constexpr auto kSpecials = std::to_array<Special>({
    {"exp", kInfinity, kInfinity},
    {"exp", -kInfinity, 0},
    {"exp", kNan, kNan},
    {"exp", 0, 1},
    {"exp", -0.0F, 1},
    {"exp", kLeast, 1},
    {"exp", -kBelow, 1},
    {"exp", 88.72284F, kInfinity},
    {"exp", -103.0F, kLeast},
    {"exp", -104.0F, 0},
    {"exp", -1e30F, 0},
    {"log", kInfinity, kInfinity},
    {"log", -kInfinity, kNan},
    {"log", kNan, kNan},
    {"log", 0, -kInfinity},
    {"log", -0.0F, -kInfinity},
    {"log", -1, kNan},
    {"log", -kLeast, kNan},
    {"log", 1, 0},
    {"log", kLeast, -103.278931F},
    {"tanh", kInfinity, 1},
    {"tanh", -kInfinity, -1},
    {"tanh", kNan, kNan},
    {"tanh", 0, 0},
    {"tanh", -0.0F, -0.0F},
    {"tanh", kLeast, kLeast},
    {"tanh", -kBelow, -kBelow},
    {"erf", kInfinity, 1},
    {"erf", -kInfinity, -1},
    {"erf", kNan, kNan},
    {"erf", 0, 0},
    {"erf", -0.0F, -0.0F},
    {"erf", kLeast, kLeast},
    {"erf", 4.0F, 1},
    {"erf", -9.0F, -1},
    {"erf1", kInfinity, 2},
    {"erf1", -kInfinity, 0},
    {"erf1", -8.0F, 0},
    {"erf1", kNan, kNan},
    {"sigmoid", kInfinity, 1},
    {"sigmoid", -kInfinity, 0},
    {"sigmoid", kNan, kNan},
    {"sigmoid", -0.0F, 0.5F},
});

TEST(VectorMaths, KeepsInfinitiesNansZerosAndSubnormals) {
    for (const Special& special : kSpecials) {
        const auto named = [&](const Function& function) {
            return std::string_view(function.name) == special.function;
        };
        const Function& function = *std::ranges::find_if(kFunctions, named);
        for (const int bytes : {16, 32, 64}) {
            Block x;
            Block y;
            x.fill(1);  // the neighbours are ordinary
            x[5] = special.x;
            entry(function, bytes)(x.data(), y.data());
            const bool same = y[5] == special.y && std::signbit(y[5]) == std::signbit(special.y);
            EXPECT_TRUE(same || (std::isnan(y[5]) && std::isnan(special.y)))
                << special.function << "(" << special.x << ") is " << y[5] << ", not " << special.y;
        }
    }
}

// A NaN that carries something in its low bits must come out as a NaN, too: exp works on bits.
TEST(VectorMaths, EveryNanStaysANan) {
    for (const Function& function : kFunctions) {
        Block x;
        Block y;
        std::uint32_t bits = 0x7fc00000;
        for (float& value : x) {
            value = std::bit_cast<float>(bits);
            bits += 0x0000ffff;
        }
        entry(function, 32)(x.data(), y.data());
        for (std::size_t i = 0; i < kBlock; ++i)
            EXPECT_TRUE(std::isnan(y[i])) << function.name << " of NaN " << i << " is " << y[i];
    }
}

}  // namespace
}  // namespace cupel::schedule
