// SPDX-License-Identifier: Apache-2.0
// What a preprocessor drops of a kernel: words that stand for nothing, and arguments that become no
// code.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cupel::engineer {

struct Macro {
    std::string name;
    bool takes = false;  // arguments
    bool variadic = false;
    std::vector<std::string> parameters;  // "..." is __VA_ARGS__
    std::string body;
};

class Macros {
public:
    // Of definitions, each from its name on: "D(a, ...) a + 1".
    explicit Macros(const std::vector<std::string>& definitions);

    // With what stands for no name, nor for a value, replaced by what it stands for: keywords,
    // marks, nothing at all. `own` is the definition whose body the code is. Lines stay.
    [[nodiscard]] std::string expanded(std::string_view code, const Macro* own = nullptr) const;

    // As long as before, with spaces for arguments that become no code, or may become none: those
    // that a macro hands on to what it was handed itself, where any macro here drops something.
    [[nodiscard]] std::string without_dropped_arguments(std::string code,
                                                        const Macro* own = nullptr) const;

    // Those that stand for keywords, but here for some and there for others. None where there are
    // more than a kernel needs, which would be words to talk with.
    [[nodiscard]] const std::set<std::string, std::less<>>& keywords() const { return keywords_; }

    [[nodiscard]] static Macro read(std::string_view definition);

private:
    struct Call {
        const std::vector<bool>* used = nullptr;  // of its arguments; the last for all that follow
        bool lost = false;                        // nobody knows what becomes of them
        bool names_callee = false;                // what is called next may be what it names
    };
    template <typename Take>
    void walk(std::string_view code, const Macro* own, const Take& take) const;
    [[nodiscard]] Call call_of(std::string_view word, const Macro* own) const;
    void find_plain();
    bool find_plain(const std::string& name);
    void find_keywords();
    void find_uses(bool handed_on);
    bool find_use(const Macro& macro);

    std::vector<Macro> all_;
    std::map<std::string, std::vector<std::size_t>, std::less<>> by_name_;
    std::map<std::string, Macro, std::less<>> plain_;  // with what they stand for as bodies
    std::set<std::string, std::less<>> keywords_;
    std::map<std::string, std::vector<bool>, std::less<>> uses_;
    bool drops_ = false;  // any of them an argument
};

}  // namespace cupel::engineer
