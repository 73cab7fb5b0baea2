// SPDX-License-Identifier: Apache-2.0
// The referee whole: real jail, real oracle, real compiler, small tasks.
#include "referee/referee.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/hash.hpp"
#include "referee/certificate.hpp"
#include "referee/estimate.hpp"
#include "schedule/schedule.hpp"

namespace cupel::referee {
namespace {

constexpr std::string_view kSoftmax = R"(# Softmax over rows
task softmax(x: f32[B,N]) -> y: f32[B,N] where B = 64, N = 300
  m[b]   = max[n](x[b,n])
  e[b,n] = exp(x[b,n] - m[b])
  y[b,n] = e[b,n] / sum[k](e[b,k])
)";

Options quick() {
    Options options;
    options.judge_seconds = 0.3;
    options.processes = 5;
    options.window_timeout = 5;
    return options;
}

std::unique_ptr<Referee> open(std::string_view text) {
    auto task = task::parse(text, "test.task");
    EXPECT_TRUE(task) << task.error().text;
    auto naive = schedule::print_naive(*task);
    EXPECT_TRUE(naive) << naive.error().text;
    auto referee = Referee::open(*std::move(task), {{.name = "naive", .source = *naive}}, quick());
    EXPECT_TRUE(referee) << referee.error().text;
    return referee ? *std::move(referee) : nullptr;
}

class Softmax : public testing::Test {
protected:
    static void TearDownTestSuite() { referee_.reset(); }
    // Not for the suite: a failure there would skip the tests, not fail them.
    void SetUp() override {
        if (!referee_) referee_ = open(kSoftmax);
        ASSERT_NE(referee_, nullptr);
    }

    static verdict::Verdict judge(std::string source) {
        auto verdict =
            referee_->judge({.source = std::move(source), .schedule = "", .origin = "test"});
        EXPECT_TRUE(verdict) << verdict.error().text;
        return verdict ? *verdict : verdict::Verdict{};
    }
    static verdict::Kernel naive() {
        return {.source = referee_->panel().front().source, .schedule = "", .origin = "naive"};
    }

    static inline std::unique_ptr<Referee> referee_;
};

TEST_F(Softmax, AnHonestKernelIsRightAndEveryAnswerWasChecked) {
    const verdict::Verdict verdict = judge(naive().source);
    EXPECT_TRUE(verdict::is_right(verdict.status)) << verdict::headline(verdict);
    ASSERT_TRUE(verdict.speedup);
    EXPECT_GT(verdict.speedup->ratio.high, verdict.speedup->ratio.low);
    EXPECT_GT(verdict.evidence.questions, 0);
    EXPECT_EQ(verdict.evidence.elements, std::int64_t{verdict.evidence.questions} * 64 * 300);
    EXPECT_LE(verdict.evidence.worst_error, 1);
    EXPECT_GT(verdict.advantage_bound, 0);
    int asked = 0;
    for (const verdict::Sample& sample : verdict.samples) {
        if (sample.contender == kCandidate) asked += sample.questions;
        EXPECT_TRUE(sample.round > 0 || !sample.counted);
    }
    EXPECT_EQ(asked, verdict.evidence.questions);
}

TEST_F(Softmax, AWrongElementIsNamed) {
    std::string source = naive().source;
    source.insert(source.rfind('}'), "  y[7 * N + 5] += 0.001f;\n");
    const verdict::Verdict verdict = judge(source);
    EXPECT_EQ(verdict.status, verdict::Status::Wrong);
    EXPECT_NE(verdict.reason.find("y[7, 5]"), std::string::npos) << verdict.reason;
}

TEST_F(Softmax, ACompileErrorKeepsTheLinesOfItsAuthor) {
    const verdict::Verdict verdict = judge("#include \"task.hpp\"\nint x = \"no\";\n");
    EXPECT_EQ(verdict.status, verdict::Status::CompileError);
    EXPECT_NE(verdict.detail.find("kernel.cpp:2:"), std::string::npos) << verdict.detail;
}

TEST_F(Softmax, AMissingFunctionIsSaidInOneLine) {
    const verdict::Verdict verdict = judge("int something = 1;\n");
    EXPECT_EQ(verdict.status, verdict::Status::CompileError);
    EXPECT_NE(verdict.reason.find("kernel"), std::string::npos) << verdict.reason;
}

TEST_F(Softmax, ScreeningComparesWithTheIncumbent) {
    const verdict::Kernel incumbent = naive();
    const auto verdict = referee_->screen(naive(), &incumbent);
    ASSERT_TRUE(verdict) << verdict.error().text;
    ASSERT_TRUE(verdict->speedup);
    EXPECT_EQ(verdict->speedup->baseline, "incumbent");
}

TEST_F(Softmax, KernelsArePreparedSideBySide) {
    verdict::Kernel twin = naive();
    twin.source += "// in other words\n";
    referee_->prepare({naive(), twin, {.source = "no C++", .schedule = "", .origin = "test"}});
    const auto verdict = referee_->screen(twin, nullptr);
    ASSERT_TRUE(verdict) << verdict.error().text;
    EXPECT_TRUE(verdict::is_right(verdict->status)) << verdict::headline(*verdict);
}

TEST_F(Softmax, IsAdmitted) {
    const auto admission = referee_->admit();
    ASSERT_TRUE(admission) << admission.error().text;
    EXPECT_TRUE(admission->admitted) << admission->reason;
    EXPECT_GE(admission->controls.size(), 10U);
}

TEST_F(Softmax, ACertificateHoldsItsOwnProofAndNoEditSurvives) {
    const verdict::Kernel kernel = naive();
    verdict::Verdict claim = judge(kernel.source);
    ASSERT_TRUE(claim.speedup);
    const std::string text = make_certificate(*referee_, kernel, claim, nullptr).dump();
    const auto read = read_certificate(text);
    ASSERT_TRUE(read) << read.error().text;
    const auto again = recompute(*read);
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_DOUBLE_EQ(again->ratio.mid, claim.speedup->ratio.mid);

    nlohmann::json edited = nlohmann::json::parse(text);
    edited["claim"]["samples"][3]["seconds"] = 1e-9;
    EXPECT_FALSE(read_certificate(edited.dump()));
    // An editor who mends the hash is caught by what the samples say.
    const auto forged = [&](auto&& edit) {
        nlohmann::json document = nlohmann::json::parse(text);
        edit(document);
        document.erase("hash");
        document["hash"] = hash_hex(document.dump());
        const auto forgery = read_certificate(document.dump());
        return forgery && recompute(*forgery);
    };
    EXPECT_TRUE(forged([](nlohmann::json&) {}));
    EXPECT_FALSE(forged([](nlohmann::json& d) { d["headline"] = "faster: 150x over naive"; }));
    EXPECT_FALSE(forged([](nlohmann::json& d) { d["claim"]["evidence"]["questions"] = 10'000; }));
    EXPECT_FALSE(forged([](nlohmann::json& d) { d["claim"]["advantage_bound"] = 0; }));
    EXPECT_FALSE(forged([](nlohmann::json& d) {
        for (nlohmann::json& sample : d["claim"]["samples"]) {
            if (sample["contender"] == "candidate")
                sample["seconds"] = sample["seconds"].get<double>() / 2;
        }
    }));
    EXPECT_FALSE(read_certificate(text.substr(0, text.size() / 2)));
    EXPECT_FALSE(read_certificate("[]"));
}

TEST(Admission, ATaskThatIgnoresAnInputIsRefusedByName) {
    const auto referee =
        open(R"(task dead(x: f32[B,N], z: f32[B,N]) -> y: f32[B,N] where B = 32, N = 64
  y[b,n] = 2 * x[b,n] + 0 * z[b,n]
)");
    ASSERT_NE(referee, nullptr);
    const auto admission = referee->admit();
    ASSERT_TRUE(admission) << admission.error().text;
    EXPECT_FALSE(admission->admitted);
    EXPECT_NE(admission->reason.find("input z ignored"), std::string::npos) << admission->reason;
}

TEST(Admission, ATaskWhoseAnswerIsAlwaysZeroIsRefused) {
    const auto referee = open(R"(task zero(x: f32[B,N]) -> y: f32[B,N] where B = 32, N = 64
  y[b,n] = min(max(x[b,n], 0), 0)
)");
    ASSERT_NE(referee, nullptr);
    const auto admission = referee->admit();
    ASSERT_TRUE(admission) << admission.error().text;
    EXPECT_FALSE(admission->admitted);
    EXPECT_NE(admission->reason.find("zeros"), std::string::npos) << admission->reason;
}

}  // namespace
}  // namespace cupel::referee
