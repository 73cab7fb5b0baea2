// SPDX-License-Identifier: Apache-2.0
// A search whose judge times nothing: it says what is right, and what each kernel cannot beat. All
// the rest of the loop is as for any target.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "engineer/scene.hpp"

namespace cupel::engineer {
namespace {

using scripted::fenced;
using scripted::Model;
using scripted::Scene;
using scripted::search;
using scripted::search_of;
using scripted::worth;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kFloor = 1e-6;

// A kernel that claims to be worth 2 is bounded by half of what one is that claims nothing.
class Weigher final : public verdict::Evaluator {
public:
    void prepare(const std::vector<verdict::Kernel>& /*kernels*/) override {}
    Result<verdict::Screening> screen(const verdict::Kernel& kernel,
                                      const verdict::Kernel* /*incumbent*/) override {
        verdict::Verdict verdict;
        verdict.target = "emu";
        verdict.status = verdict::Status::Accepted;
        if (kernel.source.find("race") != std::string::npos) {
            verdict.status = verdict::Status::Wrong;
            verdict.reason = "shared race: line 1 (thread 0) and line 2 (at N=3)";
            verdict.findings = {"line 1 is \"x\""};
        } else {
            const double seconds = 10 * kFloor / scripted::true_worth(kernel.source);
            verdict.bound =
                verdict::Bound{"a GPU", seconds, "issue", kFloor, "DRAM", seconds, seconds};
            verdict.findings = {"warps diverge"};
        }
        tried.insert(kernel.source);
        return verdict::Screening{verdict};
    }
    Result<verdict::Verdict> select(const verdict::Kernel& /*kernel*/) override {
        return fail(Errc::Usage, "the engineer never selects");
    }
    Result<verdict::Verdict> judge(const verdict::Kernel& /*kernel*/) override {
        return fail(Errc::Usage, "the engineer never judges");
    }
    std::set<std::string> tried;
};

Outcome go_on(Scene& run, Weigher& weigher, Model& model, int evaluations) {
    model::RecordingClient client(run.recording, "test", &model, run.price);
    ModelWriter writer({{"test:m0", "m0", &client, 0}}, scripted::in_turn(), run.archive,
                       run.recording);
    EXPECT_TRUE(writer.recall());
    auto outcome = optimize(scripted::Schedules(3), {weigher, run.archive, nullptr, {&writer}},
                            search_of(evaluations));
    EXPECT_TRUE(outcome.has_value());
    return std::move(outcome).value_or(Outcome{});
}

TEST(Bounds, RankWhatNothingWasTimedOf) {
    Scene run;
    Weigher weigher;
    Model model([](const model::Request&, int turn) {
        return fenced(turn % 2 == 1 ? fmt::format("race {}\n", turn) : worth(2 + 0.2 * turn),
                      "climb");
    });
    const Outcome outcome = go_on(run, weigher, model, 12);
    ASSERT_TRUE(outcome.best && outcome.best->bound);
    EXPECT_LT(outcome.best->bound->seconds, 4 * kFloor);
    ASSERT_FALSE(outcome.finalists.empty());
    EXPECT_NEAR(outcome.finalists[0].score, std::log(kFloor / outcome.best->bound->seconds), 1e-9);
    std::string told;
    for (const std::string& prompt : model.prompts)
        told += prompt;
    EXPECT_THAT(told, HasSubstr("never timed; by published peaks not faster than"));
    EXPECT_THAT(told, HasSubstr("where issue binds"));
    EXPECT_THAT(told, HasSubstr("warps diverge"));
    // Parents are what was right, and no speed is told of them.
    EXPECT_THAT(told, Not(HasSubstr("race 1")));
    EXPECT_THAT(told, Not(HasSubstr("x over naive")));
    EXPECT_THAT(told, Not(HasSubstr("x as fast")));
    const auto kernels = run.archive.kernels().value();
    for (const archive::KernelRecord& kernel : kernels) {
        for (const archive::KernelId parent : kernel.parents) {
            EXPECT_TRUE(verdict::is_right(run.archive.latest_screen(parent).value().status));
        }
    }
}

TEST(Bounds, StandWhereTheyStoodWhenARunGoesOn) {
    Scene run;
    Weigher weigher;
    Model model([](const model::Request&, int turn) { return fenced(worth(2 + 0.2 * turn)); });
    const Outcome before = go_on(run, weigher, model, 6);
    run.reopen();
    const Outcome after = go_on(run, weigher, model, 1);
    ASSERT_TRUE(before.best && before.best->bound && after.best && after.best->bound);
    EXPECT_LE(after.best->bound->seconds, before.best->bound->seconds);
    EXPECT_EQ(weigher.tried.size(), 7U);
}

}  // namespace
}  // namespace cupel::engineer
