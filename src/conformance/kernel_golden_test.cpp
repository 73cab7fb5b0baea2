// SPDX-License-Identifier: Apache-2.0
#include "conformance/kernel_golden.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "conformance/kernel_case.hpp"
#include "conformance/seal.hpp"

namespace cupel::emulator::conformance {
namespace {

const GoldenKernels& recorded() {
    static const GoldenKernels golden =
        read_golden_kernels(
            seal(read_sealed(CUPEL_ROOT "/src/emulator/golden/kernels.txt").value()))
            .value();
    return golden;
}

TEST(GoldenKernels, HaveEveryOutputOfEveryKernelBothWays) {
    std::set<std::string> found, wanted;
    for (const GoldenOutput& output : recorded().outputs)
        found.insert(output.variant + "/" + output.array);
    for (const KernelCase& kernel : kernel_cases()) {
        for (const Array& array : kernel.arrays) {
            for (const char* way : {"", "_nofma"})
                if (array.output) wanted.insert(kernel.name + way + "/" + array.name);
        }
    }
    EXPECT_EQ(found, wanted);
}

TEST(GoldenKernels, HaveTheirTextsBesideThem) {
    for (const GoldenOutput& output : recorded().outputs) {
        EXPECT_TRUE(std::filesystem::exists(CUPEL_ROOT "/src/emulator/kernels/ptx/" +
                                            output.variant + ".ptx"))
            << output.variant;
    }
}

TEST(GoldenKernels, AreAsNearToTheReferenceAsTheirArithmeticAllows) {
    for (const GoldenOutput& output : recorded().outputs) {
        EXPECT_LT(output.deviation, output.variant.starts_with("halves") ? 0.01 : 1e-5)
            << output.variant;
    }
}

TEST(GoldenKernels, TellRacesFromWhatOnlyLooksLikeOne) {
    // At least half of the mutants show their race on this machine within a thousand runs; the
    // others need the emulator to be seen at all.
    std::size_t shown = 0;
    for (const RacyRecord& racy : recorded().racy)
        shown += racy.different > 1;
    EXPECT_EQ(recorded().racy.size(), 9U);
    EXPECT_GE(shown, 5U);
}

TEST(GoldenKernels, ComeBackAsTheyWereWritten) {
    const GoldenKernels golden{"a device",
                               {{"gemm", "c", 16, 0xabcdef, 1.5e-6, {1, 0xffffffff}}},
                               {{"gemm_race1", 3, 1000, 0, 2.5}}};
    const GoldenKernels back = read_golden_kernels(write_golden_kernels(golden)).value();
    ASSERT_EQ(back.outputs.size(), 1U);
    EXPECT_EQ(back.outputs[0].hash, 0xabcdefU);
    EXPECT_EQ(back.outputs[0].bytes, 16U);
    EXPECT_EQ(back.outputs[0].deviation, 1.5e-6);
    EXPECT_THAT(back.outputs[0].words, testing::ElementsAre(1, 0xffffffff));
    ASSERT_EQ(back.racy.size(), 1U);
    EXPECT_EQ(back.racy[0].greatest, 2.5);
}

TEST(GoldenKernels, NameTheLineThatIsNotUnderstood) {
    const std::string title = "cupel golden kernels 1: x\n";
    const auto text_of = [&](const std::string& line) {
        return read_golden_kernels(seal(title + line)).error().text;
    };
    EXPECT_EQ(text_of("output a b bytes 3\n"), "line 2: not understood");
    EXPECT_EQ(text_of("output a b bytes 3 hash 1 deviation 0 words 1 zz\n"),
              "line 2: not understood");
    EXPECT_EQ(text_of("racy a different 1 runs\n"), "line 2: not understood");
    EXPECT_EQ(text_of("nothing\n"), "line 2: not understood");
}

}  // namespace
}  // namespace cupel::emulator::conformance
