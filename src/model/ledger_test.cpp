// SPDX-License-Identifier: Apache-2.0
#include "model/ledger.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace cupel::model {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kTable = R"({
    "openai:a": {"input": 2, "output": 8, "cached": 0.5},
    "anthropic:b": {"input": 3, "cached": 0.3, "written": 3.75, "output": 15}
})";

TEST(Ledger, ReadsPrices) {
    const auto table = PriceTable::parse(kTable, "prices.json");
    ASSERT_TRUE(table.has_value()) << table.error().text;
    const Price a = table->find("openai:a").value();
    // Writing to a cache is taken for dear where nothing is said.
    EXPECT_EQ(a, (Price{.input = 2, .cached = 0.5, .written = 4, .output = 8}));
    EXPECT_EQ(table->find("anthropic:b").value().written, 3.75);
}

TEST(Ledger, TakesNoUnknownPriceForNothing) {
    const auto unlisted = PriceTable::parse(kTable, "prices.json").value().find("openai:c");
    ASSERT_FALSE(unlisted.has_value());
    EXPECT_EQ(unlisted.error().code, Errc::Usage);
    EXPECT_THAT(unlisted.error().text, HasSubstr("prices.json has no price for openai:c"));
    EXPECT_THAT(unlisted.error().text, HasSubstr("\"input\""));
    const auto untold = PriceTable().find("openai:c");
    ASSERT_FALSE(untold.has_value());
    EXPECT_THAT(untold.error().text, HasSubstr("--prices free"));
    EXPECT_EQ(PriceTable::all_free().find("ollama:x").value(), Price{});
}

TEST(Ledger, SaysWhatIsWrongWithAPrice) {
    for (const auto& [text, words] : std::vector<std::pair<std::string, std::string>>{
             {"", "JSON object"},
             {"[]", "JSON object"},
             {R"({"m": 3})", "f: m: expected"},
             {R"({"m": {"input": 1}})", "both needed"},
             {R"({"m": {"input": -1, "output": 1}})", "\"input\" should be"},
             {R"({"m": {"input": "1", "output": 1}})", "\"input\" should be"},
             {R"({"m": {"input": 1, "output": 1, "outptu": 2}})", "unknown field \"outptu\""}}) {
        const auto table = PriceTable::parse(text, "f");
        ASSERT_FALSE(table.has_value()) << text;
        EXPECT_EQ(table.error().code, Errc::Invalid);
        EXPECT_THAT(table.error().text, HasSubstr(words));
    }
}

TEST(Ledger, CountsEachTokenAtItsOwnPrice) {
    const Price price{.input = 3, .cached = 0.3, .written = 3.75, .output = 15};
    const Usage usage{.input = 1000, .cached = 600, .written = 100, .output = 50, .reasoning = 20};
    EXPECT_DOUBLE_EQ(cost_of(usage, price).dollars,
                     (300 * 3 + 600 * 0.3 + 100 * 3.75 + 50 * 15) / 1e6);
    EXPECT_EQ(cost_of(usage, price).tokens, 1050);
}

TEST(Prices, ComeWithWhatAModelTakes) {
    const PriceTable table =
        PriceTable::parse(R"({"a:b": {"input": 0, "output": 0, "max_output": 4096,
            "limit_name": "max_completion_tokens", "system_role": false, "stream_usage": true},
            "c:d": {"input": 1, "output": 1}})",
                          "p")
            .value();
    const Traits expected{.max_output = 4096,
                          .limit_name = "max_completion_tokens",
                          .system_role = false,
                          .stream_usage = true};
    EXPECT_EQ(table.traits("a:b"), expected);
    EXPECT_EQ(table.traits("c:d"), Traits{});
    EXPECT_EQ(PriceTable::parse(table.text(), "q").value().traits("a:b"), expected);
    for (const auto& [field, words] : std::vector<std::pair<const char*, const char*>>{
             {R"("max_output": 0)", "from 256 to 1000000"},
             {R"("max_output": 1e9)", "whole number"},
             {R"("max_output": 18446744073709551615)", "whole number"},
             {R"("max_output": "4096")", "whole number"},
             {R"("limit_name": "limit")", "max_completion_tokens"},
             {R"("limit_name": 3)", "limit_name"},
             {R"("system_role": 1)", "true or false"},
             {R"("stream_usage": "no")", "true or false"},
             {R"("max_input": 5)", "unknown field \"max_input\""}}) {
        const auto wrong = PriceTable::parse(
            fmt::format(R"({{"a:b": {{"input": 1, "output": 1, {}}}}})", field), "p.json");
        ASSERT_FALSE(wrong.has_value()) << field;
        EXPECT_THAT(wrong.error().text, HasSubstr(words)) << field;
        EXPECT_THAT(wrong.error().text, HasSubstr("p.json: a:b")) << field;
    }
}

TEST(Prices, AreWrittenAsTheyAreRead) {
    PriceTable table = PriceTable::parse(R"({"a:b": {"input": 0.1, "output": 2}})", "p").value();
    const Price other{.input = 1, .cached = 0.5, .written = 3, .output = 4};
    table.set("c:d", other);
    const PriceTable again = PriceTable::parse(table.text(), "q").value();
    EXPECT_EQ(again.find("a:b").value(), table.find("a:b").value());
    EXPECT_EQ(again.find("c:d").value(), other);
    EXPECT_FALSE(again.holds("e:f"));
}

TEST(Ledger, ReservesAtLeastWhatACallCanCost) {
    Request request;
    request.messages = {{Role::User, std::string(1000, 'x')}};
    request.max_tokens = 100;
    const Price price{.input = 3, .cached = 0.3, .written = 3.75, .output = 15};
    // A token for each byte, all of them written to a cache, and a reply of full length.
    const Usage worst{.input = 1000, .cached = 0, .written = 1000, .output = 100, .reasoning = 0};
    EXPECT_GE(most_cost_of(request, price).dollars, cost_of(worst, price).dollars);
    EXPECT_GE(most_cost_of(request, price).tokens, cost_of(worst, price).tokens);
}

TEST(Ledger, CannotBeOvershot) {
    Ledger ledger({.dollars = 1.0}, {.dollars = 0.25});
    auto first = ledger.reserve({.dollars = 0.5});
    ASSERT_TRUE(first.has_value());
    EXPECT_FALSE(ledger.reserve({.dollars = 0.3}).has_value());
    EXPECT_DOUBLE_EQ(ledger.reserved().dollars, 0.5);
    first->settle({.dollars = 0.1});
    EXPECT_DOUBLE_EQ(ledger.spent().dollars, 0.35);
    EXPECT_DOUBLE_EQ(ledger.reserved().dollars, 0);
    EXPECT_TRUE(ledger.reserve({.dollars = 0.6}).has_value());
    // That one was dropped without a word: nobody knows what it cost.
    EXPECT_DOUBLE_EQ(ledger.spent().dollars, 0.95);
    EXPECT_FALSE(ledger.reserve({.dollars = 0.06}).has_value());
    EXPECT_TRUE(Ledger(Limits{}).reserve({.dollars = 1e9, .tokens = 1'000'000'000}).has_value());
}

TEST(Ledger, HoldsTheTokensOfAllModelsTogether) {
    Ledger ledger({.tokens = 1000}, {.dollars = 5, .tokens = 300});
    auto first = ledger.reserve({.tokens = 500});
    ASSERT_TRUE(first.has_value());
    const Amount too_much{.tokens = 201};
    EXPECT_FALSE(ledger.reserve(too_much).has_value());
    EXPECT_THAT(ledger.shortage(too_much),
                HasSubstr("may take 201 tokens, and of 1000 only 200 are left"));
    first->settle({.tokens = 100});
    EXPECT_EQ(ledger.spent().tokens, 400);
    auto second = ledger.reserve({.tokens = 600});
    ASSERT_TRUE(second.has_value());
    EXPECT_FALSE(ledger.reserve({.tokens = 1}).has_value());
}

TEST(Ledger, CannotBeOvershotByManyThreads) {
    Ledger ledger({.dollars = 100.0});
    std::atomic<int> granted = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 1000; ++i) {
                auto reservation = ledger.reserve({.dollars = 1});
                if (!reservation) continue;
                ++granted;
                reservation->settle({.dollars = 1});
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(granted, 100);
    EXPECT_DOUBLE_EQ(ledger.spent().dollars, 100);
}

}  // namespace
}  // namespace cupel::model
