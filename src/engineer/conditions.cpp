// SPDX-License-Identifier: Apache-2.0
#include "engineer/conditions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "base/text.hpp"

namespace cupel::engineer {
namespace {

// Of compilers and their headers, by how they begin.
constexpr std::array<std::string_view, 33> kForeign = {
    "__AVX",    "__SSE",  "__FMA",  "__F16C",  "__BMI",   "__CUDA",  "__NVCC",
    "__GNUC",   "__GLIB", "__GXX",  "__clang", "__cplus", "__cpp_",  "__has_",
    "__x86_64", "__aarc", "__ARM_", "__linux", "__OPTIM", "__FAST_", "__SIZEOF",
    "__BYTE_O", "__FLT",  "__DBL",  "__INTEL", "_OPENMP", "__STDC",  "CUDART_",
    "CUPEL_",   "M_",     "FLT_",   "DBL_",    "INFINITY"};
constexpr std::array<std::string_view, 12> kForeignWhole = {
    "NAN",     "HUGE_VAL", "HUGE_VALF", "CHAR_BIT", "NDEBUG",     "INT_MAX",
    "INT_MIN", "UINT_MAX", "LONG_MAX",  "SIZE_MAX", "UINT32_MAX", "NULL"};

bool is_foreign(std::string_view name) {
    return std::ranges::find(kForeignWhole, name) != kForeignWhole.end() ||
           std::ranges::any_of(kForeign,
                               [&](std::string_view begin) { return name.starts_with(begin); });
}

bool is_name_part(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::optional<long long> number_in(std::string_view text) {
    while (!text.empty() && std::string_view("uUlL").find(text.back()) != std::string_view::npos)
        text.remove_suffix(1);
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    if (hex) text.remove_prefix(2);
    long long value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

struct Infix {
    std::string_view mark;
    int rank;
};
// Longer marks first.
constexpr std::array<Infix, 11> kInfix = {{{"||", 1},
                                           {"&&", 2},
                                           {"==", 3},
                                           {"!=", 3},
                                           {"<=", 4},
                                           {">=", 4},
                                           {"<", 4},
                                           {">", 4},
                                           {"+", 5},
                                           {"-", 5},
                                           {"*", 6}}};

}  // namespace

// The expression behind #if. Whatever it does not understand is not known.
class ConditionReader {
public:
    using Value = std::optional<long long>;
    ConditionReader(const Conditions& of, std::string_view text) : of_(of), text_(text) {}

    [[nodiscard]] Value read() {
        const Value value = infix(1);
        skip();
        return at_ == text_.size() && !lost_ ? value : std::nullopt;
    }

private:
    static constexpr int kDeepest = 100;

    void skip() {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0)
            ++at_;
    }
    bool eat(std::string_view mark) {
        skip();
        if (!text_.substr(at_).starts_with(mark)) return false;
        at_ += mark.size();
        return true;
    }
    static Value join(std::string_view mark, Value a, Value b) {
        // Sums of numbers that a text chose may not overflow here.
        constexpr long long kMost = 1LL << 30;
        if (mark == "&&" && ((a && *a == 0) || (b && *b == 0))) return 0;
        if (mark == "||" && ((a && *a != 0) || (b && *b != 0))) return 1;
        if (!a || !b || *a > kMost || *b > kMost || *a < -kMost || *b < -kMost) return std::nullopt;
        if (mark == "&&") return 1;
        if (mark == "||") return 0;
        if (mark == "==") return *a == *b ? 1 : 0;
        if (mark == "!=") return *a != *b ? 1 : 0;
        if (mark == "<=") return *a <= *b ? 1 : 0;
        if (mark == ">=") return *a >= *b ? 1 : 0;
        if (mark == "<") return *a < *b ? 1 : 0;
        if (mark == ">") return *a > *b ? 1 : 0;
        if (mark == "+") return *a + *b;
        return mark == "-" ? *a - *b : *a * *b;
    }
    Value infix(int least) {
        if (++depth_ > kDeepest) lost_ = true;
        Value value = unary();
        while (!lost_) {
            const auto* const found = std::ranges::find_if(kInfix, [&](const Infix& one) {
                skip();
                return one.rank >= least && text_.substr(at_).starts_with(one.mark);
            });
            if (found == kInfix.end()) break;
            at_ += found->mark.size();
            value = join(found->mark, value, infix(found->rank + 1));
        }
        --depth_;
        return value;
    }
    Value unary() {
        if (lost_ || ++depth_ > kDeepest) {
            lost_ = true;
            return std::nullopt;
        }
        Value value;
        if (eat("!")) {
            value = unary();
            if (value) value = *value == 0 ? 1 : 0;
        } else if (eat("(")) {
            value = infix(1);
            if (!eat(")")) lost_ = true;
        } else {
            value = word();
        }
        --depth_;
        return value;
    }
    std::string_view name() {
        skip();
        const std::size_t from = at_;
        while (at_ < text_.size() && is_name_part(text_[at_]))
            ++at_;
        return text_.substr(from, at_ - from);
    }
    Value word() {
        const std::string_view found = name();
        if (found.empty()) lost_ = true;
        if (found == "true") return 1;
        if (found == "false") return 0;
        if (found == "defined") {
            const bool braced = eat("(");
            const std::string_view which = name();
            if (braced && !eat(")")) lost_ = true;
            const auto known = of_.decide("ifdef", which);
            return known ? Value(*known ? 1 : 0) : std::nullopt;
        }
        if (!found.empty() && std::isdigit(static_cast<unsigned char>(found[0])) != 0)
            return number_in(found);
        const auto macro = of_.macros_.find(found);
        if (macro != of_.macros_.end())
            return macro->second.sure ? macro->second.value : std::nullopt;
        if (is_foreign(found)) {
            if (eat("(")) lost_ = true;
            return std::nullopt;
        }
        return 0;
    }

    const Conditions& of_;
    std::string_view text_;
    std::size_t at_ = 0;
    int depth_ = 0;
    bool lost_ = false;
};

std::string directive_of(std::string_view line) {
    const std::string_view rest = trim(line);
    if (!rest.starts_with('#')) return "";
    return std::string(leading_name(trim(rest.substr(1))));
}

std::string_view rest_of_directive(std::string_view line) {
    const std::string_view rest = trim(trim(line).substr(1));
    return trim(rest.substr(leading_name(rest).size()));
}

std::string_view leading_name(std::string_view text) {
    std::size_t size = 0;
    while (size < text.size() && is_name_part(text[size]))
        ++size;
    return text.substr(0, size);
}

bool Conditions::is_sure() const {
    return std::ranges::none_of(frames_, [](const Frame& frame) { return frame.shown; });
}

void Conditions::define(std::string_view rest) {
    const std::string_view name = leading_name(rest);
    rest = rest.substr(name.size());
    const Macro macro{is_sure(), rest.starts_with('(') ? std::nullopt : number_in(trim(rest))};
    macros_[std::string(name)] = macro;
}

std::optional<bool> Conditions::decide(std::string_view how, std::string_view rest) const {
    if (how == "if" || how == "elif") {
        const auto value = ConditionReader(*this, rest).read();
        return value ? std::optional(*value != 0) : std::nullopt;
    }
    const std::string_view name = leading_name(rest);
    const auto macro = macros_.find(name);
    const bool wanted = how == "ifdef" || how == "elifdef";
    if (macro != macros_.end()) return macro->second.sure ? std::optional(wanted) : std::nullopt;
    if (is_foreign(name)) return std::nullopt;
    return !wanted;
}

std::string Conditions::open(std::string_view how, std::string_view rest) {
    Frame frame;
    frame.inert = hidden();
    const auto decided = frame.inert ? std::optional(false) : decide(how, rest);
    frame.dead = decided && !*decided;
    frame.taken = decided && *decided;
    frame.shown = !decided;
    frames_.push_back(frame);
    if (decided) return "";
    return fmt::format("#{} {}", how, how == "if" ? rest : leading_name(rest));
}

std::string Conditions::branch(std::string_view how, std::string_view rest) {
    if (frames_.empty()) return "";
    Frame& frame = frames_.back();
    if (frame.inert) return "";
    const auto decided = how == "else" ? std::optional(true) : decide(how, rest);
    frame.dead = frame.taken || (decided && !*decided);
    if (frame.dead) return "";
    if (decided) {
        frame.taken = true;
        return frame.shown ? "#else" : "";
    }
    // "elifdef" becomes "ifdef" where no branch before it is shown.
    const std::string line = fmt::format("#{} {}", how.substr(frame.shown ? 0 : 2),
                                         how == "elif" ? rest : leading_name(rest));
    frame.shown = true;
    return line;
}

std::string Conditions::take(const std::string& line) {
    const std::string how = directive_of(line);
    if (how.empty() && !trim(line).starts_with('#')) return hidden() ? "" : line;
    const std::string_view rest = rest_of_directive(line);
    if (how == "if" || how == "ifdef" || how == "ifndef") return open(how, rest);
    if (how == "else" || how.starts_with("elif")) return branch(how, rest);
    if (how == "endif") {
        if (frames_.empty()) return "";
        const bool shown = frames_.back().shown;
        frames_.pop_back();
        return shown ? "#endif" : "";
    }
    if (hidden()) return "";
    if (how == "define") define(rest);
    if (how == "undef") {
        const std::string_view name = leading_name(rest);
        if (is_sure()) {
            macros_.erase(std::string(name));
        } else if (const auto macro = macros_.find(name); macro != macros_.end()) {
            macro->second.sure = false;
        }
        return fmt::format("#undef {}", name);
    }
    return line;
}

}  // namespace cupel::engineer
