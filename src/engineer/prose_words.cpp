// SPDX-License-Identifier: Apache-2.0
#include "engineer/prose_words.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "base/text.hpp"

namespace cupel::engineer {
namespace {

using Words = std::set<std::string_view>;

bool is_letter_of_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool is_blank(char c) {
    return std::isspace(static_cast<unsigned char>(c)) != 0;
}

struct Piece {
    std::size_t from = 0;
    std::size_t size = 0;
};

// The next word or mark from `at` on; nothing at the end.
Piece piece_at(std::string_view code, std::size_t at) {
    while (at < code.size() && is_blank(code[at]))
        ++at;
    if (at == code.size()) return {at, 0};
    std::size_t end = at;
    while (end < code.size() && is_letter_of_word(code[end]))
        ++end;
    return {at, std::max<std::size_t>(end - at, 1)};
}

bool is_identifier(std::string_view word) {
    return is_letter_of_word(word[0]) && std::isdigit(static_cast<unsigned char>(word[0])) == 0;
}

void blank(std::string& code, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i)
        if (code[i] != '\n') code[i] = ' ';
}

const Words& omp_words() {
    static const Words kWords = {
        "omp",       "parallel",     "for",          "simd",          "sections",
        "section",   "single",       "master",       "masked",        "critical",
        "barrier",   "task",         "taskwait",     "taskloop",      "taskgroup",
        "taskyield", "atomic",       "flush",        "ordered",       "declare",
        "reduction", "end",          "num_threads",  "schedule",      "collapse",
        "private",   "firstprivate", "shared",       "lastprivate",   "default",
        "nowait",    "if",           "proc_bind",    "safelen",       "simdlen",
        "aligned",   "linear",       "uniform",      "inbranch",      "notinbranch",
        "copyin",    "copyprivate",  "read",         "write",         "update",
        "capture",   "compare",      "seq_cst",      "acquire",       "release",
        "relaxed",   "acq_rel",      "hint",         "final",         "untied",
        "mergeable", "depend",       "priority",     "grainsize",     "num_tasks",
        "nogroup",   "nontemporal",  "order",        "scan",          "inclusive",
        "exclusive", "cancel",       "cancellation", "point",         "loop",
        "bind",      "teams",        "distribute",   "threadprivate", "allocate",
        "filter",    "scope",        "tile",         "unroll",        "partial",
        "full",      "sizes"};
    return kWords;
}

bool is_standard_attribute(std::string_view name) {
    static const Words kNames = {"nodiscard", "maybe_unused", "likely",
                                 "unlikely",  "noreturn",     "fallthrough",
                                 "assume",    "deprecated",   "no_unique_address"};
    return kNames.contains(name);
}

bool is_attribute_of_compiler(std::string_view name) {
    static const Words kNames = {"gnu",
                                 "optimize",
                                 "always_inline",
                                 "noinline",
                                 "hot",
                                 "cold",
                                 "flatten",
                                 "aligned",
                                 "target",
                                 "const",
                                 "pure",
                                 "vector_size",
                                 "may_alias",
                                 "unused",
                                 "used",
                                 "packed",
                                 "malloc",
                                 "leaf",
                                 "nothrow",
                                 "nonnull",
                                 "visibility",
                                 "constructor",
                                 "destructor",
                                 "weak",
                                 "alias",
                                 "section",
                                 "noclone",
                                 "naked",
                                 "mode",
                                 "__vector_size__",
                                 "__aligned__",
                                 "__always_inline__",
                                 "__noinline__",
                                 "__may_alias__",
                                 "__unused__",
                                 "__optimize__",
                                 "__target__",
                                 "ext_vector_type",
                                 "device",
                                 "shared",
                                 "global",
                                 "host",
                                 "constant",
                                 "launch_bounds",
                                 "forceinline",
                                 "tls_model",
                                 "target_clones",
                                 "simd",
                                 "assume_aligned",
                                 "alloc_size",
                                 "no_sanitize",
                                 "__packed__",
                                 "__const__",
                                 "__pure__",
                                 "__hot__"};
    return kNames.contains(name);
}

// Where what opens at `at` is closed again, or the end.
std::size_t end_of_group(std::string_view code, std::size_t at) {
    int depth = 0;
    for (std::size_t i = at; i < code.size(); ++i) {
        if (code[i] == '(' || code[i] == '[' || code[i] == '{') ++depth;
        if (code[i] == ')' || code[i] == ']' || code[i] == '}') --depth;
        if (depth == 0) return i + 1;
    }
    return code.size();
}

// Whether a pragma has no other words outside of its parentheses, and no prose within them.
bool has_only(std::string_view pragma, const Words& known) {
    for (Piece piece = piece_at(pragma, 0); piece.size > 0;
         piece = piece_at(pragma, piece.from + piece.size)) {
        const std::string_view word = pragma.substr(piece.from, piece.size);
        if (word == "(") {
            piece.size = end_of_group(pragma, piece.from) - piece.from;
            const std::string inside(pragma.substr(piece.from, piece.size));
            if (without_word_rows(inside, {}) != inside) return false;
        } else if (is_identifier(word) && !known.contains(word)) {
            return false;
        }
    }
    return true;
}

// Attributes are named outside of the parentheses of one.
bool names_known_attributes(std::string_view inside) {
    for (Piece piece = piece_at(inside, 0); piece.size > 0;
         piece = piece_at(inside, piece.from + piece.size)) {
        const std::string_view word = inside.substr(piece.from, piece.size);
        if (word == "(") piece.size = end_of_group(inside, piece.from) - piece.from;
        if (is_identifier(word) && !is_known_attribute(word)) return false;
    }
    return true;
}

// What an attribute that begins at `at` takes before its names; 0: there is none.
std::size_t opening_of_attribute(std::string_view code, Piece piece) {
    const std::string_view word = code.substr(piece.from, piece.size);
    const Piece second = piece_at(code, piece.from + piece.size);
    if (second.size == 0) return 0;
    const Piece third = piece_at(code, second.from + second.size);
    if (third.size == 0) return 0;
    if (word == "[" && code[second.from] == '[' &&
        is_identifier(code.substr(third.from, third.size)))
        return second.from + 1 - piece.from;
    const bool old = word == "__attribute__" || word == "__attribute";
    if (old && code[second.from] == '(' && code[third.from] == '(')
        return third.from + 1 - piece.from;
    return 0;
}

// Neither begins a declaration nor stands between two names of one.
bool joins_words(std::string_view word) {
    static const Words kWords = {"if",        "for",    "do",     "new",     "this",     "return",
                                 "using",     "true",   "false",  "default", "else",     "while",
                                 "case",      "try",    "goto",   "break",   "continue", "catch",
                                 "delete",    "throw",  "switch", "with",    "private",  "public",
                                 "protected", "export", "import"};
    return kWords.contains(word);
}

bool begins_declaration(std::string_view word) {
    static const Words kWords = {"const",  "constexpr", "consteval", "constinit", "static",
                                 "inline", "volatile",  "unsigned",  "signed",    "int",
                                 "long",   "short",     "char",      "float",     "double",
                                 "bool",   "void",      "auto"};
    return kWords.contains(word);
}

// Not of C++ but of CUDA and of the compilers.
bool is_word_of_compiler(std::string_view word) {
    static const Words kWords = {"__device__",       "__global__",        "__host__",
                                 "__shared__",       "__constant__",      "__forceinline__",
                                 "__noinline__",     "__launch_bounds__", "__restrict__",
                                 "__restrict",       "__attribute__",     "__inline__",
                                 "__inline",         "__asm__",           "__asm",
                                 "__volatile__",     "__extension__",     "__grid_constant__",
                                 "__cluster_dims__", "__managed__",       "__align__",
                                 "__always_inline"};
    return kWords.contains(word) || word.starts_with("__builtin");
}

bool parts_words(std::string_view word) {
    static const Words kWords = {
        "struct",    "class",    "union",    "enum",          "typename", "template", "typedef",
        "namespace", "extern",   "register", "thread_local",  "mutable",  "virtual",  "explicit",
        "friend",    "operator", "sizeof",   "alignof",       "alignas",  "decltype", "noexcept",
        "override",  "final",    "requires", "concept",       "asm",      "and",      "or",
        "not",       "xor",      "bitand",   "bitor",         "compl",    "not_eq",   "restrict",
        "co_return", "co_await", "co_yield", "static_assert", "nullptr"};
    return begins_declaration(word) || kWords.contains(word) || is_word_of_compiler(word);
}

}  // namespace

bool is_known_attribute(std::string_view name) {
    return is_standard_attribute(name) || is_attribute_of_compiler(name);
}

bool is_keyword(std::string_view word) {
    return joins_words(word) || parts_words(word);
}

std::vector<std::string> words_of(std::string_view code) {
    std::vector<std::string> words;
    for (Piece piece = piece_at(code, 0); piece.size > 0;
         piece = piece_at(code, piece.from + piece.size)) {
        const std::string_view word = code.substr(piece.from, piece.size);
        if (is_identifier(word)) words.emplace_back(word);
    }
    return words;
}

bool is_known_pragma(std::string_view pragma) {
    static const Words kGnu = {"GCC",        "unroll",      "ivdep",        "optimize",
                               "target",     "pop_options", "push_options", "visibility",
                               "diagnostic", "push",        "pop",          "ignored",
                               "default",    "hidden",      "novector",     "reset_options"};
    const std::vector<std::string> words = words_of(pragma);
    if (words.empty()) return false;
    if (words[0] == "unroll" || words[0] == "nounroll") return words.size() <= 2;
    if (words[0] == "cupel")
        return without_word_rows(std::string(pragma.substr(5)), {}) == pragma.substr(5);
    if (words[0] == "GCC")
        return has_only(pragma, kGnu) || (words.size() == 3 && words[1] == "unroll");
    return words[0] == "omp" && has_only(pragma, omp_words());
}

std::string without_foreign_attributes(std::string code) {
    for (Piece piece = piece_at(code, 0); piece.size > 0;
         piece = piece_at(code, piece.from + piece.size)) {
        const std::size_t open = opening_of_attribute(code, piece);
        if (open == 0) continue;
        const std::size_t first = code.find_first_of("[(", piece.from);
        const std::size_t end = end_of_group(code, first);
        const std::size_t from = piece.from + open;
        const std::string_view inside =
            std::string_view(code).substr(from, end > from + 2 ? end - from - 2 : 0);
        if (!names_known_attributes(inside)) blank(code, piece.from, end);
        piece = {end, 0};
        if (end >= code.size()) break;
    }
    return code;
}

namespace {

// Where something goes. Where that is computed, or assembly goes there, a name that stands twice.
std::set<std::string, std::less<>> targets_of(std::string_view code) {
    std::set<std::string, std::less<>> targets;
    std::map<std::string_view, int> counts;
    bool named = true;
    for (Piece piece = piece_at(code, 0); piece.size > 0;) {
        const std::string_view word = code.substr(piece.from, piece.size);
        piece = piece_at(code, piece.from + piece.size);
        ++counts[word];
        if (word != "goto" || piece.size == 0) continue;
        const std::string_view target = code.substr(piece.from, piece.size);
        named = named && is_identifier(target);
        targets.emplace(target);
    }
    if (named) return targets;
    for (const auto& [word, count] : counts)
        if (count > 1) targets.emplace(word);
    return targets;
}

}  // namespace

std::string without_idle_labels(std::string code) {
    const std::set<std::string, std::less<>> targets = targets_of(code);
    bool begins = false;  // a statement
    for (Piece piece = piece_at(code, 0); piece.size > 0;) {
        const std::string word = code.substr(piece.from, piece.size);
        const Piece next = piece_at(code, piece.from + piece.size);
        const bool colon = next.size > 0 && code[next.from] == ':' &&
                           (next.from + 1 >= code.size() || code[next.from + 1] != ':');
        if (begins && colon && is_identifier(word) && !joins_words(word) && !parts_words(word)) {
            const Piece after = piece_at(code, next.from + 1);
            // A field of bits without a name has a number there.
            const bool field =
                after.size > 0 && std::isdigit(static_cast<unsigned char>(code[after.from])) != 0;
            if (!field && !targets.contains(word)) blank(code, piece.from, next.from + 1);
            piece = after;
            continue;
        }
        begins = word == ";" || word == "{" || word == "}";
        piece = next;
    }
    return code;
}

std::string without_word_rows(std::string code,
                              const std::set<std::string, std::less<>>& keywords) {
    constexpr std::size_t kNames = 3;
    constexpr std::size_t kWords = 6;
    constexpr std::size_t kFree = 2;
    std::vector<Piece> row;
    std::size_t names = 0;
    std::size_t free = 0;
    const auto end_row = [&] {
        if (names >= kNames || row.size() >= kWords)
            blank(code, row.front().from, row.back().from + row.back().size);
        row.clear();
        names = 0;
        free = 0;
    };
    for (Piece piece = piece_at(code, 0); piece.size > 0;
         piece = piece_at(code, piece.from + piece.size)) {
        const std::string_view word = std::string_view(code).substr(piece.from, piece.size);
        if (!is_letter_of_word(word[0]) || parts_words(word)) {
            end_row();
            continue;
        }
        row.push_back(piece);
        if (joins_words(word) || (keywords.contains(word) && ++free <= kFree)) continue;
        ++names;
    }
    end_row();
    return code;
}

}  // namespace cupel::engineer
