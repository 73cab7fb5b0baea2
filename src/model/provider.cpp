// SPDX-License-Identifier: Apache-2.0
#include "model/provider.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "base/text.hpp"

namespace cupel::model {
namespace {

struct Known {
    std::string_view name;
    Dialect dialect;
    std::string_view base_url;
    std::string_view key_variable;
};

// The three in the middle run on a machine of the user's and ask for no key; the last two are for
// any other server, whose address is given.
constexpr std::array kKnown = {
    Known{"openai", Dialect::Chat, "https://api.openai.com/v1", "OPENAI_API_KEY"},
    Known{"anthropic", Dialect::Messages, "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY"},
    Known{"llamacpp", Dialect::Chat, "http://localhost:8080/v1", ""},
    Known{"ollama", Dialect::Chat, "http://localhost:11434/v1", ""},
    Known{"vllm", Dialect::Chat, "http://localhost:8000/v1", ""},
    Known{"chat", Dialect::Chat, "", ""},
    Known{"messages", Dialect::Messages, "", ""},
};

struct FreeUrl {
    void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;

std::optional<std::string> part_of(const Url& url, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url.get(), part, &text, 0) != CURLUE_OK) return std::nullopt;
    std::string value = text;
    curl_free(text);
    return value;
}

// By the same reader that the transport uses, so that the two cannot disagree on what the host is.
Url read_url(std::string_view text) {
    Url url(curl_url());
    if (!url || curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), 0) != CURLUE_OK)
        return nullptr;
    return url;
}

}  // namespace

std::vector<std::string> provider_names() {
    std::vector<std::string> names;
    for (const Known& known : kKnown)
        names.emplace_back(known.name);
    return names;
}

Result<Provider> find_provider(std::string_view name) {
    const auto* const known = std::ranges::find(kKnown, name, &Known::name);
    if (known == kKnown.end()) {
        return fail(Errc::Usage,
                    fmt::format("unknown provider {}; known are {} (chat and messages: any server "
                                "of that style, with --base-url)",
                                name, join(provider_names(), ", ")));
    }
    Provider provider{.name = std::string(known->name),
                      .dialect = known->dialect,
                      .base_url = std::string(known->base_url),
                      .key_variable = std::string(known->key_variable),
                      .can = {}};
    // Its reasoning models refuse the old name, and its others know the new one.
    if (known->name == "openai") provider.can.limit_name = "max_completion_tokens";
    return provider;
}

Result<ModelName> parse_model_name(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) {
        return fail(Errc::Usage, fmt::format("--model {}: expected PROVIDER:NAME, such as "
                                             "ollama:qwen3 (providers: {})",
                                             text, join(provider_names(), ", ")));
    }
    ModelName name{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
    CUPEL_DO(find_provider(name.provider));
    return name;
}

Result<std::string> check_base_url(std::string_view text) {
    const auto wrong = [&](std::string_view what) {
        return fail(Errc::Usage, fmt::format("--base-url {}: {}", text, what));
    };
    const Url url = read_url(text);
    if (!url) return wrong("not a URL; expected something like http://localhost:8080/v1");
    const auto scheme = part_of(url, CURLUPART_SCHEME);
    if (scheme != "http" && scheme != "https") return wrong("only http and https are spoken");
    if (part_of(url, CURLUPART_USER) || part_of(url, CURLUPART_PASSWORD)) {
        return fail(Errc::Usage,
                    "--base-url: a user or a password in it would be shown and kept; "
                    "give the key by --key-env or --key-fd");
    }
    if (part_of(url, CURLUPART_QUERY) || part_of(url, CURLUPART_FRAGMENT))
        return wrong("no query and no fragment, please: a path is added to it");
    std::string plain(text);
    while (plain.ends_with('/'))
        plain.pop_back();
    return plain;
}

bool is_loopback(std::string_view text) {
    const Url url = read_url(text);
    if (!url) return false;
    const std::string host = part_of(url, CURLUPART_HOST).value_or("");
    const bool number =
        std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
    return host == "localhost" || host == "[::1]" || (number && host.starts_with("127."));
}

bool may_carry_key(std::string_view text) {
    const Url url = read_url(text);
    return url && (part_of(url, CURLUPART_SCHEME) == "https" || is_loopback(text));
}

}  // namespace cupel::model
