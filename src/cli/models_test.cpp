// SPDX-License-Identifier: Apache-2.0
#include "cli/models.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "os/files.hpp"

namespace cupel::cli {
namespace {

Options naming(std::vector<std::string> models) {
    Options options;
    options.models = std::move(models);
    return options;
}

TEST(Models, NeedNoKeyOnAServerOfOnesOwn) {
    Options options = naming({"ollama:qwen3:8b"});
    options.prices = "free";
    const auto setup = set_up_models(options);
    ASSERT_TRUE(setup.has_value()) << setup.error().text;
    EXPECT_TRUE(setup->local);
    EXPECT_EQ(setup->accounts.at(0)->provider.base_url, "http://localhost:11434/v1");
    EXPECT_TRUE(setup->accounts.at(0)->key.empty());
    EXPECT_TRUE(set_up_models(Options{})->voices.empty());
}

TEST(Models, AreNotAskedBeforeAllIsKnown) {
    const os::TempDir folder = os::TempDir::make("cupel-models").value();
    const std::string prices = (folder.path() / "prices.json").string();
    ASSERT_TRUE(os::write_file_atomically(
        prices, R"({"openai:m": {"input": 1, "output": 2}, "chat:m": {"input": 0, "output": 0}})"));
    ::unsetenv("OPENAI_API_KEY");
    struct Case {
        std::function<void(Options&)> change;
        const char* words;
    };
    for (const auto& [change, words] : std::vector<Case>{
             {[](Options& o) { o.prices.clear(); }, "what does openai:m cost"},
             {[](Options& o) { o.models = {"openai:n"}; }, "has no price for openai:n"},
             {[](Options& o) { o.prices = "none.json"; }, "--prices none.json"},
             {[](Options& o) { o.budget.dollars.reset(); }, "--dollars"},
             {[](Options&) {}, "OPENAI_API_KEY holds no key"},
             {[](Options& o) { o.key_env = "CUPEL_NO_SUCH_KEY"; }, "CUPEL_NO_SUCH_KEY"},
             {[](Options& o) { o.key_fd = 9999; }, "--key-fd 9999"},
             {[](Options& o) { o.key_fd = 3, o.key_env = "X"; }, "one key"},
             {[](Options& o) { o.models = {"gpt"}; }, "PROVIDER:NAME"},
             {[](Options& o) { o.models = {"chat:m"}; }, "--base-url"},
             {[](Options& o) { o.base_url = "ftp://x/"; }, "http and https"},
             {[](Options& o) { o.replay = "r"; }, "--replay"},
             {[](Options& o) { o.models.clear(); }, "--prices belongs to --model"}}) {
        Options options = naming({"openai:m"});
        options.prices = prices;
        options.budget.dollars = 1;
        change(options);
        const auto setup = set_up_models(options);
        ASSERT_FALSE(setup.has_value()) << words;
        EXPECT_EQ(setup.error().code, Errc::Usage) << words;
        EXPECT_THAT(setup.error().text, ::testing::HasSubstr(words));
    }
}

TEST(Models, GetTheirKeyOverTlsOnlyAndForgetWhereItWas) {
    const os::TempDir folder = os::TempDir::make("cupel-models").value();
    Options options = naming({"chat:m"});
    options.prices = (folder.path() / "prices.json").string();
    ASSERT_TRUE(
        os::write_file_atomically(options.prices, R"({"chat:m": {"input": 0, "output": 0}})"));
    options.base_url = "http://example.org/v1";
    options.key_env = "CUPEL_TEST_MODEL_KEY";
    ::setenv("CUPEL_TEST_MODEL_KEY", "sk-12345678", 1);
    const auto refused = set_up_models(options);
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().text, ::testing::HasSubstr("TLS"));
    options.base_url = "https://example.org/v1";
    ::setenv("CUPEL_TEST_MODEL_KEY", "sk-12345678", 1);
    const auto setup = set_up_models(options);
    ASSERT_TRUE(setup.has_value()) << setup.error().text;
    EXPECT_EQ(setup->accounts.at(0)->key.secret(), "sk-12345678");
    EXPECT_EQ(::getenv("CUPEL_TEST_MODEL_KEY"), nullptr);
    EXPECT_FALSE(setup->local);
}

TEST(Models, AreFreeOnlyWhereTheyAreTheUsersOwn) {
    ::setenv("CUPEL_TEST_FREE_KEY", "sk-12345678", 1);
    struct Case {
        const char* model;
        const char* address;
        const char* key_env;
        bool free;
    };
    for (const auto& [model, address, key_env, free] :
         std::vector<Case>{{"openai:m", "", "CUPEL_TEST_FREE_KEY", false},
                           {"anthropic:m", "", "CUPEL_TEST_FREE_KEY", false},
                           {"chat:m", "https://api.example.org/v1", "", false},
                           {"chat:m", "https://api.example.org/v1", "CUPEL_TEST_FREE_KEY", false},
                           {"chat:m", "https://192.168.1.7/v1", "CUPEL_TEST_FREE_KEY", false},
                           {"openai:m", "https://192.168.1.7/v1", "CUPEL_TEST_FREE_KEY", false},
                           {"chat:m", "http://192.168.1.7:8000/v1", "", true},
                           {"vllm:m", "http://gpu-box:8000/v1", "", true},
                           {"vllm:m", "http://8.8.8.8:8000/v1", "", false},
                           {"chat:m", "http://127.0.0.1:4000/v1", "CUPEL_TEST_FREE_KEY", true},
                           {"ollama:m", "", "", true}}) {
        ::setenv("CUPEL_TEST_FREE_KEY", "sk-12345678", 1);
        Options options = naming({model});
        options.prices = "free";
        options.base_url = address;
        options.key_env = key_env;
        const auto setup = set_up_models(options);
        EXPECT_EQ(setup.has_value(), free) << model << " " << address;
        if (setup || free) continue;
        EXPECT_EQ(setup.error().code, Errc::Usage);
        EXPECT_THAT(setup.error().text, ::testing::HasSubstr("--prices free"));
        EXPECT_THAT(setup.error().text, ::testing::HasSubstr(model));
        EXPECT_THAT(setup.error().text, ::testing::HasSubstr("\"input\""));
    }
}

TEST(Models, CostWhatTheRunSaysWhereNothingElseIsSaid) {
    const os::TempDir folder = os::TempDir::make("cupel-models").value();
    const auto write = [&](const char* name, std::string_view text) {
        EXPECT_TRUE(os::write_file_atomically(folder.path() / name, text));
        return (folder.path() / name).string();
    };
    Options options = naming({"chat:m"});
    options.base_url = "http://localhost:1/v1";
    options.budget.dollars = 1;
    options.prices = write("given.json", R"({"chat:m": {"input": 1, "output": 2}})");
    const auto first = set_up_models(options);
    ASSERT_TRUE(first.has_value()) << first.error().text;
    EXPECT_EQ(first->note, "");
    write("prices.json", first->prices);

    options.resume = folder.path().string();
    EXPECT_EQ(set_up_models(options).value().note, "");
    options.prices.clear();
    const auto resumed = set_up_models(options);
    ASSERT_TRUE(resumed.has_value()) << resumed.error().text;
    EXPECT_EQ(resumed->voices.at(0).price, first->voices.at(0).price);
    EXPECT_EQ(resumed->prices, first->prices);

    options.prices = write("given.json", R"({"chat:m": {"input": 1, "output": 3}})");
    const auto dearer = set_up_models(options);
    ASSERT_TRUE(dearer.has_value()) << dearer.error().text;
    EXPECT_THAT(dearer->note, ::testing::HasSubstr("differs from the run's own prices.json"));
    EXPECT_THAT(dearer->note, ::testing::HasSubstr("chat:m"));
    EXPECT_EQ(dearer->voices.at(0).price.output, 3);

    // One more model is no contradiction, and none is forgotten.
    options.prices = write("given.json", R"({"chat:n": {"input": 0, "output": 1}})");
    options.models = {"chat:n"};
    const auto more = set_up_models(options);
    ASSERT_TRUE(more.has_value()) << more.error().text;
    EXPECT_EQ(more->note, "");
    EXPECT_THAT(more->prices, ::testing::HasSubstr("chat:m"));
    options.prices.clear();
    options.models = {"chat:o"};
    EXPECT_THAT(set_up_models(options).error().text, ::testing::HasSubstr("no price for chat:o"));
    write("prices.json", "{");
    EXPECT_THAT(set_up_models(options).error().text, ::testing::HasSubstr("prices.json"));
}

TEST(Models, OfSeveralProvidersShareNoAddress) {
    Options options = naming({"ollama:a", "llamacpp:b"});
    options.prices = "free";
    EXPECT_EQ(set_up_models(options).value().accounts.size(), 2U);
    options.base_url = "http://localhost:1/v1";
    EXPECT_THAT(set_up_models(options).error().text, ::testing::HasSubstr("of one provider"));
}

}  // namespace
}  // namespace cupel::cli
