// SPDX-License-Identifier: Apache-2.0
#include "conformance/golden.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "conformance/form.hpp"
#include "conformance/seal.hpp"
#include "conformance/tensor_form.hpp"

namespace cupel::emulator::conformance {
namespace {

using testing::HasSubstr;

const std::string kFile = CUPEL_ROOT "/src/emulator/golden/forms.golden";

const Golden& recorded() {
    static const Golden golden = load_golden(kFile).value();
    return golden;
}

Golden small() {
    GoldenForm form{.name = "abs.s32",
                    .text_hash = 1,
                    .operand_hash = 2,
                    .result_hash = 3,
                    .lanes = 32,
                    .kept = 2,
                    .lane_bytes = 3,
                    .warp_hashes = {7},
                    .results = {1, 2, 3, 4, 5, 6}};
    return {"a device", {form}};
}

TEST(Operands, AreMadeByTheGeneratorOfTheRecorder) {
    // Published values of the two functions that everything comes from (FNV-1a, splitmix64).
    EXPECT_EQ(key_of(""), 0xcbf29ce484222325);
    EXPECT_EQ(key_of("a"), 0xaf63dc4c8601ec8c);
    EXPECT_EQ(mixed(0, 0), 0xe220a8397b1dcdaf);
    EXPECT_EQ(mixed(0, 1), 0x6e789e6aa1b965f4);
}

TEST(Operands, DependOnTheNameThePlaceAndTheLane) {
    const std::vector<Type> types{Type::F32, Type::F32, Type::F32};
    const std::uint64_t key = key_of("fma.rn.f32");
    const std::uint64_t one = operand(types, 0, 2000, key);
    EXPECT_EQ(one, 3472883714U);
    EXPECT_EQ(operand(types, 0, 2000, key), one);
    EXPECT_NE(operand(types, 1, 2000, key), one);
    EXPECT_NE(operand(types, 0, 2001, key), one);
    EXPECT_NE(operand(types, 0, 2000, key_of("fma.rz.f32")), one);
}

TEST(Operands, BeginWithEveryPairOfSpecialValues) {
    const std::vector<Type> types{Type::F16, Type::F16};
    std::set<std::pair<std::uint64_t, std::uint64_t>> pairs;
    for (unsigned lane = 0; lane < 24 * 24; ++lane)
        pairs.emplace(operand(types, 0, lane, 1), operand(types, 1, lane, 1));
    EXPECT_EQ(pairs.size(), 24U * 24);
}

TEST(Forms, HaveNamesOfTheirOwn) {
    std::set<std::string> names;
    for (const Form& form : all_forms())
        EXPECT_TRUE(names.insert(form.name).second) << form.name << " is there twice";
}

TEST(Forms, HaveTextsOfTheirOwn) {
    std::set<std::uint64_t> texts;
    for (std::size_t i = 0; i < all_forms().size(); ++i)
        EXPECT_TRUE(texts.insert(text_hash_of(i)).second) << all_forms()[i].name;
}

TEST(Golden, IsOfTheFormsThatThereAre) {
    ASSERT_EQ(recorded().forms.size(), all_forms().size());
    for (std::size_t i = 0; i < all_forms().size(); ++i) {
        const GoldenForm& golden = recorded().forms[i];
        EXPECT_EQ(golden.name, all_forms()[i].name);
        EXPECT_EQ(golden.text_hash, text_hash_of(i)) << golden.name << ": its PTX has changed";
        EXPECT_EQ(golden.operand_hash, hash_of(operands_of(i)))
            << golden.name << ": its operands have changed";
        EXPECT_EQ(golden.lanes, lanes_of(i));
    }
}

TEST(Golden, SaysWhatRecordedIt) {
    EXPECT_EQ(recorded().device, "NVIDIA H200, driver 580.159.04");
}

TEST(Golden, HoldsOneLaneOfAnAdditionRight) {
    for (std::size_t i = 0; i < all_forms().size(); ++i) {
        if (all_forms()[i].name != "add.u32") continue;
        const GoldenForm& golden = recorded().forms[i];
        const std::vector<std::uint8_t> operands = operands_of(i);
        for (std::size_t lane = 0; lane < golden.kept; ++lane) {
            std::uint32_t a = 0, b = 0, d = 0;
            std::memcpy(&a, &operands[lane * 4], 4);
            std::memcpy(&b, &operands[(golden.lanes + lane) * 4], 4);
            std::memcpy(&d, &golden.results[lane * 4], 4);
            EXPECT_EQ(d, a + b) << "lane " << lane;
        }
        return;
    }
    FAIL() << "there is no form add.u32";
}

TEST(Golden, ComesBackAsItWasWritten) {
    const Golden golden = read_golden(write_golden(small())).value();
    ASSERT_EQ(golden.forms.size(), 1U);
    EXPECT_EQ(golden.device, "a device");
    EXPECT_EQ(golden.forms[0].name, "abs.s32");
    EXPECT_EQ(golden.forms[0].result_hash, 3U);
    EXPECT_THAT(golden.forms[0].warp_hashes, testing::ElementsAre(7));
    EXPECT_THAT(golden.forms[0].results, testing::ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(Golden, RefusesEveryFlippedBit) {
    const std::string whole = write_golden(small());
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ 1 << i % 8);
        EXPECT_EQ(read_golden(damaged).error().code, Errc::Corrupt) << "byte " << i;
    }
}

TEST(Golden, RefusesEveryTruncation) {
    const std::string whole = write_golden(small());
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_EQ(read_golden(whole.substr(0, length)).error().code, Errc::Corrupt) << length;
}

TEST(Golden, RefusesTruncationUnderAValidSealToo) {
    const std::string whole = write_golden(small());
    const std::string content(unseal(whole).value());
    for (std::size_t length = 0; length < content.size(); ++length)
        EXPECT_FALSE(read_golden(seal(content.substr(0, length)))) << length;
    EXPECT_THAT(read_golden(seal(content + "x")).error().text, HasSubstr("behind the last form"));
}

TEST(Golden, AsksForNoMemoryThatTheFileDoesNotFill) {
    Golden golden = small();
    golden.forms[0].lane_bytes = 0xffffffff;
    EXPECT_THAT(read_golden(write_golden(golden)).error().text,
                HasSubstr("form 0: the file ends within its results"));
    golden = small();
    golden.forms[0].lanes = 0xffffffe0;
    EXPECT_THAT(read_golden(write_golden(golden)).error().text, HasSubstr("form 0: it has"));
}

TEST(Golden, NamesAFileThatIsNotThere) {
    const Error error = load_golden("/nowhere/forms.golden").error();
    EXPECT_EQ(error.code, Errc::NotFound);
    EXPECT_THAT(error.text, HasSubstr("/nowhere/forms.golden"));
}

}  // namespace
}  // namespace cupel::emulator::conformance
