// SPDX-License-Identifier: Apache-2.0
#include "rival/rival.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "task/task.hpp"

namespace cupel::rival {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int kVectorBytes = 32;

task::Task parsed(std::string_view text) {
    auto task = task::parse(text, "test");
    EXPECT_TRUE(task.has_value()) << task.error().text;
    return *std::move(task);
}

TEST(Rival, ABaselineIsALibraryAndACall) {
    const Line line = read("onednn    softmax(x, y)");
    EXPECT_EQ(line.library, "onednn");
    EXPECT_EQ(line.call, "softmax(x, y)");
    EXPECT_EQ(read("naive").call, "");
}

TEST(Rival, TheKernelShowsEachTensorToTheCall) {
    const task::Task task = parsed(
        "task t(x: f32[B,N], t: i64[B]) -> y: f32[B] where B = 3, N = 5\n"
        "  y[b] = x[b, t[b]]\n");
    const std::string text = print(task, {.library = "torch", .call = "gather(x, t, y)"});
    EXPECT_THAT(
        text, HasSubstr("kernel(const float* x_data, const std::int64_t* t_data, float* y_data)"));
    EXPECT_THAT(text, HasSubstr("x = rival::view(x_data, rival::F32, {3, 5});"));
    EXPECT_THAT(text, HasSubstr("t = rival::view(t_data, rival::I64, {3});"));
    EXPECT_THAT(text, HasSubstr("  gather(x, t, y);\n"));
}

// PyTorch's whole header takes twice as long to compile.
TEST(Rival, OnlyTheOperatorsThatAreCalledAreIncluded) {
    const task::Task task = parsed(
        "task t(x: f32[B,N]) -> y: f32[B] where B = 3, N = 5\n"
        "  y[b] = max[n](x[b,n])\n");
    const auto includes_of = [&](std::string call) {
        return print(task, {.library = "torch", .call = std::move(call)});
    };
    const std::string text = includes_of("amax_out(y, x, 1), y.copy_(std::get<0>(relu_(x)))");
    EXPECT_THAT(text, HasSubstr("__has_include(<ATen/ops/amax.h>)"));
    EXPECT_THAT(text, HasSubstr("#include <ATen/ops/amax.h>\n"));
    EXPECT_THAT(text, HasSubstr("#include <ATen/ops/relu.h>\n"));
    EXPECT_THAT(text, HasSubstr("#else\n#include <ATen/ATen.h>\n#endif\n"));
    EXPECT_THAT(includes_of("amin_out (y, x, 1)"), HasSubstr("ops/amin.h"));
    // What has no header of its own, so that all of them are included.
    EXPECT_THAT(includes_of("y.copy_(x.index({indexing::None}))"), HasSubstr("ops/None.h>)"));
    for (const char* not_an_operator : {"ops/copy", "ops/get", "ops/x.h", "ops/spare"})
        EXPECT_THAT(includes_of("y.copy_(spare({x}))"), Not(HasSubstr(not_an_operator)));
}

TEST(Rival, AnUnknownLibraryIsAnErrorThatNamesThoseKnown) {
    const auto library = find("mkl", kVectorBytes, 1);
    ASSERT_FALSE(library);
    EXPECT_EQ(library.error().code, Errc::Invalid);
    EXPECT_THAT(library.error().text, HasSubstr("openblas, onednn or torch"));
}

TEST(Rival, OneThatIsNotInstalledIsMissingWithItsPackage) {
    for (const std::string_view name : {"openblas", "onednn", "torch"}) {
        const auto library = find(name, kVectorBytes, 2);
        if (library) {
            EXPECT_FALSE(library->version.empty());
            EXPECT_FALSE(library->link.empty());
            EXPECT_EQ(library->link.size(), library->shared.size());
            continue;
        }
        EXPECT_EQ(library.error().code, Errc::Missing);
        EXPECT_THAT(library.error().text, HasSubstr("apt-get install lib"));
    }
}

TEST(Rival, EveryBaselineOfTheShippedTasksIsACallOfAKnownLibrary) {
    const std::string folder = std::string(CUPEL_ROOT) + "/tasks";
    int calls = 0;
    for (const std::string& name : task::list(std::vector<std::string>{folder})) {
        const auto task = task::load(name, std::vector<std::string>{folder});
        ASSERT_TRUE(task) << task.error().text;
        // No library is called with 16-bit numbers.
        const bool is_short = std::ranges::any_of(task->tensors, [](const task::Tensor& tensor) {
            return tensor.type == task::Type::F16 || tensor.type == task::Type::BF16;
        });
        EXPECT_EQ(task->baselines.empty(), is_short) << name;
        for (const std::string& baseline : task->baselines) {
            const Line line = read(baseline);
            const auto library = find(line.library, kVectorBytes, 1);
            EXPECT_TRUE(library || library.error().code == Errc::Missing) << baseline;
            EXPECT_THAT(line.call, HasSubstr("("));
            ++calls;
        }
    }
    EXPECT_GT(calls, 32);
}

}  // namespace
}  // namespace cupel::rival
