// SPDX-License-Identifier: Apache-2.0
// What models cost and what may be spent. A call reserves the most it can cost before it is made,
// and is settled when its cost is known: so calls side by side cannot overshoot together.
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

namespace cupel::model {

// US dollars for a million tokens.
struct Price {
    double input = 0;
    double cached = 0;   // input read from the provider's cache
    double written = 0;  // input written to it
    double output = 0;   // reasoning included
    bool operator==(const Price&) const = default;
};

[[nodiscard]] double cost_of(const Usage& usage, const Price& price);
// The most that a request can cost: a token is a byte at least, and the reply is as long as it may
// be.
[[nodiscard]] double most_cost_of(const Request& request, const Price& price);

// Prices by "PROVIDER:NAME". docs/models.md describes the file.
class PriceTable {
public:
    // Invalid says what is wrong in it, and where.
    [[nodiscard]] static Result<PriceTable> parse(std::string_view text, std::string_view name);
    // For servers of one's own.
    [[nodiscard]] static PriceTable all_free();
    // Usage for a model that is not in it, with what to do: an unknown price is never nothing.
    [[nodiscard]] Result<Price> find(std::string_view model) const;

private:
    std::map<std::string, Price, std::less<>> prices_;
    std::string name_;
    bool free_ = false;
};

class Ledger {
public:
    // No limit: nothing is refused, but all is counted. `spent` is what was paid before.
    explicit Ledger(std::optional<double> limit, double spent = 0) : limit_(limit), spent_(spent) {}

    // A part of the budget that a call holds. Dropped without being settled, it counts as spent:
    // nobody knows what the call cost.
    class Reservation {
    public:
        Reservation(Reservation&& other) noexcept;
        Reservation(const Reservation&) = delete;
        Reservation& operator=(const Reservation&) = delete;
        Reservation& operator=(Reservation&&) = delete;
        ~Reservation();
        [[nodiscard]] double dollars() const noexcept { return dollars_; }
        // Once.
        void settle(double dollars);

    private:
        friend class Ledger;
        Reservation(Ledger& ledger, double dollars) : ledger_(&ledger), dollars_(dollars) {}
        Ledger* ledger_;
        double dollars_;
    };

    // None where it might not be enough.
    [[nodiscard]] std::optional<Reservation> reserve(double most);
    [[nodiscard]] double spent() const;
    [[nodiscard]] double reserved() const;
    [[nodiscard]] std::optional<double> limit() const noexcept { return limit_; }

private:
    mutable std::mutex mutex_;
    std::optional<double> limit_;
    double spent_;
    double reserved_ = 0;
};

}  // namespace cupel::model
