// SPDX-License-Identifier: Apache-2.0
#include "model/provider.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/dialect.hpp"

namespace cupel::model {
namespace {

TEST(Provider, NamesModelsByProviderAndName) {
    const auto name = parse_model_name("ollama:qwen3:8b");
    ASSERT_TRUE(name.has_value());
    EXPECT_EQ(name->provider, "ollama");
    EXPECT_EQ(name->model, "qwen3:8b");
    EXPECT_EQ(name->text(), "ollama:qwen3:8b");
    for (const char* ages : {"5e9", "1e300", "inf"})  // longer than any run
        EXPECT_EQ(read_retry_after(ages, 0), 1e9) << ages;
    for (const char* wrong : {"", "gpt", ":x", "openai:", "nobody:x"}) {
        const auto none = parse_model_name(wrong);
        ASSERT_FALSE(none.has_value()) << wrong;
        EXPECT_EQ(none.error().code, Errc::Usage);
        EXPECT_THAT(none.error().text, ::testing::HasSubstr("anthropic"));
    }
}

TEST(Provider, TakesPlainAddressesOnly) {
    EXPECT_EQ(check_base_url("https://example.org/v1/").value(), "https://example.org/v1");
    EXPECT_EQ(check_base_url("http://localhost:8080").value(), "http://localhost:8080");
    for (const char* wrong : {"", "localhost:8080", "file:///etc/passwd", "ftp://a/b", "http://",
                              "https://u:p@example.org/v1", "https://example.org/v1?key=x",
                              "https://example.org/#x", "javascript:alert(1)"}) {
        const auto none = check_base_url(wrong);
        ASSERT_FALSE(none.has_value()) << wrong;
        EXPECT_EQ(none.error().code, Errc::Usage);
        EXPECT_THAT(none.error().text, ::testing::Not(::testing::HasSubstr("u:p")));
    }
}

TEST(Provider, SendsAKeyOverANetworkWithinTlsOnly) {
    EXPECT_TRUE(may_carry_key("https://example.org/v1"));
    EXPECT_TRUE(may_carry_key("http://127.0.0.1:1/v1"));
    EXPECT_TRUE(may_carry_key("http://[::1]:1/v1"));
    EXPECT_FALSE(may_carry_key("http://example.org/v1"));
    EXPECT_FALSE(may_carry_key("http://127.0.0.1.example.org/v1"));
    EXPECT_FALSE(is_loopback("http://localhost.example.org/"));
    EXPECT_FALSE(is_loopback("http://localhost@example.org/"));
}

TEST(Provider, TellsPrivateAddressesFromPublicOnes) {
    for (const char* address :
         {"127.0.0.1", "localhost", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.9",
          "169.254.1.1", "100.64.0.1", "[::1]", "[fd00::7]", "[fe80::1]", "gpu-box", "box.local",
          "box.lan", "a.b.internal"})
        EXPECT_TRUE(is_private(fmt::format("http://{}:8000/v1", address))) << address;
    for (const char* address :
         {"8.8.8.8", "172.32.0.1", "172.15.0.1", "192.169.0.1", "100.128.0.1", "11.0.0.1",
          "api.openai.com", "local.example.org", "192.168.0.9.example.org", "[2001:db8::1]"})
        EXPECT_FALSE(is_private(fmt::format("http://{}:8000/v1", address))) << address;
    EXPECT_FALSE(is_private("http://10.0.0.1@example.org/"));
    EXPECT_FALSE(is_private(""));
}

TEST(Provider, NeverSendsWhatAModelDoesNotTake) {
    Request request;
    request.model = "m";
    request.system = "System.";
    request.messages = {{Role::User, "Hello"}};
    request.temperature = 0.5;
    Provider provider = find_provider("chat").value();
    EXPECT_THAT(request_body(provider, request), ::testing::HasSubstr(R"("temperature":0.5)"));
    provider.can = {.system_role = false,
                    .stream_usage = false,
                    .temperature = false,
                    .limit_name = "max_completion_tokens"};
    const std::string body = request_body(provider, request);
    EXPECT_THAT(body, ::testing::Not(::testing::HasSubstr("temperature")));
    EXPECT_THAT(body, ::testing::Not(::testing::HasSubstr("stream_options")));
    EXPECT_THAT(body, ::testing::Not(::testing::HasSubstr(R"("max_tokens")")));
    EXPECT_THAT(body, ::testing::HasSubstr(R"("content":"System.\n\nHello")"));
    EXPECT_THAT(body, ::testing::Not(::testing::HasSubstr("sample")));
}

TEST(Provider, ReadsHowLongToWait) {
    EXPECT_EQ(read_retry_after("7", 0), 7);
    EXPECT_EQ(read_retry_after("0.5", 0), 0.5);
    EXPECT_EQ(read_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", 784111777 - 30), 30);
    EXPECT_EQ(read_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", 784111777 + 30), 0);
    for (const char* wrong : {"", "soon", "-1", "nan"})
        EXPECT_FALSE(read_retry_after(wrong, 0).has_value()) << wrong;
}

}  // namespace
}  // namespace cupel::model
