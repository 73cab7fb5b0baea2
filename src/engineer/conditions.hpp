// SPDX-License-Identifier: Apache-2.0
// What a preprocessor would decide of a text alone: which branches of #if are plainly dead.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cupel::engineer {

// The word behind the '#' of a directive; empty for other lines.
[[nodiscard]] std::string directive_of(std::string_view line);
// What stands behind that word.
[[nodiscard]] std::string_view rest_of_directive(std::string_view line);
// The name at the beginning, as far as it goes.
[[nodiscard]] std::string_view leading_name(std::string_view text);

// Goes through a text line by line. A macro that the text does not define is none, unless it is one
// that compilers and their headers have.
class Conditions {
public:
    // The line as it is to be shown: empty where no compiler would see it, and where a directive is
    // decided.
    [[nodiscard]] std::string take(const std::string& line);

private:
    struct Frame {
        bool inert = false;  // all of it stands in a dead branch
        bool dead = false;   // the branch that is open now
        bool taken = false;  // a branch was sure to be taken: the others are dead
        bool shown = false;  // an #if stands in what is shown
    };
    struct Macro {
        bool sure = true;
        std::optional<long long> value;
    };
    friend class ConditionReader;

    [[nodiscard]] bool hidden() const { return !frames_.empty() && frames_.back().dead; }
    [[nodiscard]] bool is_sure() const;
    // Empty: it depends on what is not known here.
    [[nodiscard]] std::optional<bool> decide(std::string_view how, std::string_view rest) const;
    [[nodiscard]] std::string branch(std::string_view how, std::string_view rest);
    [[nodiscard]] std::string open(std::string_view how, std::string_view rest);
    void define(std::string_view rest);

    std::vector<Frame> frames_;
    std::map<std::string, Macro, std::less<>> macros_;
};

}  // namespace cupel::engineer
