// SPDX-License-Identifier: Apache-2.0
// `judge --against`: a kernel of the user's beside the panel, which the author of the candidate may
// have written too.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "referee/referee.hpp"
#include "schedule/schedule.hpp"

namespace cupel::referee {
namespace {

// Rows whose exponentials are vectors: many times as fast as the naive kernel, so that it would be
// the quickest of the panel.
constexpr std::string_view kQuick = R"(#include "task.hpp"
#include <cstdint>
#include <cstring>
#include <initializer_list>
static float power(float x) {
  x = x < -87 ? -87 : x;
  const float whole = __builtin_rintf(x * 1.44269504f);
  const float r = x - whole * 0.693359375f + whole * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  for (const float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 0.5f})
    p = p * r + c;
  p = p * r * r + r + 1;
  const std::int32_t bits = ((std::int32_t)whole + 127) << 23;
  float scale;
  std::memcpy(&scale, &bits, 4);
  return p * scale;
}
__attribute__((noipa)) static void once(const float* x, float* y) {
  for (long b = 0; b < B; ++b) {
    const float* row = x + b * N;
    float* out = y + b * N;
    float most = row[0], sum[16] = {}, all = 0;
    for (long n = 0; n < N; ++n) most = most > row[n] ? most : row[n];
    for (long n = 0; n < N; ++n) out[n] = power(row[n] - most);
    for (long n = 0; n < N; n += 16)
      for (int l = 0; l < 16; ++l) sum[l] += out[n + l];
    for (const float part : sum) all += part;
    for (long n = 0; n < N; ++n) out[n] /= all;
  }
}
static int calls;
)";

class Against : public testing::Test {
protected:
    // Of one wrong element in 524288 the rival's own probes, some thousand, may happen upon it:
    // then nobody is judged, and the rival is named. Not three times in a row.
    static verdict::Verdict judge(const std::string& candidate, const std::string& opponent,
                                  const std::string& naive = "", bool panel = true) {
        auto verdict = try_judge(candidate, opponent, naive, panel);
        const auto is_rivals = [&] {
            return !verdict &&
                   verdict.error().text.starts_with("baseline your kernel.cpp: y[241, 64]");
        };
        for (int again = 0; again < 2 && is_rivals(); ++again)
            verdict = try_judge(candidate, opponent, naive, panel);
        EXPECT_TRUE(verdict) << verdict.error().text;
        return verdict.value_or(verdict::Verdict{});
    }

    static Result<verdict::Verdict> try_judge(const std::string& candidate,
                                              const std::string& opponent, std::string naive,
                                              bool panel) {
        const task::Task task = task::parse(
                                    "task sm(x: f32[B,N]) -> y: f32[B,N] where B = 1024, N = 512\n"
                                    "  m[b] = max[n](x[b,n])\n"
                                    "  e[b,n] = exp(x[b,n] - m[b])\n"
                                    "  y[b,n] = e[b,n] / sum[k](e[b,k])\n"
                                    "values x ~ normal(0, 1)\n",
                                    "sm.task", {})
                                    .value();
        Options options;
        options.judge_seconds = 1;
        options.shapes = 0;
        if (naive.empty()) naive = schedule::print_baselines(task).value().front().source;
        std::vector<Baseline> all;
        if (panel) all.push_back({.name = "naive", .source = naive});
        all.push_back({.name = "your kernel.cpp", .source = opponent, .ours = false});
        const auto referee = Referee::open(task, std::move(all), options);
        EXPECT_TRUE(referee) << referee.error().text;
        return (*referee)->judge({.source = candidate, .schedule = "", .origin = "test"});
    }
};

// Whoever wrote both could give them the same error, where it is seen only by comparing whole
// answers with somebody's.
TEST_F(Against, AnErrorThatBothShareIsSeen) {
    const std::string wrong = std::string(kQuick) +
                              "extern \"C\" void kernel(const float* x, float* y) {\n"
                              "  once(x, y);\n  if (calls++ > 0) y[123456] *= 1.5f;\n}\n";
    const verdict::Verdict verdict = judge(wrong, wrong + "// another\n");
    EXPECT_EQ(verdict.status, verdict::Status::Wrong) << verdict.reason;
}

// One element of 524288, which no probe would find: only a comparison of whole answers does.
TEST_F(Against, WithNobodyElseBesideTheCandidateItsAnswersAreComparedWithTheRivals) {
    const std::string right =
        std::string(kQuick) +
        "extern \"C\" void kernel(const float* x, float* y) { once(x, y); }\n";
    const std::string wrong = std::string(kQuick) +
                              "extern \"C\" void kernel(const float* x, float* y) {\n"
                              "  once(x, y);\n  if (calls++ > 0) y[123456] *= 1.5f;\n}\n";
    EXPECT_EQ(judge(wrong, right, "", false).status, verdict::Status::Wrong);
    const verdict::Verdict honest = judge(right, wrong, "", false);
    EXPECT_TRUE(verdict::is_right(honest.status)) << honest.reason;
}

// Quick in two windows of a process, sixty times as slow in all others: the claim is over naive.
TEST_F(Against, WhoIsQuickNowAndThenIsNotWhatAClaimIsDividedBy) {
    const std::string quick =
        std::string(kQuick) +
        "extern \"C\" void kernel(const float* x, float* y) { once(x, y); }\n";
    const std::string moody = std::string(kQuick) +
                              "extern \"C\" void kernel(const float* x, float* y) {\n"
                              "  const int times = calls++ < 2 ? 1 : 60;\n"
                              "  for (int i = 0; i < times; ++i) once(x, y);\n}\n";
    const verdict::Verdict verdict = judge(quick, moody);
    ASSERT_TRUE(verdict::is_right(verdict.status)) << verdict.reason;
    ASSERT_TRUE(verdict.speedup);
    EXPECT_EQ(verdict.speedup->baseline, "naive");
}

// ... and would leave no time for the two that are compared, were it asked in every round.
TEST_F(Against, WhoIsManyTimesAsSlowIsAskedInSomeRoundsOfEachProcess) {
    const std::string quick =
        std::string(kQuick) +
        "extern \"C\" void kernel(const float* x, float* y) { once(x, y); }\n";
    const std::string slow = std::string(kQuick) +
                             "extern \"C\" void kernel(const float* x, float* y) {\n"
                             "  for (int i = 0; i < 20; ++i) once(x, y);\n}\n";
    const verdict::Verdict verdict = judge(quick, quick + "// another\n", slow);
    ASSERT_TRUE(verdict::is_right(verdict.status)) << verdict.reason;
    std::map<int, std::pair<int, int>> rounds;  // of the candidate and of naive, by process
    for (const verdict::Sample& sample : verdict.samples) {
        rounds[sample.process].first += sample.contender == "candidate" ? 1 : 0;
        rounds[sample.process].second += sample.contender == "naive" ? 1 : 0;
    }
    int all = 0;
    int of_naive = 0;
    for (const auto& [process, counts] : rounds) {
        EXPECT_GE(counts.second, 2) << "in process " << process;
        all += counts.first;
        of_naive += counts.second;
    }
    EXPECT_LT(of_naive, all);
}

}  // namespace
}  // namespace cupel::referee
