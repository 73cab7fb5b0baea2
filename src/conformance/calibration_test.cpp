// SPDX-License-Identifier: Apache-2.0
#include "conformance/calibration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "conformance/seal.hpp"

namespace cupel::emulator::conformance {
namespace {

const Calibration& recorded() {
    static const Calibration all =
        read_calibration(
            seal(read_sealed(CUPEL_ROOT "/src/emulator/golden/calibration.txt").value()))
            .value();
    return all;
}

// Shared memory hands out one word a bank in one wavefront. Accesses of 8 bytes go by half warps,
// of 16 by quarters.
unsigned wavefronts(const BankPattern& pattern, unsigned width) {
    const unsigned lanes = 32 / (width / 4);
    unsigned total = 0;
    for (unsigned first = 0; first < 32; first += lanes) {
        std::set<unsigned> words;
        for (unsigned lane = first; lane < first + lanes; ++lane)
            for (unsigned i = 0; i < width / 4; ++i)
                words.insert(pattern.offsets[lane] / 4 + i);
        std::map<unsigned, unsigned> by_bank;
        unsigned most = 0;
        for (const unsigned word : words)
            most = std::max(most, ++by_bank[word % 32]);
        total += most;
    }
    return total;
}

TEST(Calibration, HasAllPatternsOfSharedMemory) {
    EXPECT_EQ(recorded().banks.size(), 3U * 2 * 2 * 102);
    EXPECT_EQ(bank_patterns(4).size(), 102U);
}

TEST(Calibration, StoresCostACycleForEachWavefront) {
    std::map<std::pair<unsigned, std::string>, unsigned> model;
    for (const unsigned width : {4U, 8U, 16U})
        for (const BankPattern& pattern : bank_patterns(width))
            model[{width, pattern.name}] = wavefronts(pattern, width);
    for (const BankCost& cost : recorded().banks) {
        if (!cost.store || cost.warps != 4) continue;
        const unsigned expected = model.at({cost.width, cost.pattern});
        EXPECT_NEAR(cost.cycles, expected, 0.15)
            << cost.width << " bytes, pattern " << cost.pattern;
    }
}

TEST(Calibration, PlainLoadsCostACycleForEachWavefront) {
    std::map<std::string, unsigned> model;
    for (const BankPattern& pattern : bank_patterns(4))
        model[pattern.name] = wavefronts(pattern, 4);
    for (const BankCost& cost : recorded().banks) {
        if (cost.store || cost.warps != 4 || cost.width != 4) continue;
        EXPECT_NEAR(cost.cycles, model.at(cost.pattern), 0.35) << cost.pattern;
    }
}

TEST(Calibration, SectorsAndNotBytesArePaidFor) {
    // From 2 GB: 4 bytes of each 32-byte sector cost what 4 times as many sectors cost.
    double dense = 0, sparse = 0;
    for (const ScatterCost& cost : recorded().scatters) {
        if (cost.width != 4 || cost.window_mb != 2048 || cost.shift != 0) continue;
        if (cost.stride == 8) dense = cost.nanoseconds;
        if (cost.stride == 32) sparse = cost.nanoseconds;
    }
    EXPECT_NEAR(sparse / dense, 4, 0.6);
}

TEST(Calibration, HasThePeaksThatARooflineNeeds) {
    std::set<std::string> names;
    for (const Peak& peak : recorded().peaks)
        names.insert(peak.name);
    EXPECT_THAT(names, testing::IsSupersetOf({"f32", "f64", "f16x2", "mma_f16", "mma_tf32"}));
    EXPECT_EQ(recorded().streams.size(), 9U);
    EXPECT_EQ(recorded().memory_mb, 143155U);
}

TEST(Calibration, NamesTheLineThatIsNotUnderstood) {
    const std::string title = "cupel golden calibration 1: x\n";
    EXPECT_EQ(read_calibration(seal(title + "peak f32 tera 3\nnonsense 4\n")).error().text,
              "line 3: not understood");
    EXPECT_EQ(read_calibration(seal(title + "peak f32 giga 3\n")).error().text,
              "line 2: not understood");
    EXPECT_EQ(read_calibration(seal("peak f32 tera 3\n")).error().text, "line 1: no title");
    EXPECT_EQ(read_calibration(title).error().code, Errc::Corrupt);
}

}  // namespace
}  // namespace cupel::emulator::conformance
