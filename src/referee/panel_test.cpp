// SPDX-License-Identifier: Apache-2.0
// Libraries of the panel that do not do their part.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "referee/referee.hpp"
#include "schedule/schedule.hpp"

namespace cupel::referee {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Panel : public testing::Test {
protected:
    const task::Task task_ = task::parse(
                                 "task twice(x: f32[N]) -> y: f32[N] where N = 4096\n"
                                 "  y[n] = 2 * x[n]\n"
                                 "values x ~ normal(0, 1)\n",
                                 "twice.task", {})
                                 .value();
    static std::string kernel(const std::string& body) {
        return "#include \"task.hpp\"\nextern \"C\" void kernel(const float* x, float* y) {\n"
               "  for (long n = 0; n < N; ++n) " +
               body + "\n}\n";
    }
    // The naive kernel and one more; what calls a library has a version.
    [[nodiscard]] Result<std::unique_ptr<Referee>> open(const std::string& other,
                                                        const std::string& version) const {
        Options options;
        options.judge_seconds = 1;
        options.shapes = 0;
        const std::string naive = schedule::print_baselines(task_).value().front().source;
        return Referee::open(
            task_,
            {{.name = "naive", .source = naive},
             {.name = "lib", .source = other, .ours = false, .library = {.version = version}}},
            options);
    }
    static constexpr const char* kRight = "y[n] = x[n] + x[n];";
};

TEST_F(Panel, ALibraryThatIsWrongWithoutACandidateTooIsLeftOutAndNamed) {
    const auto referee = open(kernel("y[n] = 2.001f * x[n];"), "liblib.so.1");
    ASSERT_TRUE(referee) << referee.error().text;
    const auto verdict =
        (*referee)->judge({.source = kernel(kRight), .schedule = "", .origin = "test"});
    ASSERT_TRUE(verdict) << verdict.error().text;
    EXPECT_TRUE(verdict::is_right(verdict->status)) << verdict->reason;
    EXPECT_EQ((*referee)->panel().size(), 1U);
    EXPECT_THAT((*referee)->options().absent,
                ElementsAre(HasSubstr("lib was left out: its answer is wrong here")));
}

// Else whoever made the quickest opponent fall over would be measured against the others.
TEST_F(Panel, ALibraryThatDiesEndsTheJudgement) {
    const auto referee = open(kernel("__builtin_trap();"), "liblib.so.1");
    ASSERT_TRUE(referee) << referee.error().text;
    const auto verdict =
        (*referee)->judge({.source = kernel(kRight), .schedule = "", .origin = "test"});
    ASSERT_FALSE(verdict);
    EXPECT_THAT(verdict.error().text, HasSubstr("baseline lib"));
    EXPECT_EQ((*referee)->panel().size(), 2U);
}

TEST_F(Panel, AKernelOfTheUsersThatIsWrongEndsTheJudgement) {
    const auto referee = open(kernel("y[n] = 2.001f * x[n];"), "");
    ASSERT_TRUE(referee) << referee.error().text;
    const auto verdict =
        (*referee)->judge({.source = kernel(kRight), .schedule = "", .origin = "test"});
    ASSERT_FALSE(verdict);
    EXPECT_THAT(verdict.error().text, HasSubstr("baseline lib"));
}

}  // namespace
}  // namespace cupel::referee
