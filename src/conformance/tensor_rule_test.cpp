// SPDX-License-Identifier: Apache-2.0
#include "emulator/tensor_rule.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>

#include "conformance/form.hpp"
#include "conformance/golden.hpp"
#include "conformance/tensor_form.hpp"

namespace cupel::emulator {
namespace {

using namespace conformance;

const Golden& recorded() {
    static const Golden golden =
        load_golden(CUPEL_ROOT "/src/emulator/golden/forms.golden").value();
    return golden;
}

// All results of a form as the rule gives them, in the kernel's layout.
std::vector<std::uint8_t> by_rule(const TensorForm& form, std::uint64_t key) {
    const std::size_t width = bits_of_register(form) / 8;
    std::vector<std::uint8_t> results(std::size_t{c_registers(form)} * kGoldenTiles * 32 * width);
    for (std::size_t tile = 0; tile < kGoldenTiles; ++tile) {
        const auto elements = expected_tile(form, make_tile(form, key, tile));
        for (unsigned i = 0; i < elements.size(); ++i) {
            const Slot slot = slot_of_c(form, {i / form.n, i % form.n});
            const std::size_t at =
                (slot.reg * std::size_t{kGoldenTiles} * 32 + tile * 32 + slot.lane) * width;
            std::uint64_t word = 0;
            std::memcpy(&word, &results[at], width);
            word |= elements[i] << (16 * slot.part);
            std::memcpy(&results[at], &word, width);
        }
    }
    return results;
}

TEST(TensorRule, GivesTheBitsOfSiliconInEveryGoldenTile) {
    for (std::size_t i = 0; i < tensor_forms().size(); ++i) {
        const TensorForm& form = tensor_forms()[i];
        const std::size_t index = first_tensor_form() + i;
        ASSERT_TRUE(is_modelled(form)) << form.name;
        const auto results = by_rule(form, all_forms()[index].key());
        const GoldenForm& golden = recorded().forms[index];
        EXPECT_EQ(hash_of(results), golden.result_hash) << form.name << ": " << rule_of(form);
        EXPECT_EQ(first_lanes(index, results, golden.kept), golden.results) << form.name;
    }
}

// wmma works on tiles in memory: of each warp 512 bytes of A, 512 of B, 1024 of C and D.
struct WmmaTile {
    const MatrixOperation& op;
    bool a_by_column, b_by_row;
    std::vector<std::uint8_t> memory;

    [[nodiscard]] std::uint64_t element(std::size_t base, std::size_t place, unsigned bits) const {
        std::uint64_t word = 0;
        std::memcpy(&word, &memory[base + place * bits / 8], bits / 8);
        return word;
    }
    // The bytes of D over those of C.
    void multiply_in_place() {
        const std::size_t m = op.m, n = op.n, k = op.k;
        std::vector<std::uint64_t> a(m * k), b(n * k), c(m * n), d(m * n);
        for (std::size_t i = 0; i < a.size(); ++i)
            a[i] = element(0, a_by_column ? i % k * m + i / k : i, bits_of(op.a));
        for (std::size_t i = 0; i < b.size(); ++i)
            b[i] = element(512, b_by_row ? i % k * n + i / k : i, bits_of(op.b));
        const unsigned bits = bits_of_accumulator(op);
        for (std::size_t i = 0; i < c.size(); ++i)
            c[i] = element(1024, i, bits);
        multiply(op, a, b, c, d);
        for (std::size_t i = 0; i < d.size(); ++i)
            std::memcpy(&memory[1024 + i * bits / 8], &d[i], bits / 8);
    }
};

// What a wmma form must give, in the kernel's layout.
std::vector<std::uint8_t> wmma_results(std::size_t index, const MatrixOperation& op) {
    const std::string& name = all_forms()[index].name;
    const std::vector<std::uint8_t> operands = operands_of(index);
    const std::size_t lanes = lanes_of(index);
    std::vector<std::uint8_t> results(lanes * 32);
    for (std::size_t warp = 0; warp < lanes / 32; ++warp) {
        WmmaTile tile{op,
                      name.starts_with("wmma.mma.sync.aligned.col"),
                      name.find("row.m16") != std::string::npos,
                      {}};
        tile.memory.resize(2048);
        // Operand 4 * q + i of a lane is the word i of its part of quarter q.
        const auto place = [](std::size_t k, std::size_t lane) {
            return k < 8 ? k / 4 * 512 + lane * 16 + k % 4 * 4 : 1024 + lane * 32 + (k - 8) * 4;
        };
        for (std::size_t k = 0; k < 16; ++k)
            for (std::size_t lane = 0; lane < 32; ++lane)
                std::memcpy(&tile.memory[place(k, lane)],
                            &operands[(k * lanes + warp * 32 + lane) * 4], 4);
        tile.multiply_in_place();
        for (std::size_t k = 0; k < 8; ++k)
            for (std::size_t lane = 0; lane < 32; ++lane)
                std::memcpy(&results[(k * lanes + warp * 32 + lane) * 4],
                            &tile.memory[place(k + 8, lane)], 4);
    }
    return results;
}

TEST(TensorRule, GivesTheBitsOfSiliconForWmmaToo) {
    using enum Element;
    const std::pair<std::string, MatrixOperation> kinds[] = {
        {".m16n16k16.f32.f32", {16, 16, 16, F16, F16, Accumulator::F32}},
        {".m16n16k16.f16.f16", {16, 16, 16, F16, F16, Accumulator::F16}},
        {".m16n16k16.f32.bf16.bf16.f32", {16, 16, 16, Bf16, Bf16, Accumulator::F32}},
        {".m16n16k8.f32.tf32.tf32.f32", {16, 16, 8, Tf32, Tf32, Accumulator::F32}},
        {".m16n16k16.s32.s8.s8.s32", {16, 16, 16, S8, S8, Accumulator::S32}}};
    unsigned tried = 0;
    for (std::size_t i = 0; i < all_forms().size(); ++i)
        for (auto [ending, op] : kinds) {
            op.wmma = true;
            const std::string& name = all_forms()[i].name;
            if (!name.starts_with("wmma.mma") || !name.ends_with(ending)) continue;
            ++tried;
            EXPECT_EQ(hash_of(wmma_results(i, op)), recorded().forms[i].result_hash) << name;
        }
    EXPECT_EQ(tried, 20U);
}

TEST(TensorRule, OfAnotherGroupSizeWouldBeSeen) {
    // The golden tiles tell rules apart: with half the group few tiles stay right.
    TensorForm form = tensor_forms()[0];
    ASSERT_EQ(form.k, 16U);
    const std::uint64_t key = all_forms()[first_tensor_form()].key();
    std::size_t differ = 0;
    for (std::size_t number = 0; number < kGoldenTiles; ++number) {
        const Tile tile = make_tile(form, key, number);
        const auto whole = expected_tile(form, tile);
        std::vector<Decoded> a, b;
        for (unsigned k = 0; k < 16; ++k) {
            a.push_back(decode(form.a, tile.a[k]));
            b.push_back(decode(form.b, tile.b[k]));
        }
        const auto halved =
            multiply_accumulate({.group = 8}, {form.a, a}, {form.b, b}, Element::F32,
                                static_cast<std::uint32_t>(tile.c[0]));
        differ += halved != whole[0];
    }
    EXPECT_GT(differ, kGoldenTiles / 8);
}

std::uint64_t one_element(const MatrixOperation& op, std::vector<std::uint64_t> a,
                          std::vector<std::uint64_t> b, std::uint64_t c) {
    a.resize(std::size_t{op.m} * op.k);
    b.resize(std::size_t{op.n} * op.k);
    std::vector<std::uint64_t> addends(std::size_t{op.m} * op.n), results(addends.size());
    addends[0] = c;
    multiply(op, a, b, addends, results);
    return results[0];
}

constexpr MatrixOperation kHalf{16, 8, 16, Element::F16, Element::F16, Accumulator::F32};

TEST(TensorRule, CutsWhatLiesTwentySixBitsBelowTheGreatest) {
    const std::uint64_t one = 0x3c00, tiny = 0x0400;  // 2^-14
    // 2^-28 is lost beside 1, two of 2^-25 and less would be rounded by IEEE, and are cut here.
    EXPECT_EQ(one_element(kHalf, {one, tiny}, {one, tiny}, 0), 0x3f800000U);
    EXPECT_EQ(one_element(kHalf, {tiny}, {tiny}, 0), 0x31800000U);
    // 1.5 ulp of the result is one ulp: rounding to nearest would give two.
    const std::uint64_t small = 0x1000;  // 2^-11
    const std::uint64_t three = 0x1200;  // 1.5 * 2^-11
    EXPECT_EQ(one_element(kHalf, {one, small}, {one, 0x0c00}, 0), 0x3f800001U + 0U);
    EXPECT_EQ(one_element(kHalf, {one, three}, {one, 0x0c00}, 0), 0x3f800001U);
}

TEST(TensorRule, MakesOneNaNOfEverythingUndefined) {
    const std::uint64_t infinity = 0x7c00;
    EXPECT_EQ(one_element(kHalf, {infinity}, {0}, 0), 0x7fffffffU);
    EXPECT_EQ(one_element(kHalf, {infinity, infinity}, {0x3c00, 0xbc00}, 0), 0x7fffffffU);
    EXPECT_EQ(one_element(kHalf, {infinity}, {0x3c00}, 0), 0x7f800000U);
}

TEST(TensorRule, AddsTheAddendOfEightBitFloatsRoundedToNearest) {
    constexpr MatrixOperation op{16, 8, 32, Element::E4m3, Element::E4m3, Accumulator::F32};
    // 1 * 1 + 1.5 ulp below: c = 2^-24 * 3 as f32; IEEE rounds 1 + 3 * 2^-24 up to 1 + 2^-22.
    const auto c = std::bit_cast<std::uint32_t>(0x1.8p-23F);
    EXPECT_EQ(one_element(op, {0x38}, {0x38}, c), 0x3f800002U);
}

TEST(TensorRule, KeepsThirteenFractionBitsOfEightBitFloatsInAWarpgroup) {
    constexpr MatrixOperation op{16,    8,     32,  Element::E4m3, Element::E4m3, Accumulator::F32,
                                 false, false, true};
    const auto c = std::bit_cast<std::uint32_t>(0x1.8p-13F);
    EXPECT_EQ(one_element(op, {0x38}, {0x38}, c), std::bit_cast<std::uint32_t>(1 + 0x1p-13F));
}

TEST(TensorRule, WrapsIntegersUnlessTheySaturate) {
    MatrixOperation op{16, 8, 32, Element::S8, Element::S8, Accumulator::S32};
    EXPECT_EQ(one_element(op, {1}, {1}, 0x7fffffff), 0x80000000U);
    op.saturates = true;
    EXPECT_EQ(one_element(op, {1}, {1}, 0x7fffffff), 0x7fffffffU);
    EXPECT_EQ(one_element(op, {0xff}, {2}, 0), 0xfffffffeU);
}

TEST(TensorRule, DoesNotClaimWhatNobodyMeasured) {
    EXPECT_FALSE(is_modelled({8, 8, 4, Element::F16, Element::F16, Accumulator::F32}));
    EXPECT_FALSE(is_modelled({16, 8, 16, Element::Bf16, Element::Bf16, Accumulator::F16}));
    EXPECT_FALSE(is_modelled({16, 8, 16, Element::F16, Element::Bf16, Accumulator::F32}));
    EXPECT_FALSE(is_modelled({16, 8, 16, Element::E4m3, Element::E4m3, Accumulator::F16}));
    EXPECT_EQ(rule_of({8, 8, 4, Element::F16, Element::F16, Accumulator::F32}), "not modelled");
}

TEST(TensorRuleDeathTest, AbortsOnWhatIsNotModelled) {
    EXPECT_DEATH(one_element({8, 8, 4, Element::F16, Element::F16, Accumulator::F32}, {}, {}, 0),
                 "is_modelled");
}

}  // namespace
}  // namespace cupel::emulator
