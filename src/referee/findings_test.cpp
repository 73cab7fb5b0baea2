// SPDX-License-Identifier: Apache-2.0
#include "referee/findings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cupel::referee {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Findings : ::testing::Test {
    target::Machine machine;
    target::Ceilings ceilings{.fma_flops = 100e9, .exp_rate = 10e9, .copy_bandwidth = 10e9};
    task::Counts counts;
    Observed observed;

    void SetUp() override {
        machine.vector_bytes = 32;
        counts.input_bytes = 5'000'000;
        counts.output_bytes = 5'000'000;  // a millisecond
        counts.flops = 1e7;               // a tenth of one
        observed.code = {.scalar = 2, .packed = 20, .widest = 32};
        observed.seconds = 1.2e-3;
    }
    std::vector<std::string> found() const {
        return findings_of(observed, machine, ceilings, counts);
    }
};

TEST_F(Findings, AreNoneOfAKernelNearItsCeiling) {
    EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Findings, NameTheCallsAndTheScalarCodeFirst) {
    observed.code = {.scalar = 12, .packed = 0, .widest = 0, .calls = {{"expf", 3}, {"puts", 9}}};
    observed.seconds = 1;
    EXPECT_THAT(found(),
                ElementsAre("its object code calls expf of the C library at 3 places: one number a "
                            "call",
                            "12 of the 12 floating-point instructions in its object code work on "
                            "one number, not on a vector"));
}

TEST_F(Findings, TellOfNarrowVectorsAndOfWaiting) {
    observed.code.widest = 16;
    observed.seconds = 10e-3;
    EXPECT_THAT(found(),
                ElementsAre("the vectors in its object code are 16 bytes wide at most, those of "
                            "this machine 32",
                            "neither memory nor arithmetic is what it waits for: copying the "
                            "formula's bytes takes 10 % of its time, its operations at full rate "
                            "1 %"));
}

TEST_F(Findings, SayNothingOfWhatWasNotTimedOrRead) {
    observed = {};
    EXPECT_THAT(found(), IsEmpty());
}

}  // namespace
}  // namespace cupel::referee
