// SPDX-License-Identifier: Apache-2.0
// wmma, stmatrix and movmatrix: what they give, and what is said of those who misuse them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/real.hpp"
#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using testing::faults;
using ::testing::HasSubstr;
using testing::kernel;
using testing::Trial;

std::string registers(const std::string& letter, unsigned from, unsigned count) {
    std::string text;
    for (unsigned i = 0; i < count; i++)
        text += (i == 0 ? "%" : ", %") + letter + std::to_string(from + i);
    return "{" + text + "}";
}

// A product of one tile: A and B follow each other in `a`, the result goes to `b`.
struct TileKind {
    std::string type;   // of A and B
    std::string types;  // at the end of wmma.mma
    unsigned k = 16;
    unsigned bytes = 2;
    unsigned named = 8;  // registers of A, and of B
};
const TileKind kHalves{.type = "f16", .types = "f32.f32"};
const TileKind kBrains{.type = "bf16", .types = "f32.bf16.bf16.f32", .named = 4};
const TileKind kWide{.type = "tf32", .types = "f32.tf32.tf32.f32", .k = 8, .bytes = 4, .named = 4};
const TileKind kBytes{.type = "s8", .types = "s32.s8.s8.s32", .bytes = 1, .named = 2};

struct Layouts {
    std::string a = "row", b = "row", d = "row";
};

std::string tile_product(const TileKind& kind, const Layouts& in) {
    const std::string shape = "m16n16k" + std::to_string(kind.k) + ".global.";
    const std::string sum = kind.type == "s8" ? "s32" : "f32";
    const std::string d = sum == "s32" ? registers("r", 24, 8) : registers("f", 10, 8);
    const std::string zero = sum == "s32" ? "{%r9, %r9, %r9, %r9, %r9, %r9, %r9, %r9}"
                                          : "{%f1, %f1, %f1, %f1, %f1, %f1, %f1, %f1}";
    const auto stride = [&](bool across) { return std::to_string(across ? 16 : kind.k); };
    const std::string second = std::to_string(16 * kind.k * kind.bytes);
    return "#1\nmov.u32 %r9, 0; mov.f32 %f1, 0f00000000;\n#2\nwmma.load.a.sync.aligned." + in.a +
           "." + shape + kind.type + " " + registers("r", 10, kind.named) + ", [%a], " +
           stride(in.a == "col") + ";\nwmma.load.b.sync.aligned." + in.b + "." + shape + kind.type +
           " " + registers("r", 30, kind.named) + ", [%a+" + second + "], " +
           stride(in.b == "row") + ";\n#3\nwmma.mma.sync.aligned." + in.a + "." + in.b +
           ".m16n16k" + std::to_string(kind.k) + "." + kind.types + " " + d + ", " +
           registers("r", 10, kind.named) + ", " + registers("r", 30, kind.named) + ", " + zero +
           ";\n#4\nwmma.store.d.sync.aligned." + in.d + "." + shape + sum + " [%b], " + d +
           ", 16;\n";
}

// Small whole numbers, exact in every type and every sum.
int a_at(unsigned row, unsigned k) {
    return static_cast<int>((row * 3 + k * 5) % 7) - 3;
}
int b_at(unsigned k, unsigned column) {
    return static_cast<int>((k * 2 + column * 3) % 5) - 2;
}

void put(std::vector<std::uint8_t>& bytes, std::size_t place, const TileKind& kind, int value) {
    std::uint32_t bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
    if (kind.type == "bf16") bits >>= 16;
    if (kind.type == "f16") bits = F16Format::from_double(value);
    if (kind.type == "s8") bits = static_cast<std::uint8_t>(value);
    std::memcpy(bytes.data() + place * kind.bytes, &bits, kind.bytes);
}

std::vector<std::uint8_t> tiles(const TileKind& kind, const Layouts& in) {
    std::vector<std::uint8_t> bytes(std::size_t{2} * 16 * kind.k * kind.bytes);
    for (unsigned i = 0; i < 16; i++) {
        for (unsigned k = 0; k < kind.k; k++) {
            put(bytes, in.a == "row" ? i * kind.k + k : k * 16 + i, kind, a_at(i, k));
            put(bytes, 16 * kind.k + (in.b == "row" ? k * 16 + i : i * kind.k + k), kind,
                b_at(k, i));
        }
    }
    return bytes;
}

class Products : public ::testing::TestWithParam<TileKind> {};

TEST_P(Products, OfATileAreRightInEveryLayout) {
    const TileKind& kind = GetParam();
    for (const std::string a : {"row", "col"}) {
        for (const std::string b : {"row", "col"}) {
            const Layouts in{.a = a, .b = b, .d = a};
            Trial trial(kernel(tile_product(kind, in)));
            const BufferId from = trial.input("from", tiles(kind, in));
            const BufferId to = trial.output("to", 1024);
            const Report report =
                trial.run({.kernel = "k",
                           .block = {32, 1, 1},
                           .arguments = {Address{from}, Address{to}, argument(0)}});
            EXPECT_EQ(faults(report), "") << a << b;
            const auto words = trial.read<std::uint32_t>(to);
            for (unsigned i = 0; i < 256; i++) {
                int sum = 0;
                for (unsigned k = 0; k < kind.k; k++)
                    sum += a_at(i / 16, k) * b_at(k, i % 16);
                const unsigned at = in.d == "row" ? i : i % 16 * 16 + i / 16;
                const int found = kind.type == "s8"
                                      ? static_cast<int>(words[at])
                                      : static_cast<int>(std::bit_cast<float>(words[at]));
                ASSERT_EQ(found, sum) << kind.type << a << b << " element " << i;
            }
            EXPECT_EQ(report.counters.tensor_flops, 2U * 16 * 16 * kind.k);
        }
    }
}
INSTANTIATE_TEST_SUITE_P(Wmma, Products, ::testing::Values(kHalves, kBrains, kWide, kBytes),
                         [](const auto& one) { return one.param.type; });

std::string faults_of_tile(const std::string& body, std::uint32_t threads = 32) {
    Trial trial(kernel(body));
    const BufferId from = trial.input("from", tiles(kHalves, {}));
    const BufferId to = trial.output("to", 1024);
    return faults(trial.run({.kernel = "k",
                             .block = {threads, 1, 1},
                             .arguments = {Address{from}, Address{to}, argument(0)}}));
}

TEST(Wmma, MisusedIsToldOfWithItsLine) {
    const std::string honest = tile_product(kHalves, {});
    EXPECT_EQ(faults_of_tile(honest), "");
    const auto without = [&](std::string_view piece, std::string_view instead) {
        return faults_of_tile(testing::mutated(honest, piece, 0, instead));
    };
    EXPECT_THAT(without("[%b], {%f10, %f11, %f12, %f13, %f14, %f15, %f16, %f17}, 16",
                        "[%b], {%f10, %f11, %f12, %f13, %f14, %f15, %f16, %f17}, 24"),
                HasSubstr("out of bounds: line 4 (thread"));
    EXPECT_THAT(without("[%a], 16", "[%a], 80"), HasSubstr("out of bounds: line 2 (thread"));
    EXPECT_THAT(
        without("[%a], 16", "[%a], 12"),
        HasSubstr("misaligned: line 2 (thread 0) has a stride of 24 bytes, no multiple of 16"));
    EXPECT_THAT(without("[%a], 16", "[%a+16], 16"),
                HasSubstr("misaligned: line 2 (thread 0) has a matrix at an address of"));
    EXPECT_THAT(without("[%b], {%f10, %f11", "[%b], {%f20, %f11"),
                HasSubstr("bytes of to come from memory that nobody wrote"));
    EXPECT_THAT(without("{%r30, %r31, %r32, %r33, %r34, %r35, %r36, %r37}, {%f1,",
                        "{%r0, %r1, %r2, %r3, %r4, %r5, %r6, %r7}, {%f1,"),
                HasSubstr("bytes of to come from memory that nobody wrote"));
    EXPECT_THAT(without("#2\n", "#2\nmul.wide.u32 %d1, %t, 32; add.u64 %a, %a, %d1;\n"),
                HasSubstr("mask error: line 2 (thread 1) gives another address or stride"));
    EXPECT_THAT(faults_of_tile(honest, 16), HasSubstr("needs all 32 lanes, and 16 are there"));
    EXPECT_THAT(without("#2\n", "#2\nsetp.lt.u32 %p1, %t, 16; @%p1 "),
                HasSubstr("mask error: line 2"));
}

TEST(Wmma, OfUnknownShapesAndTypesIsRefusedByName) {
    const auto refusal = [](const std::string& code) {
        Trial trial(kernel(code));
        return trial.refusal({.kernel = "k", .arguments = {}});
    };
    for (const char* const code :
         {"wmma.load.a.sync.aligned.row.m32n8k16.f16 {%r1, %r2, %r3, %r4, %r5, %r6, %r7, %r8}, "
          "[%a], 16;",
          "wmma.load.a.sync.aligned.row.m16n16k16.f64 {%r1, %r2, %r3, %r4}, [%a], 16;",
          "wmma.load.a.sync.aligned.row.m16n16k8.f16 {%r1, %r2, %r3, %r4}, [%a], 16;",
          "wmma.mma.sync.aligned.row.row.m16n16k16.f32.f16 {%f1}, {%r1}, {%r1}, {%f1};",
          "wgmma.fence.sync.aligned;"})
        EXPECT_THAT(refusal(code), HasSubstr("is not an instruction that this emulator knows"));
}

// A tile in shared memory, stored by one warp as 8 x 8 matrices of 16-bit elements whose values are
// their places, read by ordinary loads.
const std::string kPlaces =
    ".shared .align 16 .b8 s[512];\nmov.u32 %r9, s; and.b32 %r8, %t, 31; shl.b32 %r7, %r8, 4; "
    "add.u32 %r7, %r7, %r9;\n"
    // element (r, c) of matrix m has the value 64 m + 8 r + c: lane 4 r + c / 2 holds two
    "shl.b32 %r1, %r8, 1; add.u32 %r2, %r1, 1; shl.b32 %r2, %r2, 16; or.b32 %r1, %r1, %r2;\n"
    "add.u32 %r2, %r1, 0x00400040; add.u32 %r3, %r2, 0x00400040; add.u32 %r4, %r3, 0x00400040;\n";
const std::string kStoreFour =
    "#5\nstmatrix.sync.aligned.m8n8.x4.shared.b16 [%r7], {%r1, %r2, %r3, %r4};\n";
const std::string kReadBack =
    "#6\nld.shared.v4.b32 {%r20, %r21, %r22, %r23}, [%r7];\nmul.wide.u32 %d1, %t, 16; add.u64 %d1, "
    "%d1, %b; st.global.v4.b32 [%d1], {%r20, %r21, %r22, %r23};\n";

std::vector<std::uint16_t> stored(const std::string& body, std::string& found) {
    Trial trial(kernel(body));
    const BufferId from = trial.input("from", std::vector<std::uint32_t>{0});
    const BufferId to = trial.output("to", 512);
    found = faults(trial.run({.kernel = "k",
                              .block = {32, 1, 1},
                              .arguments = {Address{from}, Address{to}, argument(0)}}));
    return trial.read<std::uint16_t>(to);
}

TEST(StoreMatrix, PutsRowsWhereTheirLanesSay) {
    std::string found;
    const auto plain = stored(kPlaces + kStoreFour + "bar.warp.sync -1;\n" + kReadBack, found);
    EXPECT_EQ(found, "");
    for (unsigned i = 0; i < 256; i++)
        ASSERT_EQ(plain[i], i);
    const auto turned = stored(kPlaces + testing::mutated(kStoreFour, ".x4", 0, ".x4.trans") +
                                   "bar.warp.sync -1;\n" + kReadBack,
                               found);
    EXPECT_EQ(found, "");
    for (unsigned i = 0; i < 256; i++)
        ASSERT_EQ(turned[i], i / 64 * 64 + i % 8 * 8 + i / 8 % 8);
    const auto moved = stored(kPlaces + "movmatrix.sync.aligned.m8n8.trans.b16 %r1, %r1;\n" +
                                  kStoreFour + "bar.warp.sync -1;\n" + kReadBack,
                              found);
    EXPECT_EQ(found, "");
    EXPECT_TRUE(std::equal(turned.begin(), turned.begin() + 64, moved.begin()));
    EXPECT_TRUE(std::equal(plain.begin() + 64, plain.end(), moved.begin() + 64));
}

TEST(StoreMatrix, WritesForFewerLanesWhereThereAreFewerMatrices) {
    std::string found;
    const auto half =
        stored(kPlaces + "#5\nstmatrix.sync.aligned.m8n8.x2.shared.b16 [%r7], {%r1, %r2};\n" +
                   "bar.warp.sync -1;\n" + kReadBack,
               found);
    EXPECT_THAT(found, HasSubstr("256 of 512 bytes of to come from memory that nobody wrote"));
    EXPECT_EQ(half[127], 127);
    // One that its guard leaves out altogether does nothing, and leaves no doubt.
    (void)stored(kPlaces + "setp.lt.u32 %p1, %t, 99;\n" + kStoreFour + "bar.warp.sync -1;\n@!%p1 " +
                     kStoreFour.substr(3) + kReadBack,
                 found);
    EXPECT_EQ(found, "");
}

TEST(StoreMatrix, MisusedIsToldOfWithItsLine) {
    std::string found;
    (void)stored(kPlaces + kStoreFour + kReadBack, found);
    EXPECT_EQ(found, "");  // each lane reads the row that it gave the address of
    const std::string other = "#6\nxor.b32 %r7, %r7, 16;\n";
    (void)stored(kPlaces + kStoreFour + "bar.warp.sync -1;\n" + other + kReadBack, found);
    EXPECT_EQ(found, "");
    (void)stored(kPlaces + kStoreFour + other + kReadBack, found);
    EXPECT_THAT(found,
                HasSubstr("shared race: line 6 (thread 0) reads what line 5 (thread 1) writes"));
    const auto with = [&](std::string_view piece, std::string_view instead) {
        (void)stored(kPlaces + testing::mutated(kStoreFour, piece, 0, instead) +
                         "bar.warp.sync -1;\n" + kReadBack,
                     found);
        return found;
    };
    EXPECT_THAT(with("[%r7]", "[%r7+8]"), HasSubstr("misaligned: line 5"));
    EXPECT_THAT(with("[%r7]", "[%r7+16]"), HasSubstr("out of bounds: line 5 (thread 31)"));
    EXPECT_THAT(with("{%r1,", "{%r30,"), HasSubstr("come from memory that nobody wrote"));
    EXPECT_THAT(with("#5\n", "#5\nsetp.lt.u32 %p1, %t, 16; @%p1 "),
                HasSubstr("mask error: line 5"));
}

}  // namespace
}  // namespace cupel::emulator
