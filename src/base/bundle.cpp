// SPDX-License-Identifier: Apache-2.0
#include "base/bundle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "base/byte_order_mark.hpp"
#include "base/cpp_lines.hpp"
#include "base/text.hpp"

namespace cupel {
namespace {

constexpr std::size_t kLongestName = 64;

// Headers of the contract, and those of C, compilers and CUDA that have an ending.
constexpr std::string_view kReserved =
    " task.hpp cupel.h assert.h complex.h ctype.h errno.h fenv.h float.h inttypes.h "
    "iso646.h limits.h locale.h malloc.h math.h memory.h setjmp.h signal.h "
    "stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h "
    "string.h strings.h tgmath.h threads.h time.h uchar.h unistd.h wchar.h wctype.h "
    "omp.h immintrin.h x86intrin.h crt/mma.h mma.h cooperative_groups.h "
    "curand_kernel.h vector_types.h vector_functions.h device_launch_parameters.h "
    "math_constants.h sm_61_intrinsics.h texture_fetch_functions.h cublas_v2.h "
    "cudnn.h ";

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-+./").contains(c);
}

// As it may stand between the quotes of a mark.
std::string plain_name(std::string_view name) {
    std::string plain(name.substr(0, kLongestName));
    std::ranges::replace_if(plain, [](char c) { return !is_plain(c); }, '_');
    return plain;
}

std::string_view leading_word(std::string_view text) {
    const auto* const end = std::ranges::find_if_not(
        text, [](char c) { return is_plain(c) && !std::string_view("-+./").contains(c); });
    return {text.begin(), end};
}

// Of `#ifndef NAME` and `#if !defined(NAME)`.
std::string_view macro_of_guard(const CppLine& line) {
    std::string_view rest = line.rest;
    if (line.directive == "if") {
        constexpr std::string_view kDefined = "defined";
        if (!rest.starts_with('!')) return {};
        rest = trim(rest.substr(1));
        if (!rest.starts_with(kDefined)) return {};
        rest = trim(rest.substr(kDefined.size()));
        if (rest.starts_with('(') && rest.ends_with(')'))
            rest = trim(rest.substr(1, rest.size() - 2));
    } else if (line.directive != "ifndef") {
        return {};
    }
    const std::string_view name = leading_word(rest);
    return name.size() == rest.size() ? name : std::string_view();
}

// None: it names no plain file, or a line beyond those that compilers count.
std::optional<LineMark> read_mark(const CppLine& line) {
    LineMark mark{.after = line.number + line.count, .file = {}, .line = 0};
    const char* const end = line.rest.data() + line.rest.size();
    const auto read = std::from_chars(line.rest.data(), end, mark.line);
    if (read.ec != std::errc() || mark.line > INT32_MAX) return std::nullopt;
    const std::string_view name = quoted_name(trim(std::string_view(read.ptr, end)));
    if (!is_plain_name(name)) return std::nullopt;
    mark.file = name;
    return mark;
}

struct File {
    std::string name;
    std::string text;
    CppLines parsed;
    std::string guard;      // its macro; empty: all of the file stands in none
    bool once = false;      // #pragma once
    bool once_if = false;   // ... where a condition stands that is no guard of all of it
    bool balanced = false;  // each #if ends in it, and nothing else's
    std::size_t number = 0;
    bool open = false;    // being taken in
    bool sure = false;    // was taken in where no condition stands
    bool fenced = false;  // was taken in where one does
};

// What its conditions are, and whether it may be passed over when it is asked for again.
void study(File& file) {
    int depth = 0;
    int deepest = -1;  // of conditions around a #pragma once
    bool own = true;
    std::vector<const CppLine*> told;  // lines that are not blank
    std::size_t outside = 0;           // of these, at no depth, and ends and branches of it
    for (const CppLine& line : file.parsed.lines) {
        const std::string& word = line.directive;
        if (!line.blank) told.push_back(&line);
        if (word == "endif") --depth;
        const bool branch = word.starts_with("el");
        own = own && depth >= (branch ? 1 : 0);
        if (!line.blank && (depth == 0 || (branch && depth == 1))) ++outside;
        if (word.starts_with("if")) ++depth;
        if (word == "pragma" && line.rest == "once") deepest = std::max(deepest, depth);
    }
    file.balanced = own && depth == 0;
    file.once = deepest == 0;
    file.once_if = deepest > 0;
    if (told.size() < 3 || outside != 2 || told.back()->directive != "endif") return;
    const std::string_view guard = macro_of_guard(*told[0]);
    const bool defines = told[1]->directive == "define" && leading_word(told[1]->rest) == guard;
    if (guard.empty() || !defines) return;
    file.guard = guard;
    file.once = deepest >= 0 && deepest <= 1;
    file.once_if = deepest > 1;
}

std::string folder_of(std::string_view file) {
    const std::size_t slash = file.rfind('/');
    return std::string(file.substr(0, slash == std::string_view::npos ? 0 : slash + 1));
}

class Bundler {
public:
    Bundler(const Bundling& how, const ReadBeside& read) : how_(how), read_(read) {}

    Result<std::string> run(std::string_view text) {
        File main;
        main.name = plain_name(how_.file);
        main.text = without_mark(text);
        main.parsed = cpp_lines(main.text);
        CUPEL_DO(copy(main, true));
        if (!changed_) return std::string(text);
        return (how_.marks ? mark(1, main.name) : "") + out_;
    }

private:
    static std::string mark(std::size_t line, std::string_view file) {
        return fmt::format("#line {} \"{}\"\n", line, file);
    }

    static std::unexpected<Error> refuse(const File& from, const CppLine& line,
                                         std::string_view why) {
        return fail(Errc::Invalid, fmt::format("{}:{}: {}", from.name, line.number, why));
    }

    // `sure`: no condition stands before it.
    Result<void> copy(File& file, bool sure) {
        // The conditions of a guard that is met for the first time are none.
        // Names that begin with _ may be the compiler's or a library's own.
        const bool first = !file.guard.empty() && !file.guard.starts_with('_') &&
                           !defined_.contains(file.guard) && !undefined_.contains(file.guard);
        int depth = first ? -1 : 0;
        const bool within = depth_ > 0;
        file.open = true;
        ++depth_;
        for (const CppLine& line : file.parsed.lines) {
            note(line);
            if (line.directive.starts_with("if")) ++depth;
            if (line.directive == "endif") --depth;
            if (line.directive == "include") {
                CUPEL_TRY(const bool taken, include(file, line, sure && depth <= 0));
                if (taken) continue;
            }
            if (within && line.directive == "pragma" && line.rest == "once") {
                out_.append(line.count, '\n');
                continue;
            }
            CUPEL_DO(copy_line(file, line));
        }
        --depth_;
        file.open = false;
        file.sure = file.sure || sure;
        return {};
    }

    void note(const CppLine& line) {
        if (line.directive == "define") defined_.emplace(leading_word(line.rest));
        if (line.directive == "undef") undefined_.emplace(leading_word(line.rest));
        if (line.directive == "pragma" && line.rest.contains("_macro")) {  // push_macro, pop_macro
            const std::size_t quote = std::min(line.rest.find('"'), line.rest.size());
            undefined_.emplace(quoted_name(std::string_view(line.rest).substr(quote)));
        }
    }

    // The file will not be there when a compiler asks whether it is.
    Result<void> copy_line(const File& file, const CppLine& line) {
        constexpr std::string_view kAsks = "__has_include";
        std::string text = file.text.substr(line.begin, line.end - line.begin);
        const bool asks = line.directive == "if" || line.directive == "elif";
        for (auto at = text.find(kAsks); asks && at != text.npos; at = text.find(kAsks, at + 1)) {
            const std::string_view rest = std::string_view(text).substr(at + kAsks.size());
            const std::size_t close = std::min(rest.find(')'), rest.size());
            const std::string_view open = trim(rest.substr(0, close));
            if (!open.starts_with('(')) continue;
            const std::string_view argument = trim(open.substr(1));
            const std::string_view name = quoted_name(argument);
            if (name.size() + 2 != argument.size()) continue;
            CUPEL_TRY(const File* const found, find(file, line, name));
            if (found == nullptr) continue;
            text.replace(at, kAsks.size() + close + 1, "1");
            changed_ = true;
        }
        out_ += text;
        return {};
    }

    // Where the file lies that is asked for there, if it may be: it is read once.
    Result<File*> find(const File& from, const CppLine& line, std::string_view name) {
        while (name.starts_with("./"))
            name.remove_prefix(2);
        if (!may_be_included(name)) return nullptr;
        const std::string path = folder_of(depth_ > 1 ? from.name : "") + std::string(name);
        const auto known = files_.find(path);
        if (known != files_.end()) return known->second.get();
        auto text = read_(path);
        if (!text) return refuse(from, line, text.error().text);
        std::unique_ptr<File>& file = files_[path];
        const std::optional<std::string>& found = *text;
        if (!found) return nullptr;
        file = std::make_unique<File>();
        file->name = path;
        file->text = without_mark(*found);
        file->parsed = cpp_lines(file->text);
        file->number = files_.size();
        study(*file);
        return file.get();
    }

    [[nodiscard]] std::string why_not(const File& file) {
        if (file.open) {
            return file.name + " includes itself, with neither #pragma once nor an include guard";
        }
        if (depth_ > kDeepestInclude)
            return fmt::format("files include each other more than {} files deep", kDeepestInclude);
        if (++includes_ > kMostIncludes)
            return fmt::format("more than {} files are included", kMostIncludes);
        if (!file.balanced) return file.name + " has an #if or #endif that is not matched in it";
        if (file.once_if) return file.name + " has a #pragma once within a condition";
        if (!file.parsed.whole) return file.name + " ends within a comment or a raw string";
        if (out_.size() + file.text.size() > how_.most_bytes) {
            return fmt::format("with {} the kernel is larger than {}", file.name,
                               format_bytes(static_cast<double>(how_.most_bytes)));
        }
        return "";
    }

    // False: the line stays as it is.
    Result<bool> include(const File& from, const CppLine& line, bool sure) {
        CUPEL_TRY(File* const file, find(from, line, quoted_name(line.rest)));
        if (file == nullptr) return false;
        changed_ = true;
        const bool wrapped =
            file->once || (!file->guard.empty() && !undefined_.contains(file->guard));
        if (wrapped && (file->open || file->sure)) {
            out_.append(line.count, '\n');
            return true;
        }
        if (const std::string why = why_not(*file); !why.empty()) return refuse(from, line, why);
        // Whether it was read before is not known here: the preprocessor shall see.
        const bool fenced = file->once && (!sure || file->fenced);
        if (fenced) {
            file->fenced = true;
            out_ += fmt::format("#ifndef CUPEL_ONCE_{0}\n#define CUPEL_ONCE_{0}\n", file->number);
        }
        if (how_.marks) out_ += mark(1, file->name);
        CUPEL_DO(copy(*file, sure));
        if (!out_.ends_with('\n')) out_ += '\n';
        // What it ends with shall not take the next line along.
        if (ends_in_splice()) out_ += '\n';
        if (fenced) out_ += "#endif\n";
        if (how_.marks) out_ += mark(line.number + line.count, from.name);
        return true;
    }

    [[nodiscard]] bool ends_in_splice() const {
        std::string_view end = out_;
        end = end.substr(end.size() - std::min<std::size_t>(end.size(), kLongestName));
        const std::size_t last = end.find_last_not_of(" \t\r\n\v\f");
        return last != end.npos && end[last] == '\\' && end.find('\n', last) == end.size() - 1;
    }

    const Bundling& how_;
    const ReadBeside& read_;
    std::map<std::string, std::unique_ptr<File>> files_;  // none: there is no such file
    std::set<std::string, std::less<>> defined_;          // somewhere before
    std::set<std::string, std::less<>> undefined_;
    std::string out_;
    std::size_t depth_ = 0;
    std::size_t includes_ = 0;
    bool changed_ = false;
};

}  // namespace

bool is_plain_name(std::string_view name) {
    return !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, is_plain);
}

Result<std::string> bundle(std::string_view text, const Bundling& how, const ReadBeside& read) {
    return Bundler(how, read).run(text);
}

bool may_be_included(std::string_view path) {
    static constexpr auto kEndings =
        std::to_array<std::string_view>({"h", "hh", "hpp", "hxx", "cuh", "inl", "inc", "ipp", "tpp",
                                         "c", "cc", "cpp", "cxx", "cu"});
    static constexpr auto kReservedFronts = std::to_array<std::string_view>(
        {"cuda", "cub/", "thrust/", "nv/", "cute/", "cutlass/", "sys/", "bits/"});
    if (!is_plain_name(path) || kReserved.contains(fmt::format(" {} ", path))) return false;
    if (std::ranges::any_of(kReservedFronts,
                            [&](std::string_view front) { return path.starts_with(front); }))
        return false;
    for (const std::string& part : split(path, '/')) {
        if (part.empty() || part.starts_with('.')) return false;
    }
    const std::size_t dot = path.rfind('.');
    return dot != path.npos && std::ranges::find(kEndings, path.substr(dot + 1)) != kEndings.end();
}

std::string without_marks(std::string_view text) {
    std::string plain;
    for (const CppLine& line : cpp_lines(text).lines) {
        const bool mark = line.directive == "line" && read_mark(line);
        if (mark) {
            plain.append(line.count, '\n');
        } else {
            plain += text.substr(line.begin, line.end - line.begin);
        }
    }
    return plain;
}

LineMarks::LineMarks(std::string_view text) {
    for (const CppLine& line : cpp_lines(text).lines) {
        if (line.directive != "line") continue;
        auto mark = read_mark(line);
        // Lines behind it are those of nothing that can be told.
        marks_.push_back(mark ? *std::move(mark) : LineMark{.after = line.number + line.count});
    }
}

LineMarks::Origin LineMarks::origin_of(std::size_t line) const {
    const auto next =
        std::ranges::find_if(marks_, [&](const LineMark& mark) { return mark.after > line; });
    if (next == marks_.begin() || std::prev(next)->file.empty()) return {.file = {}, .line = line};
    const LineMark& mark = *std::prev(next);
    return {.file = mark.file, .line = mark.line + line - mark.after};
}

std::optional<std::size_t> LineMarks::line_of(std::string_view file, std::size_t line) const {
    for (std::size_t i = 0; i < marks_.size(); ++i) {
        const LineMark& mark = marks_[i];
        if (mark.file != file || line < mark.line) continue;
        const std::size_t at = mark.after + (line - mark.line);
        // The next mark is a line itself.
        if (i + 1 == marks_.size() || at + 1 < marks_[i + 1].after) return at;
    }
    return std::nullopt;
}

std::vector<std::string> LineMarks::files() const {
    std::set<std::string> names;
    for (const LineMark& mark : marks_)
        if (!mark.file.empty()) names.insert(mark.file);
    return {names.begin(), names.end()};
}

bool LineMarks::are_named_in(std::string_view words) const {
    return std::ranges::any_of(marks_, [&](const LineMark& mark) {
        return !mark.file.empty() &&
               (words.contains(mark.file + ":") || words.contains(mark.file + "("));
    });
}

}  // namespace cupel
