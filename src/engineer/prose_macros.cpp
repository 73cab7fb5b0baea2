// SPDX-License-Identifier: Apache-2.0
#include "engineer/prose_macros.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <optional>

#include "base/text.hpp"
#include "engineer/prose_words.hpp"

namespace cupel::engineer {
namespace {

constexpr int kMostRounds = 16;

bool is_name_char(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool is_digit(char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

bool is_blank_char(char c) {
    return std::isspace(static_cast<unsigned char>(c)) != 0;
}

// Where the word, literal or mark ends that begins there.
std::size_t end_of_token(std::string_view code, std::size_t at) {
    const char first = code[at];
    if (first == '\'' || first == '"') {
        for (++at; at < code.size() && code[at] != first && code[at] != '\n'; ++at)
            if (code[at] == '\\') ++at;
        return std::min(at + 1, code.size());
    }
    if (!is_name_char(first)) return at + 1;
    // 1'000 is one number.
    while (at < code.size() &&
           (is_name_char(code[at]) || (code[at] == '\'' && is_digit(first) &&
                                       at + 1 < code.size() && is_name_char(code[at + 1]))))
        ++at;
    return at;
}

// Behind the parenthesis that closes what opens there; none where it is not closed.
std::optional<std::size_t> end_of_parentheses(std::string_view code, std::size_t at) {
    int depth = 0;
    while (at < code.size()) {
        if (code[at] == '(') ++depth;
        if (code[at] == ')') --depth;
        at = end_of_token(code, at);
        if (depth == 0) return at;
    }
    return std::nullopt;
}

std::size_t next_token(std::string_view code, std::size_t at) {
    while (at < code.size() && is_blank_char(code[at]))
        ++at;
    return at;
}

// Whether a body stands for keywords, marks or nothing, and so for what everybody may read.
bool is_plain(std::string_view body, bool takes) {
    constexpr std::size_t kMostCharacters = 96;
    if (body.size() > kMostCharacters || body.find('#') != std::string_view::npos) return false;
    const bool attribute = body.find("__attribute__") != std::string_view::npos ||
                           body.find("[[") != std::string_view::npos;
    bool number = false;
    bool other = body.empty() || body.find_first_of(";{}") != std::string_view::npos;
    for (std::size_t at = 0; at < body.size();) {
        const std::size_t end = end_of_token(body, at);
        const std::string_view token = body.substr(at, end - at);
        at = end;
        const bool value = is_digit(token[0]) || token == "true" || token == "false";
        if (value) {
            number = true;
        } else if (is_name_char(token[0])) {
            if (!is_keyword(token) && !(attribute && is_known_attribute(token))) return false;
            other = true;
        }
    }
    return takes || other || !number;
}

// Whether what is called next can be what a macro leaves at its end; not where all of it stands
// between parentheses.
bool is_open_ended(std::string_view body) {
    return !body.empty() && !(body[0] == '(' && end_of_parentheses(body, 0) == body.size());
}

std::string_view last_word(std::string_view body) {
    std::size_t from = body.size();
    while (from > 0 && is_name_char(body[from - 1]))
        --from;
    return body.substr(from);
}

bool holds(const std::vector<std::string>& words, std::string_view word) {
    return std::ranges::find(words, word) != words.end();
}

}  // namespace

Macro Macros::read(std::string_view definition) {
    Macro macro;
    std::size_t name = 0;
    while (name < definition.size() && is_name_char(definition[name]))
        ++name;
    macro.name = definition.substr(0, name);
    macro.takes = name < definition.size() && definition[name] == '(';
    if (!macro.takes) {
        macro.body = trim(definition.substr(name));
        return macro;
    }
    const std::size_t close = std::min(definition.find(')', name), definition.size() - 1);
    macro.body = trim(definition.substr(close + 1));
    const std::string_view inside = definition.substr(name + 1, close - name - 1);
    if (trim(inside).empty()) return macro;
    const std::vector<std::string> words = split(inside, ',');
    for (const std::string& word : words) {
        std::string_view parameter = trim(word);
        if (parameter.ends_with("...")) {
            macro.variadic = true;
            parameter = trim(parameter.substr(0, parameter.size() - 3));
            if (parameter.empty()) parameter = "__VA_ARGS__";
        }
        macro.parameters.emplace_back(parameter);
    }
    return macro;
}

Macros::Macros(const std::vector<std::string>& definitions) {
    for (const std::string& definition : definitions) {
        by_name_[read(definition).name].push_back(all_.size());
        all_.push_back(read(definition));
    }
    find_plain();
    find_keywords();
    for (Macro& macro : all_)
        macro.body = trim(expanded(macro.body, &macro));
    find_uses(true);
    for (const Macro& macro : all_) {
        if (!macro.takes) continue;
        const std::vector<bool>& used = uses_.find(macro.name)->second;
        for (std::size_t i = 0; i < macro.parameters.size(); ++i)
            drops_ = drops_ || !used[i];
    }
    if (drops_) find_uses(false);
}

// One stands for another: found in rounds, to and fro, so that chains take one or two.
void Macros::find_plain() {
    bool more = true;
    for (int round = 0; round < kMostRounds && more; ++round) {
        more = false;
        for (std::size_t i = 0; i < all_.size(); ++i)
            more |= find_plain(all_[round % 2 == 0 ? i : all_.size() - 1 - i].name);
    }
}

bool Macros::find_plain(const std::string& name) {
    const std::vector<std::size_t>& which = by_name_.find(name)->second;
    const Macro& first = all_[which.front()];
    const bool one = std::ranges::all_of(which, [&](std::size_t i) {
        return all_[i].takes == first.takes && all_[i].body == first.body;
    });
    if (!one || name.empty() || plain_.contains(name)) return false;
    Macro macro = first;
    macro.body = trim(expanded(first.body, &first));
    if (!is_plain(macro.body, macro.takes)) return false;
    plain_.emplace(name, std::move(macro));
    return true;
}

void Macros::find_keywords() {
    constexpr std::size_t kMostKeywords = 4;
    for (const auto& [name, which] : by_name_) {
        const bool all = std::ranges::all_of(which, [&](std::size_t i) {
            return !all_[i].takes && is_plain(trim(expanded(all_[i].body, &all_[i])), false);
        });
        if (all && !plain_.contains(name)) keywords_.insert(name);
    }
    if (keywords_.size() > kMostKeywords) keywords_.clear();
}

std::string Macros::expanded(std::string_view code, const Macro* own) const {
    constexpr std::size_t kMostGrowth = 64 << 10;
    if (own != nullptr && own->body.find('#') != std::string::npos) return std::string(code);
    std::string text;
    for (std::size_t at = 0; at < code.size();) {
        std::size_t end = end_of_token(code, at);
        const std::string_view token = code.substr(at, end - at);
        const auto found = is_name_char(token[0]) ? plain_.find(token) : plain_.end();
        const bool named = own != nullptr && (own->name == token || holds(own->parameters, token));
        const std::size_t open = next_token(code, end);
        const bool called = open < code.size() && code[open] == '(';
        if (found == plain_.end() || named || (found->second.takes && !called)) {
            text += token;
            at = end;
            continue;
        }
        // What is not closed ends nowhere.
        if (found->second.takes) end = end_of_parentheses(code, open).value_or(code.size());
        if (text.size() < at + kMostGrowth) text += found->second.body;
        text.append(static_cast<std::size_t>(std::ranges::count(code.substr(at, end - at), '\n')),
                    '\n');
        // Two words that it stood between stay two.
        if (end < code.size() && is_name_char(code[end])) text += ' ';
        at = end;
    }
    return text;
}

template <typename Take>
void Macros::walk(std::string_view code, const Macro* own, const Take& take) const {
    struct Level {
        Call call;
        bool outer = false;  // all of it becomes no code
        bool dead = false;   // this argument does
        std::size_t index = 0;
        void settle() {
            dead = outer || call.lost;
            if (call.used != nullptr)
                dead = dead || !(*call.used)[std::min(index, call.used->size() - 1)];
        }
    };
    std::vector<Level> levels(1);
    Call next;
    bool pasted = false;
    for (std::size_t at = next_token(code, 0); at < code.size();) {
        const std::size_t end = end_of_token(code, at);
        const std::string_view token = code.substr(at, end - at);
        const bool closes = token == ")" && levels.size() > 1;
        const bool parts = token == "," && levels.back().call.used != nullptr;
        take(at, end, closes || parts ? levels.back().outer : levels.back().dead);
        if (token == "(") {
            Level level{.call = next, .outer = levels.back().dead};
            level.settle();
            levels.push_back(level);
        } else if (parts) {
            ++levels.back().index;
            levels.back().settle();
        }
        next = is_name_char(token[0]) ? call_of(token, own) : Call{};
        if (closes) {
            next.lost = levels.back().call.names_callee;
            next.names_callee = next.lost;
            levels.pop_back();
        }
        if (pasted && drops_) next = {.used = nullptr, .lost = true, .names_callee = true};
        pasted = token == "#" && code.substr(0, at).ends_with('#');
        at = next_token(code, end);
    }
}

// What a parenthesis behind that word would hand its arguments to.
Macros::Call Macros::call_of(std::string_view word, const Macro* own) const {
    constexpr int kMostAliases = 16;
    const Call lost{.used = nullptr, .lost = drops_, .names_callee = drops_};
    if (own != nullptr && own->name == word) return {};
    if (own != nullptr && holds(own->parameters, word)) return lost;
    for (int alias = 0; alias < kMostAliases; ++alias) {
        const auto found = by_name_.find(word);
        if (found == by_name_.end()) return {};
        const std::vector<std::size_t>& which = found->second;
        if (const auto used = uses_.find(word); used != uses_.end()) {
            const bool open = std::ranges::any_of(
                which, [&](std::size_t i) { return is_open_ended(all_[i].body); });
            return {.used = &used->second, .lost = false, .names_callee = drops_ && open};
        }
        const bool one = std::ranges::all_of(
            which, [&](std::size_t i) { return all_[i].body == all_[which.front()].body; });
        const std::string_view body = all_[which.front()].body;
        if (!one || (body.ends_with(')') && is_open_ended(body))) return lost;
        word = last_word(body);
    }
    return lost;
}

// Nothing is used until something is found to be: what the rounds do not reach is dropped.
void Macros::find_uses(bool handed_on) {
    uses_.clear();
    for (const Macro& macro : all_) {
        if (!macro.takes) continue;
        // What is too much is no code.
        std::vector<bool>& used = uses_[macro.name];
        used.resize(std::max(used.size(), macro.parameters.size() + (macro.variadic ? 0 : 1)));
    }
    drops_ = !handed_on;
    bool more = true;
    for (int round = 0; round < kMostRounds && more; ++round) {
        more = false;
        for (std::size_t i = 0; i < all_.size(); ++i) {
            const Macro& macro = all_[round % 2 == 0 ? i : all_.size() - 1 - i];
            if (macro.takes) more |= find_use(macro);
        }
    }
}

// As code: `#x` makes a string of it, `a##x` a name.
bool Macros::find_use(const Macro& macro) {
    std::vector<bool>& used = uses_.find(macro.name)->second;
    const std::string_view body = macro.body;
    bool more = false;
    walk(body, &macro, [&](std::size_t from, std::size_t to, bool dead) {
        if (dead || !is_name_char(body[from])) return;
        const std::string_view before = trim(body.substr(0, from));
        if (before.ends_with('#') && !before.ends_with("##")) return;
        const auto found = std::ranges::find(macro.parameters, body.substr(from, to - from));
        const auto which = static_cast<std::size_t>(found - macro.parameters.begin());
        if (found == macro.parameters.end() || used[which]) return;
        used[which] = true;
        more = true;
    });
    return more;
}

std::string Macros::without_dropped_arguments(std::string code, const Macro* own) const {
    if (uses_.empty()) return code;
    std::string text = code;
    walk(code, own, [&](std::size_t from, std::size_t to, bool dead) {
        for (std::size_t i = from; dead && i < to; ++i)
            if (text[i] != '\n') text[i] = ' ';
    });
    return text;
}

}  // namespace cupel::engineer
