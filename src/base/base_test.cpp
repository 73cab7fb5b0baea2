// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cerrno>

#include "base/hash.hpp"
#include "base/result.hpp"
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
