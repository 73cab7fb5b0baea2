// SPDX-License-Identifier: Apache-2.0
#include "engineer/prose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "base/text.hpp"
#include "engineer/conditions.hpp"
#include "engineer/cpp_text.hpp"
#include "engineer/prose_macros.hpp"
#include "engineer/prose_words.hpp"

namespace cupel::engineer {
namespace {

using Rows = std::vector<std::string>;

// Instructions, operands and constraints of inline assembly say no more than names in code do: no
// two words stand side by side in them.
bool is_assembly(std::string_view literal) {
    constexpr std::size_t kMostCharacters = 240;
    constexpr std::string_view kMarks = "._%{}[],;:=+-&\"\\";
    constexpr std::size_t kConstraint = 4;  // "=r" with its quotes
    if (literal == "\"memory\"") return true;
    const bool formed =
        literal.size() <= kConstraint || literal.find_first_of(".%") != std::string_view::npos;
    if (!formed || literal.size() > kMostCharacters || literal.find("//") != std::string_view::npos)
        return false;
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    for (std::size_t i = 0; i < literal.size(); ++i) {
        const char c = literal[i];
        if (c == ' ') {
            const bool words = i > 0 && i + 1 < literal.size() && is_letter(literal[i - 1]) &&
                               is_letter(literal[i + 1]);
            if (words) return false;
        } else if (!is_letter(c) && !(c >= '0' && c <= '9') &&
                   kMarks.find(c) == std::string_view::npos) {
            return false;
        }
    }
    return true;
}

std::string literal_shown(std::string_view run) {
    constexpr std::size_t kShort = 4;  // a character between its quotes, or an escaped one
    constexpr std::size_t kEscaped = 12;
    if (run.starts_with('"')) {
        return run == "\"C\"" || run == "\"task.hpp\"" || is_assembly(run) ? std::string(run)
                                                                           : "\"\"";
    }
    const bool escaped = run.size() > 2 && run[1] == '\\' && run.size() <= kEscaped;
    return run.size() <= kShort || escaped ? std::string(run) : "' '";
}

// Spelt as everybody spells it. Of `<::` the first two are none where no third colon nor `>` ends
// it.
std::string without_digraphs(std::string_view code) {
    constexpr std::array<std::array<std::string_view, 2>, 5> kPairs = {
        {{"%:", "#"}, {"<:", "["}, {":>", "]"}, {"<%", "{"}, {"%>", "}"}}};
    std::string text;
    for (std::size_t at = 0; at < code.size();) {
        const std::string_view rest = code.substr(at);
        const auto* const found = std::ranges::find_if(
            kPairs, [&](const auto& pair) { return rest.starts_with(pair[0]); });
        const bool scope =
            rest.starts_with("<::") && !rest.starts_with("<:::") && !rest.starts_with("<::>");
        const bool colons = rest.starts_with("::");
        if (colons) {
            text += "::";
            at += 2;
        } else if (found == kPairs.end() || scope) {
            text += code[at++];
        } else {
            text += (*found)[1];
            at += 2;
        }
    }
    return text;
}

// The string is shown empty, and is no raw one then.
void drop_raw_prefix(std::string& row) {
    std::size_t from = row.size();
    while (from > 0 &&
           (std::isalnum(static_cast<unsigned char>(row[from - 1])) != 0 || row[from - 1] == '_'))
        --from;
    if (is_raw_prefix(std::string_view(row).substr(from))) row.resize(from);
}

// A row for each line; spliced lines are one, and so are those of a directive that a comment joins.
Rows rows_of(std::string_view source) {
    Rows rows(1);
    std::size_t owed = 0;  // lines that the open row took along
    const auto end_row = [&] {
        rows.resize(rows.size() + owed + 1);
        owed = 0;
    };
    scan_cpp(source, [&](Span span, std::string_view run) {
        if (span != Span::Code) {
            if (span == Span::Literal) drop_raw_prefix(rows.back());
            rows.back() += span == Span::Comment ? " " : literal_shown(without_splices(run));
            // In code the end of a line is a space like any other; a directive goes on behind it.
            const std::string_view open = trim(rows.back());
            const bool directive = open.starts_with('#') || open.starts_with("%:");
            const auto ends = static_cast<std::size_t>(std::ranges::count(run, '\n'));
            owed += directive ? ends : 0;
            for (std::size_t i = 0; i < ends && !directive; ++i)
                end_row();
            return;
        }
        while (!run.empty()) {
            const std::size_t splice = splice_at(run, 0);
            if (splice > 0) {
                ++owed;
                run.remove_prefix(splice);
            } else if (run.front() == '\n') {
                end_row();
                run.remove_prefix(1);
            } else {
                rows.back() += run.front();
                run.remove_prefix(1);
            }
        }
    });
    rows.resize(rows.size() + owed);
    for (std::string& one : rows)
        one = without_digraphs(one);
    return rows;
}

std::string include_shown(std::string_view rest) {
    const std::size_t end = rest.starts_with('<') ? rest.find('>') : std::string_view::npos;
    if (end == std::string_view::npos)
        return rest.starts_with("\"task.hpp\"") ? "#include \"task.hpp\"" : "";
    const std::string_view name = rest.substr(0, end + 1);
    return name.find_first_of(" \t") == std::string_view::npos ? fmt::format("#include {}", name)
                                                               : "";
}

// A directive as it is shown: what compilers pass over is not.
std::string directive_shown(const std::string& line) {
    const std::string how = directive_of(line);
    const std::string_view rest = rest_of_directive(line);
    if (how == "include") return include_shown(rest);
    if (how == "pragma") return is_known_pragma(rest) ? line : "";
    if (how == "define") {
        const std::string_view name = leading_name(rest);
        if (name.empty()) return "";
        return fmt::format("#define {}{}", name,
                           without_word_rows(std::string(rest.substr(name.size())), {}));
    }
    constexpr std::array<std::string_view, 9> kKept = {
        "undef", "if", "ifdef", "ifndef", "elif", "elifdef", "elifndef", "else", "endif"};
    return std::ranges::find(kKept, how) != kKept.end() ? without_word_rows(line, {}) : "";
}

// Macros that the code, or another one that is used, does not name.
void drop_idle_macros(Rows& rows) {
    std::set<std::string, std::less<>> used;
    std::multimap<std::string, std::string, std::less<>> bodies;  // words, by the macro's name
    for (const std::string& row : rows) {
        const std::string how = directive_of(row);
        const std::string_view rest = how.empty() ? "" : rest_of_directive(row);
        const std::string name(leading_name(rest));
        if (how == "define") {
            for (std::string& word : words_of(rest.substr(name.size())))
                bodies.emplace(name, std::move(word));
            bodies.emplace(name, "");
        } else if (how != "undef") {
            for (std::string& word : words_of(row))
                used.insert(std::move(word));
        }
    }
    std::vector<std::string> open(used.begin(), used.end());
    while (!open.empty()) {
        const auto [from, to] = bodies.equal_range(open.back());
        open.pop_back();
        for (auto at = from; at != to; ++at)
            if (used.insert(at->second).second) open.push_back(at->second);
    }
    for (std::string& row : rows) {
        const std::string how = directive_of(row);
        if (how != "define" && how != "undef") continue;
        if (!used.contains(leading_name(rest_of_directive(row)))) row.clear();
    }
}

// Of a definition, past the macro's name and parameters.
std::size_t body_of_definition(const std::string& row) {
    const std::string_view rest = rest_of_directive(row);
    const std::size_t name = leading_name(rest).size();
    const std::size_t from = static_cast<std::size_t>(rest.data() - row.data()) + name;
    const bool takes = name < rest.size() && rest[name] == '(';
    return takes ? std::min(row.find(')', from), row.size() - 1) + 1 : from;
}

Macros macros_of(const Rows& rows) {
    std::vector<std::string> definitions;
    for (const std::string& row : rows) {
        if (directive_of(row) == "define") definitions.emplace_back(rest_of_directive(row));
    }
    return Macros(definitions);
}

// What stands between directives is one text: calls and words in a row may stand on several lines.
// `of_code` is for that, and `of_body` for what a definition says, with what is defined.
template <typename OfCode, typename OfBody>
void rewrite(Rows& rows, const OfCode& of_code, const OfBody& of_body) {
    std::string code;
    for (std::string& row : rows) {
        if (directive_of(row) == "define") {
            const Macro macro = Macros::read(rest_of_directive(row));
            const std::size_t body = body_of_definition(row);
            row.replace(body, std::string::npos, of_body(row.substr(body), macro));
        }
        code += (trim(row).starts_with('#') ? std::string(";") : row) + "\n";
    }
    const Rows written = split(of_code(std::move(code)), '\n');
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (!trim(rows[i]).starts_with('#')) rows[i] = written[i];
}

void expand_macros(Rows& rows) {
    const Macros macros = macros_of(rows);
    rewrite(
        rows, [&](const std::string& code) { return macros.expanded(code); },
        [&](const std::string& body, const Macro& own) { return macros.expanded(body, &own); });
}

void clean_code(Rows& rows) {
    // Names of macros can be pasted together, so that one which nothing names takes arguments.
    const Macros all = macros_of(rows);
    drop_idle_macros(rows);
    const Macros used = macros_of(rows);
    const auto clean = [&](std::string code) {
        code = all.without_dropped_arguments(std::move(code));
        code = without_idle_labels(without_foreign_attributes(std::move(code)));
        return without_word_rows(std::move(code), used.keywords());
    };
    rewrite(rows, clean, [&](const std::string& body, const Macro& own) {
        return all.without_dropped_arguments(body, &own);
    });
    drop_idle_macros(rows);
}

}  // namespace

std::vector<std::string> lines_without_prose(std::string_view source) {
    Rows rows = rows_of(source);
    Conditions conditions;
    for (std::string& row : rows) {
        row = conditions.take(row);
        if (trim(row).starts_with('#')) row = directive_shown(row);
    }
    expand_macros(rows);
    clean_code(rows);
    for (std::string& row : rows) {
        while (!row.empty() && std::isspace(static_cast<unsigned char>(row.back())) != 0)
            row.pop_back();
    }
    return rows;
}

std::string strip_prose(std::string_view source) {
    std::string text;
    const Rows before = split(source, '\n');
    const Rows rows = lines_without_prose(source);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        // A line that was taken out leaves none behind.
        const bool gone = i >= before.size() || !trim(before[i]).empty();
        if (rows[i].empty() && (gone || text.empty() || text.ends_with("\n\n"))) continue;
        text += rows[i] + "\n";
    }
    while (text.ends_with("\n\n"))
        text.pop_back();
    return text;
}

}  // namespace cupel::engineer
