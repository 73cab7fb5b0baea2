// SPDX-License-Identifier: Apache-2.0
// Parameters that an author leaves open in a kernel, `CUPEL_TUNE(tile, 16, 32, 64)`: the first
// value is the author's guess, and the others are tried without asking the author again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cupel::engineer {

struct Knob {
    std::string name;
    std::vector<std::int64_t> values;  // at least one, no two the same
    bool operator==(const Knob&) const = default;
};

using Setting = std::vector<std::size_t>;  // which value of each knob

class TunedText {
public:
    static constexpr std::size_t kMostKnobs = 8;
    static constexpr std::size_t kMostValues = 8;
    // Invalid, with what is wrong of which parameter. A text without parameters is a text.
    [[nodiscard]] static Result<TunedText> read(std::string_view source);

    [[nodiscard]] const std::vector<Knob>& knobs() const noexcept { return knobs_; }
    // The author's guess.
    [[nodiscard]] Setting first() const { return Setting(knobs_.size(), 0); }
    // The text with a number in place of each parameter.
    [[nodiscard]] std::string at(const Setting& setting) const;
    // Settings that differ in one step of one knob, nearest values first.
    [[nodiscard]] std::vector<Setting> neighbours(const Setting& setting) const;

private:
    struct Piece {
        std::string before;  // text up to the parameter
        std::size_t knob = 0;
    };
    std::vector<Piece> pieces_;
    std::string rest_;
    std::vector<Knob> knobs_;
};

}  // namespace cupel::engineer
