// SPDX-License-Identifier: Apache-2.0
#include "target/device_resources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "os/files.hpp"

namespace cupel::target {
namespace {

using testing::HasSubstr;

TEST(DeviceResources, WhatTheAssemblerSaysIsRead) {
    const auto kernels = read_resources(
        "ptxas info    : 0 bytes gmem\n"
        "ptxas info    : Compiling entry function '_Z1aPf' for 'sm_90'\n"
        "ptxas info    : Function properties for _Z1aPf\n"
        "    24 bytes stack frame, 20 bytes spill stores, 28 bytes spill loads\n"
        "ptxas info    : Used 40 registers, used 1 barriers, 24 bytes cumulative stack size, 4352 "
        "bytes smem, 360 bytes cmem[0]\n"
        "ptxas info    : Compiling entry function 'b' for 'sm_90'\n"
        "    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n"
        "ptxas info    : Used 9 registers, used 0 barriers, 376 bytes cmem[0]\n");
    ASSERT_EQ(kernels.size(), 2U);
    EXPECT_EQ(kernels[0].kernel, "_Z1aPf");
    EXPECT_EQ(kernels[0].registers, 40);
    EXPECT_EQ(kernels[0].stack_bytes, 24);
    EXPECT_EQ(kernels[0].spill_store_bytes, 20);
    EXPECT_EQ(kernels[0].spill_load_bytes, 28);
    EXPECT_EQ(kernels[0].static_shared_bytes, 4352);
    EXPECT_EQ(kernels[1].kernel, "b");
    EXPECT_EQ(kernels[1].registers, 9);
    EXPECT_EQ(kernels[1].static_shared_bytes, 0);
    EXPECT_TRUE(read_resources("").empty());
    EXPECT_TRUE(read_resources("ptxas info : Used 9 registers\n").empty());
}

TEST(DeviceResources, KernelsOfTheTreeAreAssembledWhereAnAssemblerIs) {
    const auto ptx = os::read_file(std::string(CUPEL_ROOT) + "/src/emulator/golden/softmax.ptx");
    ASSERT_TRUE(ptx.has_value());
    const auto made = assemble_device(*ptx, "sm_90");
    ASSERT_TRUE(made.has_value()) << made.error().text;
    if (made->kernels.empty()) GTEST_SKIP() << made->unknown;
    EXPECT_EQ(made->kernels[0].kernel, "softmax");
    EXPECT_GT(made->kernels[0].registers, 8);
    EXPECT_LE(made->kernels[0].registers, 255);
    // A text that it refuses leaves the numbers unknown, and says why.
    const auto broken = assemble_device("this is no PTX", "sm_90");
    ASSERT_TRUE(broken.has_value());
    EXPECT_TRUE(broken->kernels.empty());
    EXPECT_THAT(broken->unknown, HasSubstr("ptxas: "));
    EXPECT_FALSE(made->refused);
    // An instruction that there is not is a mistake of the text.
    const auto wrong =
        assemble_device(std::string(*ptx).replace(ptx->rfind("ret;"), 4, "rot;"), "sm_90");
    ASSERT_TRUE(wrong.has_value());
    EXPECT_TRUE(wrong->refused) << wrong->unknown;
    // Nor does a version hide one: of a later CUDA the text may be right, of an earlier it is not.
    const auto of_version = [&](const std::string& number) {
        const std::size_t at = ptx->find(".version ");
        return std::string(*ptx).replace(at, ptx->find('\n', at) - at, ".version " + number);
    };
    const auto later = assemble_device(of_version("99.0"), "sm_90");
    const auto earlier = assemble_device(of_version("6.0"), "sm_90");
    ASSERT_TRUE(later.has_value() && earlier.has_value());
    EXPECT_FALSE(later->refused) << later->unknown;
    EXPECT_TRUE(earlier->refused) << earlier->unknown;
}

TEST(AssembleDevice, WhatNeverLoadsIsRefusedAndWhatALaterOneMayTakeIsNot) {
    const auto assembled = [](const std::string& head, const std::string& more = {}) {
        const auto made = assemble_device(
            head + "\n.address_size 64\n.visible .entry k() { ret; }\n" + more, "sm_90");
        EXPECT_TRUE(made.has_value());
        return made.value_or(Assembled{});
    };
    const std::string head = ".version 8.0\n.target sm_90";
    if (assembled(head).kernels.empty()) GTEST_SKIP() << assembled(head).unknown;
    for (const auto& [text, more] :
         {std::pair{".version 8.0\n.target pentium", ""}, std::pair{".version 8.0", ""},
          std::pair{".version 8.0\n.target sm_90", ".visible .func bar() .noreturn;\n"},
          std::pair{".version 8.0\n.target sm_90", "foo"}}) {
        const Assembled made = assembled(text, more);
        EXPECT_TRUE(made.refused) << text << more << made.unknown;
        EXPECT_THAT(made.unknown, HasSubstr("ptxas: "));
    }
    for (const char* const later :
         {".version 99.0\n.target sm_90", ".version 8.0\n.target sm_130",
          ".version 9.0\n.target sm_120", ".version 9.0\n.target sm_90a"}) {
        const Assembled made = assembled(later);
        EXPECT_TRUE(made.kernels.empty()) << later;
        EXPECT_FALSE(made.refused) << later << made.unknown;
    }
}

}  // namespace
}  // namespace cupel::target
