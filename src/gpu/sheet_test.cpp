// SPDX-License-Identifier: Apache-2.0
#include "gpu/sheet.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "os/files.hpp"

namespace cupel::gpu {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::string> kFolders = {std::string(CUPEL_ROOT) + "/gpus"};

std::string h200_text() {
    return os::read_file(std::string(CUPEL_ROOT) + "/gpus/h200.gpu").value_or("");
}

std::string with(std::string text, const std::string& old, const std::string& fresh) {
    const std::size_t at = text.find(old);
    EXPECT_NE(at, std::string::npos) << old;
    return text.replace(std::min(at, text.size()), old.size(), fresh);
}

std::string refusal(const std::string& text) {
    const auto sheet = read_sheet(text, "mine");
    if (sheet) return "accepted";
    EXPECT_EQ(sheet.error().code, Errc::Invalid);
    return sheet.error().text;
}

TEST(Sheets, AllOfTheTreeAreReadAndHoldTogether) {
    EXPECT_THAT(list_sheets(kFolders), ElementsAre("a100", "h100", "h200", "l40s", "rtx4090"));
    for (const std::string& id : list_sheets(kFolders)) {
        SCOPED_TRACE(id);
        const auto sheet = load_sheet(id, kFolders);
        ASSERT_TRUE(sheet.has_value()) << sheet.error().text;
        EXPECT_EQ(sheet->id, id);
        // A rate of fp32 is a number of cores and a clock: two publications must agree.
        const double made = 2 * sheet->boost_clock *
                            static_cast<double>(sheet->multiprocessors * sheet->fp32_cores);
        EXPECT_NEAR(sheet->fp32_rate / made, 1, 0.005);
        EXPECT_EQ(sheet->threads_per_sm, 32 * sheet->warps_per_sm);
        EXPECT_EQ(sheet->shared_per_sm, sheet->shared_per_block + sheet->shared_reserved);
        EXPECT_GE(sheet->fp16_tensor_rate, sheet->bf16_tensor_rate);
        EXPECT_NEAR(sheet->bf16_tensor_rate / sheet->tf32_tensor_rate, 2, 0.03);
        EXPECT_GE(sheet->sources.size(), 6U);
    }
}

TEST(Sheets, NumbersComeInTheirUnits) {
    const auto sheet = read_sheet(h200_text(), "h200");
    ASSERT_TRUE(sheet.has_value()) << sheet.error().text;
    EXPECT_EQ(sheet->name, "NVIDIA H200 SXM");
    EXPECT_EQ(sheet->architecture, "sm_90");
    EXPECT_EQ(sheet->multiprocessors, 132);
    EXPECT_DOUBLE_EQ(sheet->dram_bandwidth, 4.8e12);
    EXPECT_EQ(sheet->l2_size, 50 << 20);
    EXPECT_EQ(sheet->shared_per_block, 227 << 10);
}

TEST(Sheets, WhatIsWrongIsNamedWithItsLine) {
    const std::string good = h200_text();
    EXPECT_EQ(refusal(good), "accepted");
    EXPECT_EQ(refusal(with(good, "4800 GB/s", "4.8 TB/s")),
              "mine.gpu:17: dram_bandwidth: the unit is GB/s, found TB/s");
    EXPECT_THAT(refusal(with(good, "multiprocessors       132", "multiprocesors 132")),
                HasSubstr("mine.gpu:5: unknown: multiprocesors; did you mean multiprocessors?"));
    EXPECT_THAT(refusal(with(good, "4800", "-4800")), HasSubstr("-4800 is no positive number"));
    EXPECT_THAT(refusal(with(good, "4800", "4800e300")), HasSubstr("no positive number"));
    EXPECT_THAT(refusal(with(good, "4800", "nan")), HasSubstr("nan is no positive number"));
    EXPECT_THAT(refusal(with(good, "50 MiB", "50.3 MiB")), HasSubstr("is no whole number"));
    EXPECT_THAT(refusal(with(good, "sm_90", "hopper")), HasSubstr("expected sm_ and its number"));
    EXPECT_THAT(refusal(good + "l2_size 50 MiB [design]\n"), HasSubstr("l2_size is there twice"));
    EXPECT_THAT(refusal(with(good, "l2_size ", "# l2_size ")), HasSubstr("l2_size is missing"));
    EXPECT_THAT(refusal(with(good, "name ", "# name ")), HasSubstr("name is missing"));
    EXPECT_THAT(refusal(""), HasSubstr("name is missing"));
}

TEST(Sheets, EveryNumberNamesASourceThatIsThere) {
    const std::string good = h200_text();
    const std::size_t size = good.find("50 MiB") + 6;
    const std::string bare = good.substr(size, good.find('\n', size) - size);
    EXPECT_THAT(refusal(with(good, "50 MiB" + bare, "50 MiB")),
                HasSubstr("l2_size: the line does not end with its [source]"));
    EXPECT_THAT(refusal(with(good, "[clock] ", "# ")),
                HasSubstr("mine.gpu:7: the source [clock] is not in the file"));
    EXPECT_THAT(refusal(good + "[blog] a page that nobody quotes\n"),
                HasSubstr("the source [blog] is used by no number"));
    EXPECT_THAT(refusal(good + "[clock] again\n"), HasSubstr("[clock] is there twice"));
    EXPECT_THAT(refusal(good + "[empty]\n"), HasSubstr("where the numbers are published"));
}

TEST(Sheets, AnUnknownGpuIsAnsweredWithTheNearest) {
    const auto near = load_sheet("h20", kFolders);
    ASSERT_FALSE(near.has_value());
    EXPECT_EQ(near.error().code, Errc::NotFound);
    EXPECT_THAT(near.error().text, HasSubstr("did you mean h200?"));
    EXPECT_THAT(load_sheet("../gpus/h200", kFolders).error().text, HasSubstr("no data sheet"));
    EXPECT_THAT(load_sheet("xyzzyplugh", kFolders).error().text, HasSubstr("known are a100, h100"));
    EXPECT_THAT(load_sheet("h200", std::vector<std::string>{}).error().text,
                HasSubstr("gpus/ was not found"));
}

}  // namespace
}  // namespace cupel::gpu
