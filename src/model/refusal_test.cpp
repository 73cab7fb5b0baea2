// SPDX-License-Identifier: Apache-2.0
// What the words of providers mean, as they were met.
#include "model/refusal.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <vector>

namespace cupel::model {
namespace {

struct Refused {
    int status;
    std::string_view code;
    std::string_view message;
};

FaultKind kind_of(const Refused& refused) {
    const std::string body =
        fmt::format(R"({{"error":{{"code":"{}","message":"{}"}}}})", refused.code, refused.message);
    return read_refusal({refused.status, body, std::nullopt, ""}).kind;
}

TEST(Refusal, OfAPromptThatDoesNotFitIsOfThatPromptAlone) {
    const std::vector<Refused> unfit = {
        {400, "context_length_exceeded", "This model's maximum context length is 8192 tokens"},
        {400, "", "the request exceeds the available context size, try increasing it"},
        {500, "", "the request exceeds the available context size"},
        {400, "", "prompt is too long: 210000 tokens > 200000 maximum"},
        {400, "", "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"},
        {413, "request_too_large", "Request exceeds the maximum size"},
        {413, "", ""},
        {400, "content_filter", "The response was filtered due to the prompt"},
        {400, "", "Output blocked by content filtering policy"},
        {403, "", "m requires moderation. Your input was flagged for x"},
        {400, "invalid_prompt", "Your prompt was flagged as violating our usage policy"}};
    for (const Refused& refused : unfit)
        EXPECT_EQ(kind_of(refused), FaultKind::Unfit) << refused.message;
}

TEST(Refusal, OfTheModelOrTheKeyIsOfEveryPrompt) {
    const std::vector<Refused> never = {
        {400, "", "max_tokens: 16384 > 8192, which is the maximum allowed number of output tokens"},
        {400, "unsupported_parameter", "Use 'max_completion_tokens' instead"},
        {401, "", "invalid key"},
        {404, "model_not_found", "The model does not exist"}};
    for (const Refused& refused : never)
        EXPECT_EQ(kind_of(refused), FaultKind::Refused) << refused.message;
    EXPECT_EQ(kind_of({429, "rate_limit_exceeded", "input is too long for tokens per min"}),
              FaultKind::Transient);
    EXPECT_EQ(kind_of({400, "", "credit balance is too low; prompt is too long"}),
              FaultKind::SpendCap);
}

}  // namespace
}  // namespace cupel::model
