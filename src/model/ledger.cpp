// SPDX-License-Identifier: Apache-2.0
#include "model/ledger.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace cupel::model {
namespace {

constexpr double kMillion = 1e6;
// Of a message's frame and of what servers put around a prompt.
constexpr std::size_t kFrameBytes = 64;

struct Field {
    const char* name;
    std::optional<double> value;
};

bool read_number(const nlohmann::json& value, std::optional<double>& into) {
    if (!value.is_number()) return false;
    into = value.get<double>();
    return *into >= 0 && std::isfinite(*into);
}

// False: no trait has that name. Invalid: its value is none.
Result<bool> read_trait(const std::string& name, const nlohmann::json& value, Traits& traits) {
    constexpr std::int64_t kLeast = 256;  // no kernel is shorter
    constexpr std::int64_t kMost = 1'000'000;
    if (name == "max_output") {
        const auto tokens = value.is_number_integer() ? value.get<std::int64_t>() : 0;
        if (tokens < kLeast || tokens > kMost) {
            return fail(Errc::Invalid, fmt::format("\"max_output\" should be tokens of a reply, a "
                                                   "whole number from {} to {}",
                                                   kLeast, kMost));
        }
        traits.max_output = static_cast<int>(tokens);
        return true;
    }
    if (name == "limit_name") {
        if (value != "max_tokens" && value != "max_completion_tokens") {
            return fail(Errc::Invalid,
                        "\"limit_name\" should be \"max_tokens\" or "
                        "\"max_completion_tokens\"");
        }
        traits.limit_name = value.get<std::string>();
        return true;
    }
    if (name != "system_role" && name != "stream_usage") return false;
    if (!value.is_boolean())
        return fail(Errc::Invalid, fmt::format("\"{}\" should be true or false", name));
    (name == "system_role" ? traits.system_role : traits.stream_usage) = value.get<bool>();
    return true;
}

// What is said of one model, or why that cannot be read.
Result<void> read_entry(const nlohmann::json& entry, Price& price, Traits& traits) {
    if (!entry.is_object())
        return fail(Errc::Invalid, "expected {\"input\": ..., \"output\": ...}");
    std::array<Field, 4> fields = {
        {{"input", {}}, {"cached", {}}, {"written", {}}, {"output", {}}}};
    for (const auto& [name, value] : entry.items()) {
        auto* const field = std::ranges::find(fields, name, [](const Field& f) { return f.name; });
        if (field == fields.end()) {
            CUPEL_TRY(const bool known, read_trait(name, value, traits));
            if (known) continue;
            return fail(Errc::Invalid,
                        fmt::format("unknown field \"{}\" (input, cached, written, output, "
                                    "max_output, limit_name, system_role, stream_usage)",
                                    name));
        }
        if (!read_number(value, field->value)) {
            return fail(Errc::Invalid,
                        fmt::format("\"{}\" should be dollars for a million tokens", name));
        }
    }
    const std::optional<double> input = fields[0].value;
    const std::optional<double> output = fields[3].value;
    if (!input || !output) return fail(Errc::Invalid, "input and output are both needed");
    price.input = *input;
    price.output = *output;
    // Unless said otherwise nothing is cheaper for being cached, and writing to a cache costs what
    // the dearest provider takes for it.
    price.cached = fields[1].value.value_or(price.input);
    price.written = fields[2].value.value_or(2 * price.input);
    return {};
}

}  // namespace

Amount cost_of(const Usage& usage, const Price& price) {
    const std::int64_t cached = usage.cached.value_or(0);
    const std::int64_t written = usage.written.value_or(0);
    const auto plain =
        static_cast<double>(std::max<std::int64_t>(0, usage.input - cached - written));
    return {.dollars = (plain * price.input + static_cast<double>(cached) * price.cached +
                        static_cast<double>(written) * price.written +
                        static_cast<double>(usage.output) * price.output) /
                       kMillion,
            .tokens = usage.input + usage.output};
}

Amount most_cost_of(const Request& request, const Price& price) {
    std::size_t bytes = request.system.size() + kFrameBytes;
    for (const Message& message : request.messages)
        bytes += message.text.size() + kFrameBytes;
    const double dearest = std::max({price.input, price.cached, price.written});
    return {.dollars = (static_cast<double>(bytes) * dearest + request.max_tokens * price.output) /
                       kMillion,
            .tokens = static_cast<std::int64_t>(bytes) + request.max_tokens};
}

Result<PriceTable> PriceTable::parse(std::string_view text, std::string_view name) {
    const auto document = nlohmann::json::parse(text, nullptr, false);
    if (!document.is_object()) {
        return fail(
            Errc::Invalid,
            fmt::format("{}: not a JSON object of prices (docs/models.md shows one)", name));
    }
    PriceTable table;
    table.name_ = name;
    for (const auto& [model, entry] : document.items()) {
        Entry& into = table.entries_[model];
        if (auto read = read_entry(entry, into.price, into.traits); !read)
            return std::unexpected(std::move(read).error().in(fmt::format("{}: {}", name, model)));
    }
    return table;
}

PriceTable PriceTable::all_free() {
    PriceTable table;
    table.free_ = true;
    return table;
}

Result<Price> PriceTable::find(std::string_view model) const {
    if (free_) return Price{};
    const auto found = entries_.find(model);
    if (found != entries_.end()) return found->second.price;
    if (name_.empty()) {
        return fail(Errc::Usage,
                    fmt::format("what does {} cost? Give --prices FILE with a line for it "
                                "(docs/models.md), or --prices free for a server of your own",
                                model));
    }
    return fail(Errc::Usage, fmt::format("{} has no price for {}; add \"{}\": {{\"input\": ..., "
                                         "\"output\": ...}}, in dollars for a million tokens",
                                         name_, model, model));
}

Traits PriceTable::traits(std::string_view model) const {
    const auto found = entries_.find(model);
    return found != entries_.end() ? found->second.traits : Traits{};
}

void PriceTable::set(std::string_view model, const Price& price, const Traits& traits) {
    entries_.insert_or_assign(std::string(model), Entry{price, traits});
}

std::string PriceTable::text() const {
    nlohmann::json document = nlohmann::json::object();
    for (const auto& [model, entry] : entries_) {
        const auto& [price, traits] = entry;
        nlohmann::json& written = document[model];
        written = {{"input", price.input},
                   {"cached", price.cached},
                   {"written", price.written},
                   {"output", price.output}};
        if (traits.max_output) written["max_output"] = *traits.max_output;
        if (traits.limit_name) written["limit_name"] = *traits.limit_name;
        if (traits.system_role) written["system_role"] = *traits.system_role;
        if (traits.stream_usage) written["stream_usage"] = *traits.stream_usage;
    }
    return document.dump(2) + "\n";
}

Ledger::Reservation::Reservation(Reservation&& other) noexcept
    : ledger_(std::exchange(other.ledger_, nullptr)), amount_(other.amount_) {}

Ledger::Reservation::~Reservation() {
    if (ledger_ != nullptr) settle(amount_);
}

void Ledger::Reservation::settle(const Amount& amount) {
    CUPEL_CHECK(ledger_ != nullptr);
    Ledger& ledger = *std::exchange(ledger_, nullptr);
    const std::scoped_lock lock(ledger.mutex_);
    ledger.reserved_.dollars = std::max(0.0, ledger.reserved_.dollars - amount_.dollars);
    ledger.reserved_.tokens -= amount_.tokens;
    ledger.spent_ += amount;
}

bool Ledger::is_short_of_dollars(const Amount& most) const {
    return limits_.dollars && spent_.dollars + reserved_.dollars + most.dollars > *limits_.dollars;
}

bool Ledger::is_short_of_tokens(const Amount& most) const {
    return limits_.tokens && spent_.tokens + reserved_.tokens + most.tokens > *limits_.tokens;
}

std::optional<Ledger::Reservation> Ledger::reserve(const Amount& most) {
    const std::scoped_lock lock(mutex_);
    if (is_short_of_dollars(most) || is_short_of_tokens(most)) return std::nullopt;
    reserved_ += most;
    return Reservation(*this, most);
}

Amount Ledger::spent() const {
    const std::scoped_lock lock(mutex_);
    return spent_;
}

Amount Ledger::reserved() const {
    const std::scoped_lock lock(mutex_);
    return reserved_;
}

std::string Ledger::shortage(const Amount& most) const {
    const std::scoped_lock lock(mutex_);
    if (const auto limit = limits_.tokens; limit && is_short_of_tokens(most)) {
        return fmt::format("a call may take {} tokens, and of {} only {} are left", most.tokens,
                           *limit,
                           std::max<std::int64_t>(0, *limit - spent_.tokens - reserved_.tokens));
    }
    const double limit = limits_.dollars.value_or(0);
    return fmt::format("a call may cost ${:.4f}, and of ${:.4f} only ${:.4f} are left",
                       most.dollars, limit,
                       std::max(0.0, limit - spent_.dollars - reserved_.dollars));
}

}  // namespace cupel::model
