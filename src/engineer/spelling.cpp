// SPDX-License-Identifier: Apache-2.0
// One spelling for the same kernel: normal_spelling.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <vector>

#include "base/bundle.hpp"
#include "engineer/cpp_text.hpp"

namespace cupel::engineer {
namespace {

struct Token {
    std::string text;
    bool word = false;
    bool literal = false;
    bool directive = false;  // stands on a line that begins with '#'
};

bool is_in_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

class Tokens {
public:
    void take(Span span, std::string_view run) {
        if (span == Span::Literal) {
            add({std::string(run), false, true, directive_});
        } else if (span == Span::Comment) {
            open_ = false;
        } else {
            take_code(run);
        }
    }
    [[nodiscard]] const std::vector<Token>& all() const { return tokens_; }

private:
    void add(Token token) {
        open_ = token.word;
        fresh_line_ = false;
        tokens_.push_back(std::move(token));
    }
    void take_code(std::string_view code) {
        for (std::size_t at = 0; at < code.size();) {
            if (const std::size_t splice = splice_at(code, at); splice > 0) {
                at += splice;
                continue;
            }
            const char c = code[at++];
            if (std::isspace(static_cast<unsigned char>(c)) != 0) {
                open_ = false;
                fresh_line_ = fresh_line_ || c == '\n';
                directive_ = directive_ && c != '\n';
            } else if (is_in_word(c) && open_) {
                tokens_.back().text += c;
            } else {
                directive_ = directive_ || (c == '#' && fresh_line_);
                add({std::string(1, c), is_in_word(c), false, directive_});
            }
        }
    }

    std::vector<Token> tokens_;
    bool open_ = false;  // the last word goes on
    bool fresh_line_ = true;
    bool directive_ = false;
};

// Names of types whose declarations are understood here; others stay as they are spelt.
bool is_type(std::string_view word) {
    static const std::set<std::string_view> kTypes = {
        "void",      "bool",          "char",          "short",    "int",      "long",
        "float",     "double",        "auto",          "unsigned", "signed",   "size_t",
        "ptrdiff_t", "float2",        "float3",        "float4",   "double2",  "uint2",
        "uint4",     "int2",          "int4",          "half",     "half2",    "__half",
        "__half2",   "_Float16",      "__m128",        "__m256",   "__m512",   "__m128i",
        "__m256i",   "__m512i",       "__m128d",       "__m256d",  "__m512d",  "int8_t",
        "int16_t",   "int32_t",       "int64_t",       "uint8_t",  "uint16_t", "uint32_t",
        "uint64_t",  "__nv_bfloat16", "__nv_bfloat162"};
    return kTypes.contains(word);
}

bool stands_before_name(std::string_view word) {
    return word == "*" || word == "&" || word == "const" || word == "__restrict__" ||
           word == "__restrict" || word == "restrict";
}

class Names {
public:
    explicit Names(const std::vector<Token>& tokens) : tokens_(tokens) {
        std::set<std::string_view> declared;
        std::set<std::string_view> foreign = {"kernel"};
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            const Token& token = tokens[i];
            if (!token.word) continue;
            // Of a namespace, of the preprocessor, or what a launch passes: no name of its own.
            if (token.directive || (i > 0 && tokens[i - 1].text == ":" && is(i - 2, ":")))
                foreign.insert(token.text);
            if (is_declared(i)) declared.insert(token.text);
        }
        for (const std::string_view name : declared)
            if (!foreign.contains(name)) own_.insert(name);
    }
    [[nodiscard]] std::string spell(const std::string& word) {
        if (!own_.contains(word)) return word;
        return fmt::format("${}$", numbers_.try_emplace(word, numbers_.size()).first->second);
    }

private:
    [[nodiscard]] bool is(std::size_t at, std::string_view text) const {
        return at < tokens_.size() && tokens_[at].text == text;
    }
    [[nodiscard]] bool is_declared(std::size_t at) const {
        const Token& name = tokens_[at];
        if (std::isdigit(static_cast<unsigned char>(name.text[0])) != 0 || is_type(name.text) ||
            stands_before_name(name.text) || at + 1 >= tokens_.size())
            return false;
        std::size_t type = at;
        while (type > 0 && stands_before_name(tokens_[type - 1].text))
            --type;
        if (type == 0 || !is_type(tokens_[type - 1].text)) return false;
        const std::string& next = tokens_[at + 1].text;
        if (next == "(") return has_body(at + 1) && !is_exported(type - 1);
        return next == "=" || next == ";" || next == "," || next == ")" || next == "[" ||
               next == "{" || next == ":";
    }
    // Of a function: without one it is declared elsewhere.
    [[nodiscard]] bool has_body(std::size_t at) const {
        int depth = 0;
        for (; at < tokens_.size(); ++at) {
            depth += tokens_[at].text == "(" ? 1 : tokens_[at].text == ")" ? -1 : 0;
            if (depth == 0) return is(at + 1, "{");
        }
        return false;
    }
    // Whether `extern` stands before its type.
    [[nodiscard]] bool is_exported(std::size_t at) const {
        while (at > 0 && tokens_[at - 1].text != ";" && tokens_[at - 1].text != "}") {
            if (tokens_[--at].text == "extern") return true;
        }
        return false;
    }

    const std::vector<Token>& tokens_;
    std::set<std::string_view> own_;
    std::map<std::string, std::size_t> numbers_;
};

}  // namespace

std::string normal_spelling(std::string_view source) {
    Tokens tokens;
    scan_cpp(without_marks(source),
             [&](Span span, std::string_view run) { tokens.take(span, run); });
    Names names(tokens.all());
    std::string text;
    bool after_word = false;
    for (const Token& token : tokens.all()) {
        if (after_word && token.word) text += ' ';
        text += token.word ? names.spell(token.text) : token.text;
        after_word = token.word;
    }
    return text;
}

}  // namespace cupel::engineer
