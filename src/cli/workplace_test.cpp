// SPDX-License-Identifier: Apache-2.0
#include "cli/workplace.hpp"

#include <gtest/gtest.h>

#include "os/files.hpp"

namespace cupel::cli {
namespace {

constexpr std::int64_t kNow = 2'000'000'000;

std::string told(std::int64_t age, double disturbed = 0) {
    target::Ceilings ceilings;
    ceilings.measured = kNow - age;
    ceilings.disturbed = disturbed;
    return measured_text(ceilings, kNow);
}

TEST(MeasuredText, TellsTheAgeAndTheLoadOfTheMachine) {
    EXPECT_EQ(told(0), "measured now");
    EXPECT_EQ(told(-5), "measured now");
    EXPECT_EQ(told(61), "measured 1 minute ago");
    EXPECT_EQ(told(7300), "measured 2 hours ago");
    EXPECT_EQ(told(3 * 86'400), "measured 3 days ago");
    EXPECT_EQ(told(0, 0.05), "measured now");
    EXPECT_NE(told(61, 0.5).find("ago while others took 50 % of the processors"),
              std::string::npos);
}

// The tests are started in build/<preset>, where no tasks/ is: one is made, as a stranger would.
TEST(AShippedTask, IsNeverReadFromTheWorkingDirectory) {
    namespace fs = std::filesystem;
    const auto folder = os::TempDir::make("cupel-workplace-");
    ASSERT_TRUE(folder) << folder.error().text;
    fs::create_directory(folder->path() / "tasks");
    const std::string_view mine =
        "task softmax(x: f32[N]) -> y: f32[N] where N = 64\n  y[n] = x[n]\n";
    for (const char* name : {"tasks/softmax.task", "softmax", "softmax.task"})
        ASSERT_TRUE(os::write_new_file(folder->path() / name, mine));
    const fs::path before = fs::current_path();
    fs::current_path(folder->path());
    const auto found = shipped_task("softmax");
    fs::current_path(before);
    ASSERT_TRUE(found);
    EXPECT_NE(found->text, mine);
    EXPECT_EQ(found->sizes.size(), 2);
    EXPECT_FALSE(shipped_task("no_such_task"));
}

TEST(FindRun, LeavesANameThatIsNoRunAsItIs) {
    EXPECT_EQ(find_run("no-such-run"), "no-such-run");
    EXPECT_EQ(find_run(""), "");
}

}  // namespace
}  // namespace cupel::cli
