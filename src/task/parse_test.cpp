// SPDX-License-Identifier: Apache-2.0
// What the language means, and what it says when something is wrong.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>

#include "task/task.hpp"

namespace cupel::task {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kHead = "task t(x: f32[N,D]) -> y: f32[N,D] where N = 8, D = 6\n";

std::string with_head(std::string_view body) {
    return std::string(kHead) + std::string(body);
}

Task parsed(const std::string& text) {
    auto task = parse(text, "t.task");
    EXPECT_TRUE(task) << (task ? "" : task.error().text);
    return task ? *std::move(task) : Task{};
}

struct Wrong {
    std::string text;
    std::string start;      // "line:column: error: ..."
    std::string also = "";  // somewhere in the message
};

class AWrongTask : public ::testing::TestWithParam<Wrong> {};

TEST_P(AWrongTask, IsRefusedWithPlaceLineAndCaret) {
    const Wrong& wrong = GetParam();
    const auto task = parse(wrong.text, "t.task");
    ASSERT_FALSE(task) << print(*task);
    const std::string& message = task.error().text;
    EXPECT_THAT(message, StartsWith("t.task:" + wrong.start));
    EXPECT_THAT(message, HasSubstr(wrong.also));
    EXPECT_THAT(message, HasSubstr("^"));
}

const Wrong kWrong[] = {
    {"", "1:1: error: expected 'task'"},
    {with_head("y[n,d] = $"), "2:10: error: unexpected character '$'"},
    {with_head("y[n,d] = 1.5e"), "2:10: error: malformed number"},
    {with_head("y[n,d] = x[n,d] +"), "2:18: error: expected a value", "found end of file"},
    {with_head("y[n,d] = (x[n,d]"), "2:17: error: expected ')'"},
    {with_head("y[n,d] = x[n,d] 3"), "2:17: error: expected an operator"},
    {with_head("y[n,d] = z[n,d]"), "2:10: error: unknown name 'z'"},
    {with_head("y[n,d] = x[n,d] * dd"), "2:19: error: unknown name 'dd'", "did you mean 'd'?"},
    {with_head("y[n,d] = gellu(x[n,d])"), "2:10: error: unknown function 'gellu'", "'gelu'"},
    {with_head("y[n,d] = gelu(x[n,d], 1)"), "2:10: error: 'gelu' expects 1 argument, found 2"},
    {with_head("y[n,d] = x[n]"), "2:10: error: 'x' has 2 dimensions, found 1 indices"},
    {with_head("y[n,d] = x"), "2:10: error: 'x' has 2 dimensions; expected indices"},
    {with_head("y[n] = x[n,0]"), "2:1: error: 'y' has 2 dimensions, found 1 axes"},
    {with_head("y[n,d] = x[n,d+1]"), "2:15: error: dimension 2 of 'x' has extent 6",
     "(axis d) runs over 1 .. 6; expected '| value'"},
    {with_head("y[n,d] = x[n,d/2]"), "2:15: error: dimension 2 of 'x' is outside"},
    {with_head("y[n,d] = sum[k](x[n,d] * k)"), "2:14: error: the extent of axis 'k' cannot"},
    {with_head("y[n,d] = sum[k](x[n,k] * x[k,d])"),
     "2:26: error: axis 'k' is 6 by 'x' but 8 by dimension 1 of 'x'"},
    {with_head("y[n,d] = sum[n](x[n,d])"), "2:14: error: the axis 'n' is already bound"},
    {with_head("y[n,d] = sum[N](x[n,d])"), "2:14: error: 'N' is a size"},
    {with_head("y[n,d] = mean[k <= d](x[n,k])"), "2:10: error: a mean is over a constant"},
    {with_head("y[n,d] = x[n, x[n,d]]"), "2:15: error: expected an index"},
    {with_head("a[n,d] = x[n,d]"), "1:24: error: the output 'y' is never assigned"},
    {with_head("y[n,d] = 1"), "1:8: error: the input 'x' is never used"},
    {with_head("a[n] = sum[d](x[n,d])\ny[n,d] = x[n,d]"), "2:1: error: 'a' is never used"},
    {with_head("y[n,d] = x[n,d]\ny[n,d] = x[n,d]"), "3:1: error: 'y' is assigned twice"},
    {with_head("x[n,d] = 1"), "2:1: error: 'x' is an input"},
    {with_head("y[n,d] = a[n]\na[n] = sum[d](x[n,d])"), "2:10: error: 'a' is used before"},
    {with_head("y[n,d] = y[n,d] + x[n,d]"), "2:10: error: 'y' is used before"},
    {with_head("y[n,d] = x[n,d]\nprecision fp8"), "3:11: error: expected a precision"},
    {with_head("y[n,d] = x[n,d]\nvalues z ~ normal(0,1)"), "3:8: error: the task has no input"},
    {with_head("y[n,d] = x[n,d]\nvalues x ~ normal(0,0)"), "3:8: error: expected a standard"},
    {with_head("y[n,d] = x[n,d]\nvalues x ~ uniform(1,0)"), "3:8: error: expected low < high"},
    {with_head("y[n,d] = x[n,d]\nvalues x ~ cauchy(0,1)"), "3:12: error: expected a law"},
    {with_head("y[n,d] = x[n,d]\nshapes M in 1..8"), "3:8: error: unknown size 'M'"},
    {with_head("y[n,d] = x[n,d]\nshapes N in 9..8"), "3:8: error: expected a range"},
    {with_head("y[n,d] = x[n,d]\nbaseline\n"), "4:1: error: expected a baseline"},
    {with_head("y[n,d] = x[n,d]\nbaseline onednn \xc3\xa9"),
     "3:10: error: a character that is not"},
    {with_head("y[n,d] = x[n,d]\nbaseline " + std::string(401, 'x')),
     "3:10: error: a baseline has"},
    {"task t(x: f32[N]) -> y: f32[N] where N = 4 / 0\ny[n] = x[n]",
     "1:44: error: division by zero"},
    {"task t(x: f32[N]) -> y: f32[N] where N = 4 - 4\ny[n] = x[n]",
     "1:38: error: the size 'N' is 0"},
    {"task t(x: f32[M]) -> y: f32[N] where N = 4\ny[n] = x[n]", "1:15: error: unknown size 'M'"},
    {"task t(x: f33[N]) -> y: f32[N] where N = 4\ny[n] = x[n]", "1:11: error: expected a type"},
    {"task t(x: f32[N,N]) -> y: f32 where N = 1048577\ny = sum[a,b](x[a,b])",
     "1:8: error: 'x' has more than 2^40 elements"},
    {"task t(x: f32[N]) -> y: f32[N] where N = 1048576 * 1048577\ny[n] = x[n]",
     "1:50: error: the result is beyond 2^40"},
    {"task t(x: f32[N]) -> y: i64[N] where N = 4\ny[n] = x[n]",
     "2:8: error: 'y' is i64, but the value may be a fraction"},
    {"task t(x: f32[N], t: i64[M]) -> y: f32[M] where N = 4, M = 3\ny[m] = x[t[m]]\n"
     "values t ~ integers(0, 5)",
     "3:8: error: 't' is an index into 4 elements"},
    {"def f(a) = b\ntask t(x: f32) -> y: f32\ny = f(x)", "1:12: error: a def sees only"},
    {"def f(a) = f(a)\ntask t(x: f32) -> y: f32\ny = f(x)", "1:12: error: unknown function 'f'"},
    {"task t(int: f32) -> y: f32\ny = int", "1:8: error: 'int' is a word of C++", "'x_int'"},
    {"task t(x: f32) -> co_await: f32\nco_await = x", "1:19: error: 'co_await' is a word of C++"},
    {"task t(x: f32[NULL]) -> y: f32[NULL] where NULL = 8\ny[n] = x[n]",
     "1:44: error: 'NULL' is a macro of C++"},
    {"task t(x: f32[exp]) -> y: f32[exp] where exp = 8\ny[n] = x[n]",
     "1:42: error: 'exp' is declared in kernels already"},
    {with_head("M_PI[n] = x[n,0]\ny[n,d] = x[n,d] + M_PI[n]"), "2:1: error: 'M_PI' is a macro"},
    {with_head("y[n,UINT_FAST8_MAX] = x[n,UINT_FAST8_MAX]"), "2:5: error: 'UINT_FAST8_MAX' is"},
    {with_head("y[n,d] = sum[float4](x[n,float4])"), "2:14: error: 'float4' is declared"},
    {with_head("y[threadIdx,d] = x[threadIdx,d]"), "2:3: error: 'threadIdx' is declared"},
    {with_head("y[n,_D] = x[n,_D]"), "2:5: error: '_D' is kept by C++", "'x_D'"},
    {with_head("y[n,__d] = x[n,__d]"), "2:5: error: '__d' is kept by C++", "'x_d'"},
    {"def exp(a) = a\ntask t(x: f32) -> y: f32\ny = x", "1:5: error: 'exp' is already defined"},
};
INSTANTIATE_TEST_SUITE_P(Language, AWrongTask, ::testing::ValuesIn(kWrong));

// What is near to a word of C++, or is never printed: the names of a task, of functions and of
// their parameters.
TEST(Names, ThatCppLeavesFreeAreTheTasks) {
    for (const char* name : {"x", "N_MAX", "MAX_N", "E", "_d", "float5", "in", "final", "kernel",
                             "exp", "W", "Int", "M", "INT", "SIZE"}) {
        const std::string n = name;
        parsed("task t(" + n + ": f32[Q]) -> q: f32[Q] where Q = 8\nq[i] = " + n + "[i]");
        parsed("task t(x: f32[Q]) -> q: f32[Q] where Q = 8\nq[" + n + "] = x[" + n + "]");
    }
    parsed("def double(int) = 2 * int\ntask switch(x: f32) -> y: f32\ny = double(x)");
    parsed("task t(x: f32[N_MAX]) -> y: f32[N_MAX] where N_MAX = 8\ny[n] = x[n]");
}

// A byte of Latin-1, half of a character, an overlong form, a surrogate.
TEST(Encoding, IsUtf8InCommentsToo) {
    const std::string good = with_head(
        "y[n,d] = x[n,d]  # Gr\xc3\xb6\xc3\x9f"
        "e");
    EXPECT_TRUE(parse(good, "t.task"));
    for (const char* bytes : {"\xf6", "\xc3", "\xc0\xaf", "\xed\xa0\x80"}) {
        const auto task = parse(with_head("y[n,d] = x[n,d] # \xc3\xb6 ") + bytes + "\n", "t.task");
        ASSERT_FALSE(task);
        EXPECT_EQ(task.error().code, Errc::Invalid);
        EXPECT_NE(task.error().text.find("t.task:2:22: error: a byte that is not UTF-8"),
                  std::string::npos)
            << task.error().text;
    }
}

TEST(AMessage, ShowsTheLineAndACaretBelowTheColumn) {
    const auto task = parse(with_head("  y[n,d] = z[n,d]"), "t.task");
    ASSERT_FALSE(task);
    EXPECT_EQ(task.error().text,
              "t.task:2:12: error: unknown name 'z'; expected an axis, a size or a tensor\n"
              "    y[n,d] = z[n,d]\n"
              "             ^");
}

TEST(AMessage, CountsNoColumnForAByteOrderMark) {
    parsed("\xEF\xBB\xBF" + with_head("y[n,d] = x[n,d]\n"));
    const auto task = parse("\xEF\xBB\xBFtusk", "t.task");
    ASSERT_FALSE(task);
    EXPECT_THAT(task.error().text, HasSubstr("t.task:1:1: error: expected 'task'"));
    EXPECT_THAT(task.error().text, HasSubstr("\n  tusk\n  ^"));
}

TEST(Overrides, ChangeSizesAndWhatFollowsFromThem) {
    const std::string text = "task t(x: f32[N]) -> y: f32[P] where N = 8, P = N / 2\ny[p] = x[2*p]";
    const Override wish[] = {{"N", 20}};
    const auto task = parse(text, "t.task", wish);
    ASSERT_TRUE(task) << task.error().text;
    EXPECT_EQ(task->tensor(task->outputs[0]).shape, std::vector<std::int64_t>{10});
    const Override unknown[] = {{"M", 20}};
    EXPECT_EQ(parse(text, "t.task", unknown).error().code, Errc::Usage);
    const Override derived[] = {{"P", 20}};
    EXPECT_THAT(parse(text, "t.task", derived).error().text, StartsWith("t.task:1:45: error:"));
}

TEST(TheNormalForm, HoistsNestedReductionsAndDividesMeansInTheConsumer) {
    const Task task =
        parsed(with_head("m[n] = mean[d](x[n,d])\n"
                         "y[n,d] = (x[n,d] - m[n]) / sum[k](exp(x[n,k]))"));
    EXPECT_THAT(print(task), HasSubstr("  m_sum[n] = sum[d](x[n, d])\n"
                                       "  m[n] = m_sum[n] / 6\n"
                                       "  y_sum[n] = sum[k](exp(x[n, k]))\n"
                                       "  y[n,d] = (x[n, d] - m[n]) / y_sum[n]\n"));
    ASSERT_EQ(task.stages.size(), 4U);
    EXPECT_EQ(task.stages[0].how, Reducer::Sum);
    EXPECT_EQ(task.stages[1].how, Reducer::None);
    EXPECT_NE(task.stages[0].keep[0], task.stages[1].keep[0]) << "axes are fresh";
}

TEST(TheNormalForm, KeepsAffineRestrictionsAndFoldsConstantOnes) {
    const Task task = parsed(with_head("y[n,d] = sum[k <= d, k > d - 3, r < 2](x[n,k] * r)"));
    const Stage& stage = task.stages[0];
    ASSERT_EQ(stage.where.size(), 1U);
    EXPECT_EQ(stage.where[0].high->offset, 1);
    EXPECT_EQ(stage.where[0].low->offset, -2);
    EXPECT_EQ(stage.where[0].high->terms[0].axis, stage.keep[1]);
    EXPECT_EQ(task.axis(stage.reduce[1]).extent, 2);
}

TEST(TheNormalForm, ProvesAnIndexInsideFromARestriction) {
    const Task task = parsed(with_head("y[n,d] = sum[k <= d](x[n,d-k] * k)"));
    EXPECT_EQ(task.accesses[0].outside, kNone);
}

TEST(TheNormalForm, GivesAWindowItsLargestRange) {
    const Task task =
        parsed("task t(x: f32[10]) -> y: f32\nh[p] = sum[r < 3](x[2*p + r])\ny = max[p](h[p])");
    EXPECT_EQ(task.tensor(task.stages[0].out).shape, std::vector<std::int64_t>{4});
}

TEST(TheNormalForm, KeepsExactDivisionsAndSimplifiesTrivialOnes) {
    const Task task = parsed(with_head("y[n,d] = x[n, (d+1)/2 | 0] + x[n, (2*d+2)/2 - 1]"));
    EXPECT_EQ(task.accesses[0].at[1].divisor, 2);
    EXPECT_EQ(task.accesses[0].at[1].offset, 1);
    EXPECT_NE(task.accesses[1].at[1].plain_axis(), kNone);
}

TEST(Values, DefaultToTheStandardNormalAndToWhatAnIndexReaches) {
    const Task task =
        parsed("task t(x: f32[N,C], t: i64[N]) -> y: f32[N] where N = 4, C = 7\ny[n] = x[n, t[n]]");
    EXPECT_EQ(task.values[0].law, Law::Normal);
    EXPECT_EQ(task.values[1].law, Law::Integers);
    EXPECT_EQ(task.values[1].b, 7);
}

TEST(Baselines, AreKeptAsWrittenToTheEndOfTheLine) {
    const auto task = parse(
        "task t(x: f32[N]) -> baseline: f32[N] where N = 4\n"
        "baseline[n] = x[n]\n"
        "baseline  torch  mul_out(y, x.t(), {1; 2}), f(\"#\") # once\n",
        "test");
    ASSERT_TRUE(task) << task.error().text;
    EXPECT_THAT(task->baselines, testing::ElementsAre("torch  mul_out(y, x.t(), {1; 2}), f(\""));
}

TEST(Baselines, AreNoneWhereATensorOfThatNameOpensALine) {
    const auto task = parse(
        "task t(x: f32[N]) -> y: f32[N] where N = 4\n"
        "baseline = sum[k](x[k])\n"
        "y[n] = x[n] +\n"
        "baseline * 2\n",
        "test");
    ASSERT_TRUE(task) << task.error().text;
    EXPECT_TRUE(task->baselines.empty());
}

TEST(Loading, AnUnknownNameSuggestsTheNearest) {
    const std::vector<std::string> folders = {CUPEL_ROOT "/tasks"};
    const auto task = load("sofmax", folders);
    ASSERT_FALSE(task);
    EXPECT_EQ(task.error().code, Errc::NotFound);
    EXPECT_THAT(task.error().text, HasSubstr("did you mean 'softmax'?"));
}

TEST(Nesting, IsBoundedInEveryDirection) {
    const auto refused = [](const std::string& value) {
        return !parse(with_head("y[n,d] = " + value), "t.task").has_value();
    };
    EXPECT_TRUE(refused(std::string(100'000, '(')));
    EXPECT_TRUE(refused(std::string(100'000, '-') + "x[n,d]"));
    std::string doubling = "x[n,d]";
    for (int i = 0; i < 40; i++)
        doubling = "sq(" + doubling + ")";
    EXPECT_TRUE(refused(doubling));
    std::string sum = "x[n,d]";
    for (int i = 0; i < 20'000; i++)
        sum += "+1";
    EXPECT_TRUE(refused(sum));
}

// A mutated file is refused with a place, or is a task that prints and parses back.
TEST(Mutations, OfTheTaskFilesNeverCrash) {
    const std::vector<std::string> folders = {CUPEL_ROOT "/tasks"};
    std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same mutations every time
    const std::string_view pieces[] = {"[", "]", "(", ")", "|", "/", "2", "sum[k]", "<", "=", " "};
    int survivors = 0;
    for (const std::string& name : list(folders)) {
        std::ifstream in(fmt::format("{}/{}.task", folders[0], name));
        const std::string original((std::istreambuf_iterator<char>(in)), {});
        for (int i = 0; i < 40; i++) {
            std::string text = original;
            for (auto edits = 1 + random() % 3; edits > 0; edits--) {
                const std::size_t at = random() % text.size();
                if (random() % 2 == 0) text.erase(at, 1 + random() % 4);
                if (random() % 2 == 0) text.insert(at, pieces[random() % std::size(pieces)]);
            }
            const auto task = parse(text, "t.task");
            if (!task) {
                EXPECT_THAT(task.error().text, HasSubstr(": error: "));
                continue;
            }
            survivors++;
            const auto again = parse(print(*task), "again.task");
            ASSERT_TRUE(again) << again.error().text << "\n" << text;
            EXPECT_EQ(print(*again), print(*task));
        }
    }
    EXPECT_GT(survivors, 50) << "the mutations are too violent to test anything";
}

}  // namespace
}  // namespace cupel::task
