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

// What one model costs, or why that cannot be read.
Result<Price> read_price(const nlohmann::json& entry, std::string_view where) {
    if (!entry.is_object())
        return fail(Errc::Invalid,
                    fmt::format("{}: expected {{\"input\": ..., \"output\": ...}}", where));
    Price price;
    std::array<std::pair<const char*, std::optional<double>>, 4> fields = {
        {{"input", {}}, {"cached", {}}, {"written", {}}, {"output", {}}}};
    for (const auto& [name, value] : entry.items()) {
        auto* const field = std::ranges::find(fields, name, [](const auto& f) { return f.first; });
        if (field == fields.end()) {
            return fail(Errc::Invalid, fmt::format("{}: unknown field \"{}\" (input, cached, "
                                                   "written, output)",
                                                   where, name));
        }
        if (!value.is_number() || !(value.get<double>() >= 0) ||
            !std::isfinite(value.get<double>())) {
            return fail(
                Errc::Invalid,
                fmt::format("{}: \"{}\" should be dollars for a million tokens", where, name));
        }
        field->second = value.get<double>();
    }
    if (!fields[0].second || !fields[3].second)
        return fail(Errc::Invalid, fmt::format("{}: input and output are both needed", where));
    price.input = *fields[0].second;
    price.output = *fields[3].second;
    // Unless said otherwise nothing is cheaper for being cached, and writing to a cache costs what
    // the dearest provider takes for it.
    price.cached = fields[1].second.value_or(price.input);
    price.written = fields[2].second.value_or(2 * price.input);
    return price;
}

}  // namespace

Amount cost_of(const Usage& usage, const Price& price) {
    const auto plain =
        static_cast<double>(std::max<std::int64_t>(0, usage.input - usage.cached - usage.written));
    return {.dollars = (plain * price.input + static_cast<double>(usage.cached) * price.cached +
                        static_cast<double>(usage.written) * price.written +
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
        CUPEL_TRY(table.prices_[model], read_price(entry, fmt::format("{}: {}", name, model)));
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
    const auto found = prices_.find(model);
    if (found != prices_.end()) return found->second;
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

void PriceTable::set(std::string_view model, const Price& price) {
    prices_.insert_or_assign(std::string(model), price);
}

std::string PriceTable::text() const {
    nlohmann::json document = nlohmann::json::object();
    for (const auto& [model, price] : prices_) {
        document[model] = {{"input", price.input},
                           {"cached", price.cached},
                           {"written", price.written},
                           {"output", price.output}};
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
    if (is_short_of_tokens(most)) {
        return fmt::format(
            "a call may take {} tokens, and of {} only {} are left", most.tokens, *limits_.tokens,
            std::max<std::int64_t>(0, *limits_.tokens - spent_.tokens - reserved_.tokens));
    }
    const double limit = limits_.dollars.value_or(0);
    return fmt::format("a call may cost ${:.4f}, and of ${:.4f} only ${:.4f} are left",
                       most.dollars, limit,
                       std::max(0.0, limit - spent_.dollars - reserved_.dollars));
}

}  // namespace cupel::model
