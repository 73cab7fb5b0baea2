// SPDX-License-Identifier: Apache-2.0
#include "conformance/replay.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "conformance/bound.hpp"

namespace cupel::emulator::conformance {
namespace {

using testing::HasSubstr;

const Golden& recorded() {
    static const Golden golden =
        load_golden(CUPEL_ROOT "/src/emulator/golden/forms.golden").value();
    return golden;
}

FormCase named(const std::string& name) {
    for (std::size_t i = 0; i < all_forms().size(); ++i)
        if (all_forms()[i].name == name) return form_case(recorded(), i);
    ADD_FAILURE() << "there is no form " << name;
    return {};
}

std::vector<std::uint8_t> sums(const FormCase& form) {
    std::vector<std::uint8_t> results(form.lanes * std::size_t{4});
    for (std::size_t lane = 0; lane < form.lanes; ++lane) {
        std::uint32_t a = 0, b = 0;
        std::memcpy(&a, &form.operands[lane * 4], 4);
        std::memcpy(&b, &form.operands[(form.lanes + lane) * 4], 4);
        a += b;
        std::memcpy(&results[lane * 4], &a, 4);
    }
    return results;
}

TEST(Replay, AcceptsTheBitsOfSilicon) {
    const FormCase form = named("add.u32");
    EXPECT_EQ(compare(form, sums(form)).outcome, Outcome::Right);
}

TEST(Replay, NamesTheLaneThatIsWrong) {
    const FormCase form = named("add.u32");
    std::vector<std::uint8_t> results = sums(form);
    results[4 * 7] ^= 1;
    const Replay found = compare(form, results);
    EXPECT_EQ(found.outcome, Outcome::Wrong);
    EXPECT_THAT(found.text, HasSubstr("lane 7: "));
}

TEST(Replay, FindsOneWrongBitBehindTheKeptLanes) {
    const FormCase form = named("add.u32");
    std::vector<std::uint8_t> results = sums(form);
    results[results.size() - 1] ^= 0x80;
    const Replay found = compare(form, results);
    EXPECT_EQ(found.outcome, Outcome::Wrong);
    EXPECT_THAT(found.text,
                HasSubstr(fmt::format("from {} to {}", form.lanes - 32, form.lanes - 1)));
}

TEST(Bound, IsThereForEveryApproximation) {
    for (const Form& form : all_forms())
        EXPECT_EQ(bound_of(form.name) != nullptr, form.promise == Promise::Approximate)
            << form.name;
}

TEST(Bound, TellsNearFromFar) {
    const Bound& bound = *bound_of("rcp.approx.f32");
    EXPECT_TRUE(is_near(bound, Type::F32, 0x3f800001, 0x3f800000, {}));
    EXPECT_FALSE(is_near(bound, Type::F32, 0x3f800002, 0x3f800000, {}));
    EXPECT_FALSE(is_near(bound, Type::F32, 0xbf800000, 0x3f800000, {}));
    EXPECT_FALSE(is_near(bound, Type::F32, 0x7fffffff, 0x3f800000, {}));
    EXPECT_TRUE(is_near(bound, Type::F32, 0x7fffffff, 0x7fc00000, {}));
    EXPECT_FALSE(is_near(bound, Type::F32, 0x7f800000, 0x3f800000, {}));
    EXPECT_FALSE(is_near(bound, Type::F32, 0xff800000, 0x7f800000, {}));
}

TEST(Bound, HoldsBothHalvesOfAPair) {
    const Bound& bound = *bound_of("tanh.approx.f16x2");
    EXPECT_TRUE(is_near(bound, Type::F16x2, 0x3c013c00, 0x3c003c00, {}));
    EXPECT_FALSE(is_near(bound, Type::F16x2, 0x3c023c00, 0x3c003c00, {}));
}

TEST(Bound, LetsTheSineOfHugeAnglesBe) {
    const Bound& bound = *bound_of("sin.approx.f32");
    const std::uint64_t far[] = {0x4b000000}, near[] = {0x3f800000};
    EXPECT_TRUE(is_near(bound, Type::F32, 0x3f000000, 0xbf000000, far));
    EXPECT_FALSE(is_near(bound, Type::F32, 0x3f000000, 0xbf000000, near));
}

}  // namespace
}  // namespace cupel::emulator::conformance
