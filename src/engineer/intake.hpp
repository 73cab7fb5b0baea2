// SPDX-License-Identifier: Apache-2.0
// Between a text that somebody wrote and the drafts that are tried: parameters that its author left
// open are settled, first at the author's guess, then wherever a step makes it faster. What an
// earlier part of the run has tried of a text is taken as tried, so that a sweep that was killed
// in the middle goes on where it was.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engineer/earlier.hpp"
#include "engineer/tune.hpp"
#include "engineer/writer.hpp"

namespace cupel::engineer {

class Intake {
public:
    // `origin` of kernels: "model".
    explicit Intake(std::string origin) : origin_(std::move(origin)) {}
    void remember(Earlier earlier) { earlier_ = std::move(earlier); }
    // Of the texts that are offered from here on.
    void set_origin(std::string origin) { origin_ = std::move(origin); }
    [[nodiscard]] const Earlier& earlier() const noexcept { return earlier_; }

    // Takes a kernel's text in; the ticket of its first draft. Invalid, with words for the author,
    // where it cannot be one.
    [[nodiscard]] Result<std::uint64_t> offer(std::string_view text,
                                              std::vector<archive::KernelId> parents,
                                              std::string_view phase);
    // The same for a text that an earlier part of the run had.
    struct Resumed {
        std::uint64_t ticket = 0;
        std::optional<Trial> first;  // of its first draft, where that was tried then
        double gain = 0;             // of its other settings, then
    };
    [[nodiscard]] Result<Resumed> offer_again(std::string_view text,
                                              std::vector<archive::KernelId> parents,
                                              std::string_view phase);
    [[nodiscard]] std::optional<Draft> next();
    [[nodiscard]] bool empty() const noexcept { return ready_.empty(); }
    // Something is to be tried, or is being tried.
    [[nodiscard]] bool busy() const noexcept { return !sweeps_.empty(); }
    // `best` is the incumbent's score: what is far from it is not swept. The ticket of the first
    // draft of the text that this one comes from. Once for each draft, or dropped() once.
    std::uint64_t tried(const Draft& draft, const Trial& trial, double best);
    // It is not tried, and nothing comes of it.
    void dropped(const Draft& draft);
    // Whether drafts of the text with that first ticket are still to be told of. What is closed is
    // forgotten: a run of many thousands of texts holds those that are in hand.
    [[nodiscard]] bool is_open(std::uint64_t first) const { return sweeps_.contains(first); }

private:
    static constexpr int kMostSettings = 16;  // tried of one text
    struct Sweep {
        TunedText text;
        std::set<Setting> seen;
        std::optional<double> best;  // score
        std::vector<archive::KernelId> parents;
        std::string origin;
        int left = kMostSettings;
        int waiting = 0;  // drafts that nothing is known of yet
    };
    struct Place {
        std::uint64_t first = 0;  // ticket
        Setting setting;
    };
    std::uint64_t push(std::uint64_t first, const Setting& setting, std::string_view phase);
    void step_on(std::uint64_t first, const Setting& from);

    std::string origin_;
    Earlier earlier_;
    std::map<std::uint64_t, Sweep> sweeps_;  // by first ticket
    std::map<std::uint64_t, Place> places_;
    std::deque<Draft> ready_;
    std::uint64_t next_ticket_ = 1;
};

}  // namespace cupel::engineer
