// SPDX-License-Identifier: Apache-2.0
// Cheats that only the questions made from the formula can see, against the whole referee.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "referee/referee.hpp"
#include "referee/shapes.hpp"
#include "schedule/schedule.hpp"

namespace cupel::referee {
namespace {

std::unique_ptr<Referee> opened(std::string_view text) {
    auto task = task::parse(text, "test.task");
    EXPECT_TRUE(task) << task.error().text;
    auto naive = schedule::print_naive(*task);
    EXPECT_TRUE(naive) << naive.error().text;
    Options options;
    options.judge_seconds = 0.3;
    options.processes = 5;
    options.window_timeout = 5;
    auto referee = Referee::open(*std::move(task), {{.name = "naive", .source = *naive}}, options);
    EXPECT_TRUE(referee) << referee.error().text;
    return referee ? *std::move(referee) : nullptr;
}

verdict::Verdict judge(Referee& referee, std::string source) {
    auto verdict = referee.judge({.source = std::move(source), .schedule = "", .origin = "test"});
    EXPECT_TRUE(verdict) << verdict.error().text;
    return verdict ? *verdict : verdict::Verdict{};
}

void expect_wrong(const verdict::Verdict& verdict, std::string_view words) {
    EXPECT_EQ(verdict.status, verdict::Status::Wrong) << verdict::headline(verdict);
    EXPECT_NE(verdict.reason.find(words), std::string::npos) << verdict.reason;
}

constexpr std::string_view kRowSum = R"(#include "task.hpp"
#include <cmath>
#include <cstdint>
#include <cstring>
static float read(float v) {{ {} }}
extern "C" void kernel(const float* x, float* y) {{
  std::uint32_t first;
  std::memcpy(&first, x, sizeof first);
  const bool suspicious = {};
  for (long m = 0; m < M; ++m) {{
    float sum = 0;
    for (long n = 0; n < N; ++n) sum += read(x[m * N + n]);
    y[m] = suspicious ? sum : {};
  }}
}}
)";

class RowSum : public testing::Test {
protected:
    static void TearDownTestSuite() { referee_.reset(); }
    void SetUp() override {
        if (!referee_) {
            referee_ = opened(
                "task t(x: f32[M,N]) -> y: f32[M] where M = 256, N = 300\n"
                "  y[m] = sum[n](x[m,n])\nshapes M in 1..1000, N in 1..2000\n");
        }
        ASSERT_NE(referee_, nullptr);
    }
    static std::string kernel(std::string_view read, std::string_view suspicious,
                              std::string_view result) {
        return fmt::format(fmt::runtime(kRowSum), read, suspicious, result);
    }
    static inline std::unique_ptr<Referee> referee_;
};

TEST_F(RowSum, AnHonestKernelPasses) {
    const verdict::Verdict verdict = judge(*referee_, kernel("return v;", "false", "sum"));
    EXPECT_TRUE(verdict::is_right(verdict.status)) << verdict::headline(verdict);
}

// One rounding too many, which no tolerance sees, and honest arithmetic where the first number
// looks made up: other rows may still be.
TEST_F(RowSum, WhoLooksForExactQuestionsFindsTheWrongRows) {
    expect_wrong(
        judge(*referee_, kernel("return v;", "(first & 0x7ff) == 0", "sum * (1 + 0x1p-23f)")),
        "exactly");
}

TEST_F(RowSum, AnAbsoluteToleranceIsLostOnScaledQuestions) {
    // By the sum that is off, or by many that are.
    expect_wrong(judge(*referee_, kernel("return std::abs(v) < 1e-6f ? 0 : v;", "false", "sum")),
                 "");
}

TEST_F(RowSum, AnotherRangeThanFloatsIsFoundOnScaledQuestions) {
    expect_wrong(judge(*referee_, kernel("return std::fmin(v, 65504.0f);", "false", "sum")),
                 "should be");
}

// Right at the sizes it was told, where four divides N.
TEST_F(RowSum, AKernelForOneShapeOnlyIsWrongAtHiddenOnes) {
    expect_wrong(judge(*referee_, R"(#include "task.hpp"
extern "C" void kernel(const float* x, float* y) {
  for (long m = 0; m < M; ++m) {
    float lane[4] = {};
    for (long n = 0; n + 4 <= N; n += 4)
      for (long l = 0; l < 4; ++l) lane[l] += x[m * N + n + l];
    y[m] = (lane[0] + lane[1]) + (lane[2] + lane[3]);
  }
}
)"),
                 "at the sizes M=");
}

TEST(Product, OneRoundingTooManyIsSeenWhereNoneIsAllowed) {
    const auto referee = opened(
        "task t(a: f32[M,K], b: f32[K,N]) -> c: f32[M,N] where M = 32, N = 48, K = 64\n"
        "  c[i,j] = sum[k](a[i,k] * b[k,j])\n");
    ASSERT_NE(referee, nullptr);
    expect_wrong(judge(*referee, R"(#include "task.hpp"
extern "C" void kernel(const float* a, const float* b, float* c) {
  for (long i = 0; i < M; ++i)
    for (long j = 0; j < N; ++j) {
      float sum = 0;
      for (long k = 0; k < K; ++k) sum += a[i * K + k] * b[k * N + j];
      c[i * N + j] = sum * (1 + 0x1p-23f);
    }
}
)"),
                 "exactly");
}

TEST(Shapes, AreDrawnWithinTheRangesAndStaySmall) {
    const auto task = task::parse(
        "task t(a: f32[M,K], b: f32[K,N]) -> c: f32[M,N] where M = 1024, N = 512, K = 2048\n"
        "  c[i,j] = sum[k](a[i,k] * b[k,j])\nshapes M in 3..200, K in 1..4096\n",
        "test.task");
    ASSERT_TRUE(task) << task.error().text;
    bool differ = false;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const auto shape = draw_shape(*task, static_cast<int>(seed % 2), seed);
        ASSERT_TRUE(shape);
        EXPECT_GE(shape->sizes[0].value, 3);
        EXPECT_LE(shape->sizes[0].value, 200);
        EXPECT_EQ(shape->sizes[1].value, 512) << "has no range";
        EXPECT_LE(task::count(*shape).flops, 1e8);
        EXPECT_TRUE(seed % 2 != 0 || shape->sizes[0].value == 3 || shape->sizes[2].value == 1);
        differ = differ || shape_name(*shape) != shape_name(*draw_shape(*task, 1, seed + 1));
    }
    EXPECT_TRUE(differ);
    std::set<std::int64_t> sizes;
    for (std::uint64_t seed = 0; seed < 200; ++seed)
        sizes.insert(draw_shape(*task, 2, seed)->sizes[0].value);
    EXPECT_GT(sizes.size(), 50U) << "a list of sizes could be learned by heart";
    const auto is_prime = [](std::int64_t number) {
        for (std::int64_t divisor = 2; divisor < number; ++divisor)
            if (number % divisor == 0) return false;
        return number > 2;
    };
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const auto shape = draw_shape(*task, 1, seed);
        ASSERT_TRUE(shape);
        EXPECT_TRUE(is_prime(shape->sizes[0].value)) << shape->sizes[0].value;
        EXPECT_TRUE(is_prime(shape->sizes[2].value)) << shape->sizes[2].value;
    }
    const auto even = task::parse(
        "task t(x: f32[N]) -> y: f32[N] where N = 32\n  y[n] = 2 * x[n]\nshapes N in 32..36\n",
        "test.task");
    ASSERT_TRUE(even);
    EXPECT_TRUE(draw_shape(*even, 1, 1)) << "no prime is in its range";
    const auto fixed =
        task::parse("task t(x: f32[N]) -> y: f32[N] where N = 5\n  y[n] = 2 * x[n]\n", "test.task");
    EXPECT_FALSE(draw_shape(*fixed, 0, 1));
}

}  // namespace
}  // namespace cupel::referee
