// SPDX-License-Identifier: Apache-2.0
// Where a command speaks. Standard output holds the result: text for a person, or with --json
// exactly one document. Standard error holds everything else: notes, and a status line that
// rewrites itself on a terminal.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include "report/card.hpp"
#include "report/style.hpp"

namespace cupel::cli {

class Console {
public:
    explicit Console(bool json);

    [[nodiscard]] bool json() const noexcept { return json_; }

    // The result, for a person, without what steers a terminal; nothing with --json.
    void print(std::string_view text);
    void print(const report::Card& card);
    // The result, for a program; nothing without --json. Only the first is told.
    void document(const nlohmann::json& json);
    // A line of a list: cut to the width of the terminal, whole where nobody looks.
    [[nodiscard]] std::string fit(std::string_view line) const;
    // One line on standard error.
    void note(std::string_view line);
    // What is going on now. On a terminal the line before it is replaced, at most ten times a
    // second; elsewhere a line is printed when the phase changes, and every five seconds within
    // one.
    void status(std::string_view phase, std::string_view text);
    void clear_status();
    // False if standard output could not be written (a full disk, a closed pipe).
    [[nodiscard]] bool finish();

private:
    bool json_;
    bool told_ = false;  // the one document is out
    bool live_;          // standard error is a terminal that can rewrite a line
    report::Style out_;
    report::Style err_;
    std::string phase_;
    std::int64_t last_ns_ = 0;
    bool line_open_ = false;
};

}  // namespace cupel::cli
