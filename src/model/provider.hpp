// SPDX-License-Identifier: Apache-2.0
// Where a model is asked, and how: the provider's address, the dialect it speaks, what its models
// accept.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cupel::model {

enum class Dialect {
    Chat,      // OpenAI Chat Completions; also vLLM, llama.cpp, Ollama and most others
    Messages,  // Anthropic Messages
};

// What is sent and what is not. A parameter that a model refuses costs a call to find out.
struct Capabilities {
    bool system_role = true;                // else the system text leads the first message
    bool stream_usage = true;               // Chat: asks for token counts at the end of the stream
    bool temperature = true;                // else never sent
    std::string limit_name = "max_tokens";  // Chat: newer models of OpenAI want another
};

// What the user says of one model beside its price; what is not set is as its provider's.
struct Traits {
    std::optional<int> max_output = {};  // tokens of a reply, at most
    std::optional<std::string> limit_name = {};
    std::optional<bool> system_role = {};
    std::optional<bool> stream_usage = {};
    bool operator==(const Traits&) const = default;
};
[[nodiscard]] Capabilities adapt(Capabilities can, const Traits& traits);

struct Provider {
    std::string name;  // "openai"
    Dialect dialect = Dialect::Chat;
    std::string base_url;      // without the last slash; empty: must be given
    std::string key_variable;  // where its key is looked for; empty: it needs none
    Capabilities can;
};

// The names of those that are known.
[[nodiscard]] std::vector<std::string> provider_names();
// Usage, naming those known, for any other.
[[nodiscard]] Result<Provider> find_provider(std::string_view name);

// "PROVIDER:NAME"; the name may hold colons ("ollama:qwen3:8b").
struct ModelName {
    std::string provider;
    std::string model;
    [[nodiscard]] std::string text() const { return provider + ":" + model; }
    auto operator<=>(const ModelName&) const = default;
};
[[nodiscard]] Result<ModelName> parse_model_name(std::string_view text);

// A URL that requests may go to: http or https, a host, no user, no query. Usage says what is
// wrong.
[[nodiscard]] Result<std::string> check_base_url(std::string_view url);
// Whether it is this machine.
[[nodiscard]] bool is_loopback(std::string_view url);
// Whether it is that or a machine of a private network, by its address or by a name that no public
// server has.
[[nodiscard]] bool is_private(std::string_view url);
// A key crosses a network only within TLS.
[[nodiscard]] bool may_carry_key(std::string_view url);

}  // namespace cupel::model
