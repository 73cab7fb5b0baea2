// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cerrno>

#include "base/hash.hpp"
#include "base/result.hpp"
#include "base/seed.hpp"
#include "base/text.hpp"

namespace cupel {
namespace {

Result<int> half(int x) {
    if (x % 2 != 0) return fail(Errc::Invalid, "odd");
    return x / 2;
}
Result<int> quarter(int x) {
    CUPEL_TRY(const int once, half(x));
    CUPEL_TRY(const int twice, half(once));
    return twice;
}

TEST(Result, TryReturnsTheFirstError) {
    EXPECT_EQ(quarter(8).value(), 2);
    EXPECT_EQ(quarter(6).error().text, "odd");
}

TEST(Result, ContextStandsInFrontOfTheText) {
    EXPECT_EQ((Error{Errc::Io, "no such file"}.in("open archive").text),
              "open archive: no such file");
}

TEST(Result, ErrnoBecomesACodeOneCanBranchOn) {
    EXPECT_EQ(fail_errno("write", ENOSPC).error().code, Errc::Full);
    EXPECT_EQ(fail_errno("open", ENOENT).error().code, Errc::NotFound);
    EXPECT_EQ(fail_errno("open", EROFS).error().code, Errc::Io);
}

TEST(ResultDeathTest, AFalseCheckAborts) {
    EXPECT_DEATH(CUPEL_CHECK(1 == 2), "our own bug");
}

TEST(Hash, IsBlake2b256) {
    // The published BLAKE2b-256 digest of the empty string.
    EXPECT_EQ(hash_hex(""), "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

TEST(Hash, PartsDoNotCollideByConcatenation) {
    const std::string_view one[] = {"ab", "c"};
    const std::string_view two[] = {"a", "bc"};
    EXPECT_NE(hash_parts(one), hash_parts(two));
}

TEST(Random, TwoDrawsDiffer) {
    EXPECT_NE(random_u64(), random_u64());
}

// Computed by another implementation: Python's hashlib.blake2b(digest_size=32).
TEST(Seed, DerivesWhatAnyImplementationOfBlake2bDerives) {
    const auto seed =
        Seed::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    ASSERT_TRUE(seed);
    EXPECT_EQ(seed->commitment(),
              "b21c15e38524ba4046d52743e634435e383698521b393d727663c796602af71c");
    EXPECT_EQ(seed->number(0), 2304680112888101666U);
    EXPECT_EQ(seed->number(7), 15390517817541146082U);
}

TEST(Seed, IsDrawnAnewAndHasOneSpelling) {
    const Seed seed = Seed::draw();
    EXPECT_NE(seed.hex(), Seed::draw().hex());
    EXPECT_EQ(Seed::from_hex(seed.hex())->hex(), seed.hex());
    EXPECT_NE(seed.number(0), seed.number(1));
    EXPECT_FALSE(Seed::from_hex("0F" + std::string(62, '0')));
    EXPECT_FALSE(Seed::from_hex(""));
}

TEST(Text, NearestNameFindsMisspellingsAndNothingElse) {
    const std::vector<std::string> names = {"softmax", "layernorm", "matmul"};
    EXPECT_EQ(nearest_name("sofmax", names), "softmax");
    EXPECT_EQ(nearest_name("matmull", names), "matmul");
    EXPECT_EQ(nearest_name("convolution", names), std::nullopt);
}

TEST(Text, QuantitiesHaveThreeDigits) {
    EXPECT_EQ(format_seconds(0.00123), "1.23 ms");
    EXPECT_EQ(format_seconds(12e-6), "12.0 us");
    EXPECT_EQ(format_bytes(64.0 * 1024 * 1024), "64.0 MiB");
    EXPECT_EQ(format_si(1.2e11), "120 G");
}

TEST(Text, SplitKeepsEmptyPartsAndTrimDropsSpace) {
    EXPECT_EQ(split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
    EXPECT_EQ(trim("  x \n"), "x");
    EXPECT_EQ(trim(" \t"), "");
}

TEST(Text, SignalsHaveNames) {
    EXPECT_EQ(signal_name(11), "SIGSEGV");
}

}  // namespace
}  // namespace cupel
