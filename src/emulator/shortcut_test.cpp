// SPDX-License-Identifier: Apache-2.0
// The short ways of the checks, for lanes that lie well, against the long way that looks at every
// lane by itself: random kernels whose accesses mostly lie well, and here and there one lane that
// does not. What is said of the launch must be the same to the letter.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

using testing::in_words;
using testing::kernel;
using testing::Trial;

constexpr std::uint32_t kThreads = 96;  // three warps: a word is settled once two have read it
constexpr std::uint32_t kTwoBlocks = 2;
constexpr std::uint32_t kAll = kThreads * kTwoBlocks;
constexpr std::uint32_t kRounds = 5;
constexpr std::uint32_t kSharedBytes = 2048;
constexpr std::uint32_t kGlobalBytes = 8192;
constexpr std::uint32_t kAbsent = 0xFFFF'FFFF;

class Dice {
public:
    explicit Dice(std::uint64_t seed) : random_(seed) {}
    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
    bool one_in(std::uint32_t n) { return below(n) == 0; }

private:
    std::mt19937_64 random_;
};

struct Access {
    std::string_view space;
    bool loads = false;
    unsigned bytes = 4;  // of one element
    unsigned elements = 1;
    bool doubtful = false;  // stores what was loaded before
};

Access random_access(Dice& dice) {
    Access access;
    access.space = dice.one_in(3) ? "global" : "shared";
    access.loads = dice.below(5) < 3;
    access.bytes = dice.one_in(4) ? 1U << dice.below(4) : 4;
    if (access.bytes == 4 && dice.one_in(4)) access.elements = dice.one_in(2) ? 2 : 4;
    access.doubtful = dice.one_in(2);
    return access;
}

// Registers: %r1 the offset, %r2 and %d2 the address, %p1 takes part.
std::string text_of(const Access& access, std::uint32_t line, Dice& dice) {
    const bool shared = access.space == "shared";
    const std::string place = shared ? "[%r2]" : "[%d2]";
    std::string values = access.bytes == 8 ? "%d5" : access.bytes < 4 ? "%h5" : "%r5";
    if (access.elements == 2) values = "{%r5, %r6}";
    if (access.elements == 4) values = "{%r5, %r6, %r7, %r8}";
    const std::string vector = access.elements == 1 ? "" : fmt::format(".v{}", access.elements);
    std::string text =
        "setp.ne.u32 %p1, %r1, -1;\nadd.u32 %r2, %r1, %r30;\n"
        "cvt.u64.u32 %d2, %r1;\nadd.u64 %d2, %d2, %b;\n";
    if (!access.loads && !access.doubtful) {
        text +=
            "mov.u32 %r5, %t; mov.u32 %r6, 6; mov.u32 %r7, %t; mov.u32 %r8, 8;\n"
            "cvt.u16.u32 %h5, %t; cvt.u64.u32 %d5, %t;\n";
    }
    text += fmt::format("#{}\n@%p1 ", line);
    if (access.loads) {
        text += fmt::format("ld.{}{}.u{} {}, {};\n", access.space, vector, access.bytes * 8, values,
                            place);
    } else {
        const std::string_view strong = dice.one_in(12) ? "volatile." : "";
        text += fmt::format("st.{}{}{}.u{} {}, {};\n", strong, access.space, vector,
                            access.bytes * 8, place, values);
    }
    if (dice.one_in(3)) text += "bar.sync 0;\n";
    if (dice.one_in(25)) text += "bar.warp.sync -1;\n";
    return text;
}

// Where the lanes of the whole grid touch memory in one round: warps mostly in the same way.
std::vector<std::uint32_t> offsets_of(const Access& access, std::uint32_t way, std::uint32_t round,
                                      Dice& dice) {
    const std::uint32_t wide = access.bytes * access.elements;
    const std::uint32_t size = access.space == "shared" ? kSharedBytes : kGlobalBytes;
    std::vector<std::uint32_t> offsets(kAll);
    for (std::uint32_t i = 0; i < kAll; i++) {
        const std::uint32_t t = access.space == "shared" ? i % kThreads : i;
        const std::uint32_t lane = i % 32;
        const std::uint32_t shift = round * 64;
        std::uint32_t at = t * wide;                                 // all apart
        if (way == 1) at = lane * wide;                              // all warps the same
        if (way == 2) at = i / 32 * 64;                              // one place for a warp
        if (way == 3) at = lane % 16 * wide + t / 64 * 128;          // halves meet
        if (way == 4) at = lane / 16 * 64;                           // two places
        if (way == 5) at = lane * wide * 5;                          // gaps
        if (way == 6) at = (31 - lane) * wide + i / 32 * 32 * wide;  // backwards
        if (way == 7) at = dice.below(64) * wide;
        offsets[i] = (at + shift) % (size - 16) / wide * wide;
    }
    if (!dice.one_in(3)) return offsets;
    std::uint32_t& odd = offsets[dice.below(kAll)];
    switch (dice.below(5)) {
        case 0:
            odd = size + dice.below(3) * wide;  // just past the end
            break;
        case 1:
            odd += 1;
            break;
        case 2:
            odd = kAbsent;
            break;
        case 3:
            odd = offsets[dice.below(kAll)];
            break;
        default:
            odd = dice.below(size / wide) * wide;
    }
    return offsets;
}

struct Random {
    std::string body;
    std::vector<std::uint32_t> offsets;  // by round, access and thread
    Role role = Role::InOut;             // of the memory that is touched
};

Random random_kernel(Dice& dice) {
    const std::uint32_t count = 2 + dice.below(4);
    std::vector<Access> accesses;
    std::vector<std::uint32_t> ways;
    for (std::uint32_t i = 0; i < count; i++) {
        accesses.push_back(random_access(dice));
        ways.push_back(dice.below(8));
    }
    Random random;
    const std::uint32_t role = dice.below(4);
    random.role = role == 0 ? Role::Input : role == 1 ? Role::Output : Role::InOut;
    random.body = fmt::format(
        ".shared .align 16 .b8 s[{}];\nmov.u32 %r30, s; mad.lo.u32 %r31, %k, {}, %t;\n"
        "mul.wide.u32 %d1, %r31, 4; add.u64 %d1, %d1, %a; mov.u32 %r32, 0;\n"
        "mov.u32 %r5, 1; mov.u32 %r6, 2; mov.u32 %r7, 3; mov.u32 %r8, 4; mov.u16 %h5, 5;\n"
        "mov.u64 %d5, 6;\nLOOP:\n",
        kSharedBytes, kThreads);
    for (std::uint32_t i = 0; i < count; i++) {
        random.body += fmt::format("ld.global.u32 %r1, [%d1+{}];\n", i * kAll * 4);
        random.body += text_of(accesses[i], 10 + i, dice);
    }
    random.body += fmt::format(
        "add.u64 %d1, %d1, {}; add.u32 %r32, %r32, 1; setp.lt.u32 %p2, %r32, {};\n@%p2 bra LOOP;",
        count * kAll * 4, kRounds);
    for (std::uint32_t round = 0; round < kRounds; round++) {
        for (std::uint32_t i = 0; i < count; i++) {
            const auto offsets = offsets_of(accesses[i], ways[i], round, dice);
            random.offsets.insert(random.offsets.end(), offsets.begin(), offsets.end());
        }
    }
    return random;
}

struct Reply {
    std::string words;
    std::vector<std::uint8_t> memory;
    bool clean = false;
};

Reply reply_of(const Random& random, const Options& options) {
    Trial trial(kernel(random.body));
    const BufferId a = trial.input("a", random.offsets);
    const BufferId b = random.role == Role::Output
                           ? trial.output("b", kGlobalBytes)
                           : trial.input("b", std::vector<std::uint8_t>(kGlobalBytes), random.role);
    Launch launch{.kernel = "k", .grid = {kTwoBlocks, 1, 1}, .block = {kThreads, 1, 1}};
    launch.arguments = {Address{a}, Address{b}, argument(0)};
    const Report report = trial.run(launch, options);
    return {
        .words = in_words(report), .memory = trial.read<std::uint8_t>(b), .clean = report.clean()};
}

class Shortcuts : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Shortcuts, SayTheSameAsTheLongWay) {
    std::map<std::string, int> kinds;  // of what was found, so that the kernels are seen to be bad
    for (std::uint64_t i = 0; i < 150; i++) {
        Dice dice(GetParam() * 1000 + i);
        const Random random = random_kernel(dice);
        const std::uint64_t seed = i % 3;
        for (const unsigned threads : {1U, 2U}) {
            const Options options{.seed = seed, .threads = threads};
            Options by_lane = options;
            by_lane.shortcuts = false;
            const Reply here = reply_of(random, options);
            const Reply there = reply_of(random, by_lane);
            ASSERT_EQ(here.words, there.words) << random.body;
            ASSERT_EQ(here.memory, there.memory) << random.body;
            for (const std::string kind :
                 {"shared race", "global race", "same-value", "out of bounds", "misaligned",
                  "wrote an input", "nobody wrote", "nothing orders these lanes"}) {
                if (here.words.find(kind) != std::string::npos) kinds[kind]++;
            }
            if (here.clean) kinds["clean"]++;
        }
    }
    EXPECT_GE(kinds.size(), 8U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Shortcuts, ::testing::Values(1, 2, 3, 4));

}  // namespace
}  // namespace cupel::emulator
