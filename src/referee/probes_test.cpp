// SPDX-License-Identifier: Apache-2.0
// Cheats that only the questions made from the formula can see, against the whole referee.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "referee/referee.hpp"
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

}  // namespace
}  // namespace cupel::referee
