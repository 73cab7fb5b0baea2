// SPDX-License-Identifier: Apache-2.0
// What models cost and what may be spent, in dollars and in tokens. A call reserves the most it can
// cost before it is made, and is settled when its cost is known: so calls side by side cannot
// overshoot together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/client.hpp"
#include "model/provider.hpp"

namespace cupel::model {

// US dollars for a million tokens.
struct Price {
    double input = 0;
    double cached = 0;   // input read from the provider's cache
    double written = 0;  // input written to it
    double output = 0;   // reasoning included
    bool operator==(const Price&) const = default;
};

[[nodiscard]] Amount cost_of(const Usage& usage, const Price& price);
// The most that a request can cost: a token is a byte at least, and the reply is as long as it may
// be.
[[nodiscard]] Amount most_cost_of(const Request& request, const Price& price);

// Prices by "PROVIDER:NAME". docs/models.md describes the file.
class PriceTable {
public:
    // Invalid says what is wrong in it, and where.
    [[nodiscard]] static Result<PriceTable> parse(std::string_view text, std::string_view name);
    // For servers of one's own.
    [[nodiscard]] static PriceTable all_free();
    [[nodiscard]] bool free() const noexcept { return free_; }
    // Usage for a model that is not in it, with what to do: an unknown price is never nothing.
    [[nodiscard]] Result<Price> find(std::string_view model) const;
    [[nodiscard]] bool holds(std::string_view model) const { return entries_.contains(model); }
    // What the table says of the model beside its price.
    [[nodiscard]] Traits traits(std::string_view model) const;
    void set(std::string_view model, const Price& price, const Traits& traits = {});
    // As parse() reads it, each price in full.
    [[nodiscard]] std::string text() const;

private:
    struct Entry {
        Price price;
        Traits traits;
    };
    std::map<std::string, Entry, std::less<>> entries_;
    std::string name_;
    bool free_ = false;
};

// What is not set is not limited, but counted none the less.
struct Limits {
    std::optional<double> dollars = {};
    std::optional<std::int64_t> tokens = {};
};

class Ledger {
public:
    // `spent` is what was paid before.
    explicit Ledger(Limits limits, Amount spent = {}) : limits_(limits), spent_(spent) {}

    // A part of the budget that a call holds. Dropped without being settled, it counts as spent:
    // nobody knows what the call cost.
    class Reservation {
    public:
        Reservation(Reservation&& other) noexcept;
        Reservation(const Reservation&) = delete;
        Reservation& operator=(const Reservation&) = delete;
        Reservation& operator=(Reservation&&) = delete;
        ~Reservation();
        // Once.
        void settle(const Amount& amount);

    private:
        friend class Ledger;
        Reservation(Ledger& ledger, const Amount& amount) : ledger_(&ledger), amount_(amount) {}
        Ledger* ledger_;
        Amount amount_;
    };

    // None where it might not be enough.
    [[nodiscard]] std::optional<Reservation> reserve(const Amount& most);
    [[nodiscard]] Amount spent() const;
    [[nodiscard]] Amount reserved() const;
    // Why `most` cannot be had, for people: of what, and how much of it is left.
    [[nodiscard]] std::string shortage(const Amount& most) const;

private:
    [[nodiscard]] bool is_short_of_dollars(const Amount& most) const;
    [[nodiscard]] bool is_short_of_tokens(const Amount& most) const;

    mutable std::mutex mutex_;
    Limits limits_;
    Amount spent_;
    Amount reserved_;
};

}  // namespace cupel::model
