// SPDX-License-Identifier: Apache-2.0
#include "cli/options.hpp"

#include <gtest/gtest.h>

namespace cupel::cli {
namespace {

Result<Budget> budget_of(std::vector<std::string> words) {
    return parse_budget(words);
}

TEST(Budget, KnowsTimesCountsAndMoney) {
    EXPECT_DOUBLE_EQ(*budget_of({"30s"})->seconds, 30);
    EXPECT_DOUBLE_EQ(*budget_of({"500ms"})->seconds, 0.5);
    EXPECT_DOUBLE_EQ(*budget_of({"1.5m"})->seconds, 90);
    EXPECT_EQ(*budget_of({"200evals"})->evaluations, 200);
    EXPECT_DOUBLE_EQ(*budget_of({"5usd"})->dollars, 5);
}

TEST(Budget, SeveralLimitsHoldTogether) {
    const auto budget = budget_of({"1h", "10evals"});
    EXPECT_DOUBLE_EQ(*budget->seconds, 3600);
    EXPECT_EQ(*budget->evaluations, 10);
    EXPECT_FALSE(budget->dollars);
}

TEST(Budget, RefusesWhatIsNoAmount) {
    for (const char* word :
         {"", "s", "30", "-5s", "0s", "nans", "infs", "1.5evals", "9e99evals", "30 s", "30sx"}) {
        const auto budget = budget_of({word});
        ASSERT_FALSE(budget) << word;
        EXPECT_EQ(budget.error().code, Errc::Usage);
    }
}

TEST(Size, IsANameAndAPositiveNumber) {
    const auto size = parse_size("N=1024");
    ASSERT_TRUE(size);
    EXPECT_EQ(size->name, "N");
    EXPECT_EQ(size->value, 1024);
    for (const char* word :
         {"", "N", "=3", "N=", "N=x", "N=-1", "N=0", "N=3x", "N=99999999999999999999"}) {
        EXPECT_FALSE(parse_size(word)) << word;
    }
}

TEST(Threads, AreAtMostThoseOfTheProcess) {
    EXPECT_GE(*resolve_threads(0), 1);
    EXPECT_EQ(*resolve_threads(1), 1);
    EXPECT_FALSE(resolve_threads(-1));
    EXPECT_FALSE(resolve_threads(100000));
}

TEST(Target, OthersThanTheCpuSayWhatIsMissing) {
    EXPECT_TRUE(check_target("cpu"));
    EXPECT_EQ(exit_code(check_target("cuda").error()), 30);
    EXPECT_EQ(exit_code(check_target("emu").error()), 30);
    EXPECT_EQ(exit_code(check_target("tpu").error()), 2);
}

}  // namespace
}  // namespace cupel::cli
