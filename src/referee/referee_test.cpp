// SPDX-License-Identifier: Apache-2.0
// The referee whole: real jail, real oracle, real compiler, small tasks.
#include "referee/referee.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/hash.hpp"
#include "base/seed.hpp"
#include "os/files.hpp"
#include "referee/estimate.hpp"
#include "referee/state.hpp"
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

std::unique_ptr<Referee> open_task(std::string_view text) {
    auto task = task::parse(text, "test.task");
    EXPECT_TRUE(task) << task.error().text;
    auto naive = schedule::print_naive(*task);
    EXPECT_TRUE(naive) << naive.error().text;
    auto referee = Referee::open(*std::move(task), {{.name = "naive", .source = *naive}}, quick());
    EXPECT_TRUE(referee) << referee.error().text;
    return referee ? *std::move(referee) : nullptr;
}

// As many processes more as there is more time, and never more than an int holds.
TEST(Patience, MakesRoomForMoreProcesses) {
    const auto most = [](double seconds) {
        return Referee::State({}, {}, {}).plan(seconds).most_processes;
    };
    EXPECT_EQ(most(Options{}.judge_seconds), 24);
    EXPECT_EQ(most(Options{}.judge_seconds / 10), 24);
    EXPECT_EQ(most(Options{}.judge_seconds * 10), 240);
    EXPECT_EQ(most(1e300), 24000);
}

class Softmax : public testing::Test {
protected:
    static void TearDownTestSuite() { referee_.reset(); }
    // Not for the suite: a failure there would skip the tests, not fail them.
    void SetUp() override {
        if (!referee_) referee_ = open_task(kSoftmax);
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

TEST_F(Softmax, TheClockRunsForAsLongAsTheKernelDoes) {
    std::string source = naive().source;
    // At least one cycle each: half a millisecond at 6 GHz.
    source.insert(
        source.rfind('}'),
        "  volatile long spent = 0;\n  for (long i = 0; i < 3000000; i++) spent = spent + 1;\n");
    const verdict::Verdict verdict = judge(source);
    EXPECT_TRUE(verdict::is_right(verdict.status)) << verdict::headline(verdict);
    EXPECT_GT(verdict.seconds, 0.0005);
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
    const auto found = referee_->screen(naive(), &incumbent);
    ASSERT_TRUE(found) << found.error().text;
    EXPECT_FALSE(found->of_incumbent);
    ASSERT_TRUE(found->verdict.speedup);
    EXPECT_EQ(found->verdict.speedup->baseline, "incumbent");
}

// Others breed from what a screening lets pass.
TEST(Screening, SeesWhatIsWrongAtOtherSizes) {
    const auto referee =
        open_task(std::string(kSoftmax) + "\nprecision fp32\nshapes B in 1..512\n");
    ASSERT_NE(referee, nullptr);
    verdict::Kernel kernel{
        .source = referee->panel().front().source, .schedule = "", .origin = "test"};
    const auto honest = referee->screen(kernel, nullptr);
    ASSERT_TRUE(honest) << honest.error().text;
    EXPECT_TRUE(verdict::is_right(honest->verdict.status)) << verdict::headline(honest->verdict);
    const std::size_t body = kernel.source.find('{', kernel.source.find("kernel("));
    kernel.source.insert(body + 1, "\n  if (B != 64) return;\n");
    for (const bool first : {true, false}) {
        const verdict::Kernel* const incumbent = first ? nullptr : &kernel;
        const auto found = referee->screen(kernel, incumbent);
        ASSERT_TRUE(found) << found.error().text;
        EXPECT_EQ(found->verdict.status, verdict::Status::Wrong);
        EXPECT_NE(found->verdict.reason.find(verdict::kOtherSizes), std::string::npos);
    }
}

// Else a naive kernel that takes seconds would be the whole of a short search.
TEST_F(Softmax, ABaselineThatTrailsByFarIsTimedOnceAProcess) {
    const auto counted_of_baseline = [](Referee& referee, const verdict::Kernel& kernel) {
        const auto found = referee.screen(kernel, nullptr);
        EXPECT_TRUE(found) << found.error().text;
        if (!found) return std::ptrdiff_t{0};
        EXPECT_TRUE(found->verdict.speedup);
        return std::ranges::count_if(found->verdict.samples, [](const verdict::Sample& sample) {
            return sample.contender == "slow" && sample.counted;
        });
    };
    std::string slow = naive().source;
    slow.insert(
        slow.rfind('}'),
        "  volatile long spent = 0;\n  for (long i = 0; i < 60000000; i++) spent = spent + 1;\n");
    const auto referee =
        Referee::open(referee_->task(), {{.name = "slow", .source = slow}}, quick());
    ASSERT_TRUE(referee) << referee.error().text;
    // A busy machine may hold up all windows of a quick kernel, and hide it once.
    auto least = counted_of_baseline(**referee, naive());
    for (int again = 0; again < 3 && least != 2; ++again)
        least = std::min(least, counted_of_baseline(**referee, naive()));
    EXPECT_EQ(least, 2);
    const verdict::Kernel twin{.source = slow + "// itself\n", .schedule = "", .origin = "test"};
    EXPECT_GE(counted_of_baseline(**referee, twin), 6);
}

// One of the panel that trails (trailing.hpp) is asked in three processes of a claim and in none of
// a selection. A busy machine may hide that it trails; nothing is divided by its time.
TEST_F(Softmax, WhoTrailsIsAskedInThreeProcesses) {
    std::string sevenfold = naive().source;
    constexpr std::string_view kHead = "extern \"C\" void kernel(";
    sevenfold.replace(sevenfold.find(kHead), kHead.size(),
                      "__attribute__((noipa)) static void once(");
    sevenfold +=
        "\nextern \"C\" void kernel(const float* x, float* y) {\n"
        "  for (int i = 0; i < 7; i++) once(x, y);\n}\n";
    const auto referee = Referee::open(
        referee_->task(),
        {{.name = "naive", .source = naive().source}, {.name = "sevenfold", .source = sevenfold}},
        quick());
    ASSERT_TRUE(referee) << referee.error().text;
    const auto processes_of = [](const verdict::Verdict& verdict, std::string_view name) {
        std::set<int> processes;
        for (const verdict::Sample& sample : verdict.samples)
            if (sample.contender == name) processes.insert(sample.process);
        return processes.size();
    };
    const auto claim = (*referee)->judge(naive());
    ASSERT_TRUE(claim) << claim.error().text;
    EXPECT_GE(processes_of(*claim, "naive"), 5);
    EXPECT_GE(processes_of(*claim, "sevenfold"), 3);
    ASSERT_TRUE(claim->speedup);
    EXPECT_EQ(claim->speedup->baseline, "naive");
    const auto selection = (*referee)->select(naive());
    ASSERT_TRUE(selection) << selection.error().text;
    const bool trailed = processes_of(*claim, "sevenfold") == 3;
    EXPECT_EQ(processes_of(*selection, "sevenfold") == 0, trailed);
    const auto again = (*referee)->judge(naive());
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_GE(processes_of(*again, "sevenfold"), 3);  // a claim asks all
}

TEST_F(Softmax, AnIncumbentThatFailsIsToldFromTheCandidate) {
    const verdict::Kernel incumbent{.source = "extern \"C\" void kernel(const float*, float*) {}\n",
                                    .schedule = "",
                                    .origin = "test"};
    const auto found = referee_->screen(naive(), &incumbent);
    ASSERT_TRUE(found) << found.error().text;
    EXPECT_TRUE(found->of_incumbent);
    EXPECT_EQ(found->verdict.status, verdict::Status::Wrong) << verdict::headline(found->verdict);
    EXPECT_EQ(found->verdict.kernel_hash, hash_hex(incumbent.source));
}

TEST_F(Softmax, KernelsArePreparedSideBySide) {
    verdict::Kernel twin = naive();
    twin.source += "// in other words\n";
    referee_->prepare({naive(), twin, {.source = "no C++", .schedule = "", .origin = "test"}});
    const auto found = referee_->screen(twin, nullptr);
    ASSERT_TRUE(found) << found.error().text;
    EXPECT_TRUE(verdict::is_right(found->verdict.status)) << verdict::headline(found->verdict);
}

TEST_F(Softmax, IsAdmitted) {
    const auto admission = referee_->admit();
    ASSERT_TRUE(admission) << admission.error().text;
    EXPECT_TRUE(admission->admitted) << admission->reason;
    EXPECT_GE(admission->controls.size(), 10U);
}

TEST_F(Softmax, EveryJudgementHasASeedOfItsOwnThatWasCommittedToFirst) {
    std::vector<std::string> told;
    Options options = quick();
    options.progress = [&](std::string_view what, double) { told.emplace_back(what); };
    const auto referee = Referee::open(
        referee_->task(), {referee_->panel().begin(), referee_->panel().end()}, options);
    ASSERT_TRUE(referee) << referee.error().text;
    told.clear();
    const auto verdict = (*referee)->judge(naive());
    ASSERT_TRUE(verdict) << verdict.error().text;
    ASSERT_FALSE(told.empty());
    EXPECT_EQ(told.front(), "committed to seed " + verdict->seed.commitment);
    EXPECT_EQ(Seed::from_hex(verdict->seed.value)->commitment(), verdict->seed.commitment);
    EXPECT_NE(judge(naive().source).seed.value, verdict->seed.value);
    // A kernel that was never loaded has seen no question: its seed stays secret.
    const verdict::Verdict refused = judge("no C++");
    EXPECT_FALSE(refused.seed.commitment.empty());
    EXPECT_TRUE(refused.seed.value.empty());
}

TEST_F(Softmax, ARunAgainstItselfGoesOnTheRecordAndARecordThatContradictsWithholdsClaims) {
    const auto cache = os::cache_folder();
    ASSERT_TRUE(cache);
    const auto folder = os::TempDir::make("cupel-test-");
    ASSERT_TRUE(folder);
    // A cache of its own for the record alone: what is compiled and measured is taken from the
    // user's.
    const std::filesystem::path mine = folder->path() / "cupel";
    std::filesystem::create_directories(mine);
    for (const char* name : {"artefacts", "ceilings"})
        std::filesystem::create_directory_symlink(*cache / name, mine / name);
    const char* const before = std::getenv("XDG_CACHE_HOME");
    const std::string kept = before != nullptr ? before : "";
    ASSERT_EQ(setenv("XDG_CACHE_HOME", folder->path().c_str(), 1), 0);

    const auto sound = open_task(kSoftmax);
    ASSERT_NE(sound, nullptr);
    const auto file = aa_path(sound->machine().fingerprint);
    const auto verdict = sound->judge_against_itself();
    ASSERT_TRUE(verdict) << verdict.error().text;
    EXPECT_EQ(read_aa(*file).runs.size(), 1U);
    EXPECT_EQ(sound->aa().test.runs, 1);
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(append_aa(
            *file, {.written = "2026-01-01T00:00:00Z", .outcome = verdict::Status::Faster}));
    const auto unsound = open_task(kSoftmax);
    ASSERT_NE(unsound, nullptr);
    EXPECT_TRUE(unsound->aa().test.contradicted);
    // Much slower than naive: a claim that a sound machine would make.
    verdict::Kernel slow = naive();
    slow.source.insert(slow.source.rfind('}'),
                       "  for (volatile int i = 0; i < 3000000;) i = i + 1;\n");
    // A loud machine may resolve nothing, which leaves nothing to withhold; it is asked again then.
    std::string reason;
    for (int attempt = 0; attempt < 8 && reason.find("withheld") == std::string::npos; ++attempt) {
        const auto withheld = unsound->judge(slow);
        ASSERT_TRUE(withheld) << withheld.error().text;
        ASSERT_EQ(withheld->status, verdict::Status::NotResolved) << verdict::headline(*withheld);
        reason = withheld->reason;
    }
    EXPECT_NE(reason.find("withheld"), std::string::npos) << reason;
    ASSERT_EQ(
        before != nullptr ? setenv("XDG_CACHE_HOME", kept.c_str(), 1) : unsetenv("XDG_CACHE_HOME"),
        0);
}

// Questions of halves are blended and widened like any other; none may catch an honest kernel.
TEST(SixteenBits, AnHonestKernelOfHalvesPasses) {
    const auto task = task::parse(
        "task halves(x: f16[B,N], w: f16[N]) -> y: f32[B,N] where B = 32, N = 96\n"
        "  m[b] = max[n](x[b,n])\n"
        "  y[b,n] = exp(x[b,n] - m[b]) * w[n] / sum[k](exp(x[b,k] - m[b]))\n",
        "test.task");
    ASSERT_TRUE(task) << task.error().text;
    const std::string honest = R"(#include "task.hpp"
#include <algorithm>
#include <cmath>
extern "C" void kernel(const _Float16* x, const _Float16* w, float* y) {
  for (long b = 0; b < B; b++) {
    float most = float(x[b * N]), sum = 0;
    for (long n = 1; n < N; n++) most = std::max(most, float(x[b * N + n]));
    for (long n = 0; n < N; n++) sum += std::exp(float(x[b * N + n]) - most);
    for (long n = 0; n < N; n++) y[b * N + n] = std::exp(float(x[b * N + n]) - most) * float(w[n]) / sum;
  }
}
)";
    const auto referee = Referee::open(*task, {{.name = "plain", .source = honest}}, quick());
    ASSERT_TRUE(referee) << referee.error().text;
    for (int i = 0; i < 4; ++i) {
        const auto verdict =
            (*referee)->judge({.source = honest, .schedule = "", .origin = "test"});
        ASSERT_TRUE(verdict) << verdict.error().text;
        EXPECT_TRUE(verdict::is_right(verdict->status)) << verdict::headline(*verdict);
    }
}

TEST(Admission, ATaskThatIgnoresAnInputIsRefusedByName) {
    const auto referee =
        open_task(R"(task dead(x: f32[B,N], z: f32[B,N]) -> y: f32[B,N] where B = 32, N = 64
  y[b,n] = 2 * x[b,n] + 0 * z[b,n]
)");
    ASSERT_NE(referee, nullptr);
    const auto admission = referee->admit();
    ASSERT_TRUE(admission) << admission.error().text;
    EXPECT_FALSE(admission->admitted);
    EXPECT_NE(admission->reason.find("input z ignored"), std::string::npos) << admission->reason;
}

TEST(Admission, ATaskWhoseAnswerIsAlwaysZeroIsRefused) {
    const auto referee = open_task(R"(task zero(x: f32[B,N]) -> y: f32[B,N] where B = 32, N = 64
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
