// SPDX-License-Identifier: Apache-2.0
#include "model/provider.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
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

Capabilities adapt(Capabilities can, const Traits& traits) {
    can.limit_name = traits.limit_name.value_or(can.limit_name);
    can.system_role = traits.system_role.value_or(can.system_role);
    can.stream_usage = traits.stream_usage.value_or(can.stream_usage);
    return can;
}

std::vector<std::string> provider_names() {
    std::vector<std::string> names;
    names.reserve(kKnown.size());
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

bool is_private(std::string_view text) {
    if (is_loopback(text)) return true;
    const Url url = read_url(text);
    std::string host = url ? part_of(url, CURLUPART_HOST).value_or("") : "";
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    in_addr four{};
    if (inet_pton(AF_INET, host.c_str(), &four) == 1) {
        const std::uint32_t address = ntohl(four.s_addr);
        struct Net {
            std::uint32_t begin;
            int bits;
        };
        // RFC 1918, 3927 (of the link) and 6598 (shared, as overlay networks use it).
        static constexpr std::array kNets = {Net{0x0A000000, 8}, Net{0xAC100000, 12},
                                             Net{0xC0A80000, 16}, Net{0xA9FE0000, 16},
                                             Net{0x64400000, 10}};
        return std::ranges::any_of(
            kNets, [&](const Net& net) { return ((address ^ net.begin) >> (32 - net.bits)) == 0; });
    }
    in6_addr six{};
    if (inet_pton(AF_INET6, host.c_str(), &six) == 1) {
        const bool of_the_link = six.s6_addr[0] == 0xFE && (six.s6_addr[1] & 0xC0) == 0x80;
        return of_the_link || (six.s6_addr[0] & 0xFE) == 0xFC;  // RFC 4291, 4193
    }
    if (host.empty()) return false;
    static constexpr std::array<std::string_view, 5> kEndings = {".local", ".lan", ".internal",
                                                                 ".home.arpa", ".localhost"};
    return host.find('.') == std::string::npos ||
           std::ranges::any_of(kEndings,
                               [&](std::string_view ending) { return host.ends_with(ending); });
}

bool may_carry_key(std::string_view text) {
    const Url url = read_url(text);
    return url && (part_of(url, CURLUPART_SCHEME) == "https" || is_loopback(text));
}

}  // namespace cupel::model
