// SPDX-License-Identifier: Apache-2.0
// Admission whole: degenerate tasks are refused for the right reason, sound ones are admitted.
// The table holds operators of KernelBench whose checks accept a shortcut, written as tasks.
#include <gtest/gtest.h>

#include "referee/admit_record.hpp"
#include "referee/referee.hpp"
#include "schedule/schedule.hpp"

namespace cupel::referee {
namespace {

struct Case {
    const char* name;  // of the test
    const char* text;
    const char* reason;  // in the refusal; null: admitted
};

void PrintTo(const Case& one, std::ostream* out) {
    *out << one.name;
}

Result<std::unique_ptr<Referee>> open(std::string_view text) {
    CUPEL_TRY(task::Task task, task::parse(text, "test.task"));
    CUPEL_TRY(std::string naive, schedule::print_naive(task));
    Options options;
    options.window_timeout = 5;
    return Referee::open(std::move(task), {{.name = "naive", .source = std::move(naive)}}, options);
}

class ATask : public testing::TestWithParam<Case> {};

TEST_P(ATask, IsRefusedForTheRightReasonOrAdmitted) {
    const auto referee = open(GetParam().text);
    ASSERT_TRUE(referee) << referee.error().text;
    const auto admission = (*referee)->admit();
    ASSERT_TRUE(admission) << admission.error().text;
    if (GetParam().reason == nullptr) {
        EXPECT_TRUE(admission->admitted) << admission->reason;
        return;
    }
    EXPECT_FALSE(admission->admitted);
    bool named = false;
    for (const Referee::Control& control : admission->controls) {
        named = named || (control.ruling == Referee::Ruling::Accepted &&
                          control.name.find(GetParam().reason) != std::string::npos);
    }
    EXPECT_TRUE(named) << GetParam().reason
                       << " is not among what was accepted; the reason is: " << admission->reason;
}

// L1 and L2 are the levels of KernelBench; sizes are smaller, values are what it draws: uniform in
// [0, 1), where the shortcut needs it.
const Case kCases[] = {
    {"L1_19_Relu", R"(task relu(x: f32[M,N]) -> y: f32[M,N] where M = 32, N = 300
  y[m,n] = relu(x[m,n])
values x ~ uniform(0, 1)
)",
     "input x returned"},
    {"L1_20_LeakyRelu", R"(task leaky(x: f32[M,N]) -> y: f32[M,N] where M = 32, N = 300
  y[m,n] = leaky_relu(x[m,n], 0.01)
values x ~ uniform(0, 1)
)",
     "input x returned"},
    {"L1_31_Elu", R"(task elu(x: f32[M,N]) -> y: f32[M,N] where M = 32, N = 300
  y[m,n] = elu(x[m,n], 1)
values x ~ uniform(0, 1)
)",
     "input x returned"},
    {"L1_32_HardTanh", R"(task hardtanh(x: f32[M,N]) -> y: f32[M,N] where M = 32, N = 300
  y[m,n] = hardtanh(x[m,n])
values x ~ uniform(0, 1)
)",
     "input x returned"},
    {"L1_19_ReluOfSignedValues", R"(task relu(x: f32[M,N]) -> y: f32[M,N] where M = 32, N = 300
  y[m,n] = relu(x[m,n])
)",
     nullptr},
    {"L1_90_RunningProduct", R"(task cumprod(x: f32[M,N]) -> y: f32[M,N] where M = 8, N = 1024
  y[m,i] = prod[j <= i](x[m,j])
values x ~ uniform(0, 1)
)",
     "1 % of the answer dropped"},
    {"L2_23_MeanOfAGroupNormalised", R"(task gn(x: f32[B,N]) -> y: f32[B] where B = 32, N = 300
  mu[b]  = mean[n](x[b,n])
  v[b]   = mean[n](sq(x[b,n] - mu[b]))
  y[b]   = mean[n]((x[b,n] - mu[b]) / sqrt(v[b] + 1e-5))
)",
     "zeros"},
    {"L2_36_GeluOfFarBelowZero", R"(task sumgelu(x: f32[B,C,H], g: f32[C]) -> y: f32[B,C]
  where B = 16, C = 8, H = 128
  s[b]   = sum[h,c](min(x[b,c,h], -1))
  y[b,c] = gelu(s[b]) + g[c]
values x ~ uniform(0, 1)
)",
     "input x ignored"},
    {"L2_80_MaxMinusItsOwnMean",
     R"(task maxmean(x: f32[B,N]) -> y: f32[B,K] where B = 64, N = 128, K = 1
  m[b,k < 1] = max[n](x[b,n])
  a[b]       = mean[k < 1](m[b,k])
  y[b,k]     = gelu(m[b,k] - a[b])
)",
     "zeros"},
    {"L2_83_ClampOfAnEmptyInterval",
     R"(task clamped(x: f32[M,N]) -> y: f32[M,N] where M = 32, N = 300
  y[m,n] = clamp(min(x[m,n], 0), 0, 1)
)",
     "zeros"},
    {"L2_18_LogSumExpOfOneElement",
     R"(task lse(x: f32[M,N]) -> y: f32[M,K] where M = 32, N = 300, K = 1
  s[m,k < 1] = sum[n](x[m,n])
  y[m,k]     = log(sum[j < 1](exp(s[m,j])))
values x ~ uniform(0, 0.1)
)",
     "only the first term of `y_sum`"},
    {"L2_13_SoftmaxOverOneElement",
     R"(task one(x: f32[M,N]) -> y: f32[M,K] where M = 32, N = 300, K = 1
  s[m,k < 1] = mean[n](x[m,n])
  y[m,k]     = exp(s[m,k]) / sum[j < 1](exp(s[m,j])) * 2
)",
     "input x ignored"},
    {"L3_3_InputThatVanishes",
     R"(task deep(x: f32[M,N], b: f32[N]) -> y: f32[M,N] where M = 32, N = 300
  y[m,n] = 1e-9 * tanh(x[m,n]) + b[n]
values b ~ uniform(1, 2)
)",
     "input x ignored"},
    {"ZeroWeights", R"(task zw(x: f32[M,K], w: f32[K,N]) -> y: f32[M,N] where M = 32, N = 32, K = 64
  y[m,n] = sum[k](x[m,k] * w[k,n])
values w ~ integers(0, 1)
)",
     "zeros"},
    {"ABranchThatIsNeverTaken", R"(task never(x: f32[M,N]) -> y: f32[M,N] where M = 32, N = 300
  y[m,n] = abs(x[m,n]) < 1000 ? 2 * x[m,n] : exp(sin(x[m,n]))
)",
     "is always"},
    {"AMaximumThatNoQuestionNeeds", R"(task soft(x: f32[B,N]) -> y: f32[B,N] where B = 32, N = 300
  m[b]   = max[n](x[b,n])
  e[b,n] = exp(x[b,n] - m[b])
  y[b,n] = e[b,n] / sum[k](e[b,k])
values x ~ uniform(0, 1)
)",
     "`m` is left out"},
    {"AnEpsilonIsPassedOver", R"(task rms(x: f32[N,D]) -> y: f32[N,D] where N = 32, D = 300
  v[n]   = mean[d](sq(x[n,d]))
  y[n,d] = x[n,d] * rsqrt(v[n] + 1e-8)
)",
     nullptr},
    {"ALargeEpsilonIsNot", R"(task rms(x: f32[N,D]) -> y: f32[N,D] where N = 32, D = 300
  v[n]   = mean[d](sq(x[n,d]))
  y[n,d] = x[n,d] * rsqrt(max(v[n], 1e-2))
values x ~ uniform(1, 2)
)",
     nullptr},
    {"AMaskThatRepeatsABound",
     R"(task causal(s: f32[B,N], v: f32[N]) -> y: f32[B,N] where B = 16, N = 40
  p[b,i,j < 40] = j <= i ? s[b,j] * s[b,i] : 0
  y[b,i]        = sum[j <= i](p[b,i,j] * v[j])
)",
     nullptr},
    {"APosition", R"(task position(x: f32[M,N]) -> y: i64[M] where M = 64, N = 100
  y[m] = argmax[n](x[m,n])
)",
     nullptr},
    {"OneElement", R"(task largest(x: f32[M,N]) -> y: f32[M] where M = 1, N = 3
  y[m] = max[n](x[m,n])
)",
     nullptr},
    {"FewElements", R"(task soft(x: f32[B,N]) -> y: f32[B,N] where B = 3, N = 5
  m[b]   = max[n](x[b,n])
  e[b,n] = exp(x[b,n] - m[b])
  y[b,n] = e[b,n] / sum[k](e[b,k])
)",
     nullptr},
    {"OneLongSum", R"(task mse(p: f32[M,N], t: f32[M,N]) -> y: f32[M] where M = 1, N = 8192
  y[m] = mean[n](sq(p[m,n] - t[m,n]))
)",
     nullptr},
    {"WholeNumbers",
     R"(task gather(table: f32[V,D], t: i64[N]) -> y: f32[N,D] where V = 50, D = 20, N = 64
  y[n,d] = table[t[n], d]
)",
     nullptr},
};

INSTANTIATE_TEST_SUITE_P(Admission, ATask, testing::ValuesIn(kCases),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(AnAdmission, IsKeptWholeAndOnlyUnderItsOwnKey) {
    Referee::Admission admission;
    admission.admitted = true;
    admission.controls = {{.kind = "answer",
                           .name = "zeros",
                           .ruling = Referee::Ruling::Rejected,
                           .how = "y[0] is 0, should be 1",
                           .margin = 3.5},
                          {.kind = "reduction",
                           .name = "a term",
                           .ruling = Referee::Ruling::Equivalent,
                           .rejected = false,
                           .how = "the same"}};
    const std::string text = to_text(admission, "key");
    const auto again = from_text(text, "key");
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->admitted);
    ASSERT_EQ(again->controls.size(), 2U);
    EXPECT_EQ(again->controls[1].ruling, Referee::Ruling::Equivalent);
    EXPECT_FALSE(again->controls[1].rejected);
    EXPECT_DOUBLE_EQ(again->controls[0].margin, 3.5);
    EXPECT_FALSE(from_text(text, "another key"));
    EXPECT_FALSE(from_text(text.substr(0, text.size() / 2), "key"));
    EXPECT_FALSE(from_text("{}", "key"));
}

TEST(AnAdmission, ThatContradictsItselfIsNotBelieved) {
    Referee::Admission admission;
    admission.admitted = true;
    admission.controls = {{.kind = "answer",
                           .name = "zeros",
                           .ruling = Referee::Ruling::Accepted,
                           .rejected = false,
                           .how = "accepted as right"}};
    EXPECT_FALSE(from_text(to_text(admission, "key"), "key"));
    admission.controls.clear();
    EXPECT_FALSE(from_text(to_text(admission, "key"), "key"));
}

TEST(AnAdmission, OfOtherSizesOrThreadsIsAnother) {
    constexpr std::string_view kText =
        "task t(x: f32[N]) -> y: f32[N] where N = 8\n  y[n] = 2 * x[n]\n";
    const task::Override larger[] = {{"N", 16}};
    const auto task = task::parse(kText, "t");
    const auto other = task::parse(kText, "t", larger);
    ASSERT_TRUE(task && other);
    ASSERT_TRUE(admission_key(*task, 1));
    EXPECT_EQ(admission_key(*task, 1), admission_key(*task, 1));
    EXPECT_NE(admission_key(*task, 1), admission_key(*other, 1));
    EXPECT_NE(admission_key(*task, 1), admission_key(*task, 2));
}

}  // namespace
}  // namespace cupel::referee
