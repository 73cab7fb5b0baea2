// SPDX-License-Identifier: Apache-2.0
#include "referee/arena.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <set>
#include <string>
#include <vector>

namespace cupel::referee {
namespace {

constexpr std::string_view kAdd = R"(task add(a: f32[N], b: f32[N]) -> y: f32[N] where N = 64
  y[n] = a[n] + b[n]
)";

class Asking : public testing::Test {
protected:
    void SetUp() override {
        auto task = task::parse(kAdd, "add.task");
        ASSERT_TRUE(task) << task.error().text;
        task_ = *std::move(task);
        auto arena = Arena::make(task_, 4, 1);
        ASSERT_TRUE(arena) << arena.error().text;
        arena_.emplace(*std::move(arena));
    }
    [[nodiscard]] std::string input(int slot, std::size_t i) const {
        const auto bytes = arena_->input(slot, i);
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    task::Task task_;
    std::optional<Arena> arena_;
};

// As docs/formats/certificate.md tells a stranger to.
TEST_F(Asking, AStrangerRegeneratesEveryQuestionFromSeedAndNumber) {
    const Seed seed = Seed::draw();
    arena_->begin(seed);
    arena_->ask(0);
    arena_->ask(1);
    const std::uint64_t first_key = arena_->keys_drawn();
    arena_->ask(0);
    arena_->ask(1);
    for (int slot = 0; slot < 2; ++slot) {
        for (std::size_t i = 0; i < 2; ++i) {
            std::vector<std::byte> again(arena_->input(slot, i).size());
            const std::uint64_t number = first_key + static_cast<std::uint64_t>(slot) * 6 + i;
            fill_values(again, task::Type::F32, task_.values[i],
                        std::bit_cast<Key>(seed.number(number)), 1);
            EXPECT_TRUE(std::ranges::equal(again, arena_->input(slot, i))) << slot << i;
        }
    }
}

TEST_F(Asking, TheSameSeedAsksTheSameAndWidensTheSame) {
    const Seed seed = Seed::draw();
    std::vector<std::string> asked;
    for (int repeat = 0; repeat < 2; ++repeat) {
        arena_->begin(seed);
        arena_->ask(0);
        EXPECT_TRUE(arena_->widen(0));
        asked.push_back(input(0, 0) + input(0, 1));
    }
    EXPECT_EQ(asked[0], asked[1]);
}

// All that races ask for: whoever is told the seed can make every one of these questions again.
TEST_F(Asking, TheSameSeedMakesTheSameQuestionsOfEveryKind) {
    const task::Task sums = [] {
        auto task = task::parse(
            "task sums(x: f32[B,N]) -> y: f32[B] where B = 64, N = 256\n"
            "  y[b] = sum[n](x[b,n])\n",
            "here");
        EXPECT_TRUE(task) << task.error().text;
        return *task;
    }();
    auto arena = Arena::make(sums, 4, 1);
    ASSERT_TRUE(arena) << arena.error().text;
    const auto ask = [&](const Seed& seed) {
        std::string asked;
        arena->begin(seed);
        for (int question = 0; question < 24; ++question) {
            const auto kind = std::array{Kind::Exact, Kind::Lawful, Kind::Wide}.at(
                static_cast<std::size_t>(question) % 3);
            const std::uint64_t deciding = arena->number_of_kind();
            EXPECT_EQ(arena->ask(question % 4, kind), kind);
            const auto bytes = arena->input(question % 4, 0);
            asked.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
            asked += std::to_string(deciding) + "\n";
        }
        EXPECT_EQ(arena->keys_drawn(), 24 * Arena::keys_of_question(sums));
        return asked;
    };
    const Seed seed = Seed::draw();
    const std::string first = ask(seed);
    EXPECT_EQ(first, ask(seed));
    EXPECT_NE(first, ask(Seed::draw()));
}

TEST_F(Asking, NoValueIsAskedTwiceUnderOneSeedOrUnderTwo) {
    std::set<std::string> seen;
    for (int judgement = 0; judgement < 3; ++judgement) {
        arena_->begin(Seed::draw());
        for (int question = 0; question < 50; ++question) {
            arena_->ask(question % 4);
            for (std::size_t i = 0; i < 2; ++i)
                EXPECT_TRUE(seen.insert(input(question % 4, i)).second);
        }
    }
}

TEST_F(Asking, PoisonIsNotDerivedFromASeedThatWillBeTold) {
    const Seed seed = Seed::draw();
    std::vector<std::string> poison;
    for (int repeat = 0; repeat < 2; ++repeat) {
        arena_->begin(seed);
        arena_->poison(1);
        const auto bytes = arena_->output(0, 0);
        poison.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    EXPECT_NE(poison[0], poison[1]);
    EXPECT_EQ(arena_->keys_drawn(), 0U);
}

}  // namespace
}  // namespace cupel::referee
