// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "target/device_source.hpp"

namespace cupel::target {
namespace {

constexpr auto kHostHeaders = std::to_array<std::string_view>(
    {"array",         "atomic",  "chrono",      "cstdlib", "cstring",  "deque",
     "exception",     "fstream", "functional",  "future",  "iomanip",  "iostream",
     "istream",       "list",    "map",         "memory",  "mutex",    "numeric",
     "ostream",       "queue",   "random",      "set",     "sstream",  "stdexcept",
     "stdlib.h",      "string",  "string_view", "thread",  "unistd.h", "unordered_map",
     "unordered_set", "vector",  "dlfcn.h"});

Rejection host_code(const DeviceText& text, std::size_t at, std::string_view what) {
    return text.refuse(at,
                       fmt::format("host code: {}; the file holds device code only, and launches "
                                   "are declared by `#pragma cupel launch`",
                                   what));
}

// The code without its directives, whose braces need not match.
std::string body_of(const DeviceText& text) {
    std::string body = text.code;
    for (const auto& directive : text.directives) {
        std::fill(body.begin() + static_cast<std::ptrdiff_t>(directive.begin),
                  body.begin() + static_cast<std::ptrdiff_t>(directive.end), ' ');
    }
    return body;
}

// Names of macros that stand for an execution space: `#define DEVICE __device__ inline`.
std::set<std::string, std::less<>> spaces_of(const DeviceText& text) {
    std::set<std::string, std::less<>> names = {"__global__", "__device__"};
    for (const auto& directive : text.directives) {
        std::size_t at = 0;
        if (directive_name(text, directive, at) != "define") continue;
        const auto rest = std::string_view(text.code).substr(at, directive.end - at);
        if (rest.find("__global__") == rest.npos && rest.find("__device__") == rest.npos) continue;
        const auto begin = std::min(rest.find_first_not_of(" \t"), rest.size());
        auto end = begin;
        while (end < rest.size() && is_name_byte(rest[end]))
            end++;
        names.emplace(rest.substr(begin, end - begin));
    }
    return names;
}

std::optional<Rejection> refuse_includes(const DeviceText& text) {
    for (const auto& directive : text.directives) {
        std::size_t at = 0;
        if (directive_name(text, directive, at) != "include") continue;
        const auto rest = std::string_view(text.joined).substr(at, directive.end - at);
        const auto open = rest.find('<');
        const auto close = rest.find('>');
        if (open == rest.npos || close == rest.npos || close < open) continue;
        const auto name = rest.substr(open + 1, close - open - 1);
        if (std::ranges::find(kHostHeaders, name) != kHostHeaders.end()) {
            return host_code(text, at + open,
                             fmt::format("<{}> declares nothing for a device", name));
        }
    }
    return std::nullopt;
}

// Walks what stands outside of functions, declaration by declaration.
class FunctionFinder {
public:
    FunctionFinder(const DeviceText& text, const std::string& body)
        : text_(text), body_(body), spaces_(spaces_of(text)) {}

    std::optional<Rejection> run() {
        while (at_ < body_.size()) {
            const char c = body_[at_];
            if (c == '{') {
                if (auto refused = open()) return refused;
            } else if (c == ';' || c == '}') {
                at_++;
                begin_ = at_;
            } else {
                at_++;
            }
        }
        return std::nullopt;
    }

private:
    [[nodiscard]] bool has_word(std::string_view head, std::string_view word) const {
        for (auto at = head.find(word); at != head.npos; at = head.find(word, at + 1)) {
            const auto end = at + word.size();
            if ((at == 0 || !is_name_byte(head[at - 1])) &&
                (end == head.size() || !is_name_byte(head[end])))
                return true;
        }
        return false;
    }

    std::optional<Rejection> open() {
        const auto head = std::string_view(body_).substr(begin_, at_ - begin_);
        const auto first = head.find_first_not_of(" \t\r\n\v\f");
        // Into namespaces and extern "C" { }, but not into types: their members' spaces are
        // the compiler's to check.
        const bool function = head.find('(') != head.npos;
        if (!function && (has_word(head, "namespace") || has_word(head, "extern"))) {
            begin_ = ++at_;
            return std::nullopt;
        }
        const bool other = !function || has_word(head, "class") || has_word(head, "struct") ||
                           has_word(head, "union") || has_word(head, "enum") ||
                           has_word(head, "constexpr") || head.find('=') < head.find('(');
        const bool device = std::ranges::any_of(
            spaces_, [&](const std::string& space) { return has_word(head, space); });
        if (!other && !device && first != head.npos) {
            return host_code(text_, begin_ + first,
                             "a function that is neither __global__ nor __device__");
        }
        skip_block();
        return std::nullopt;
    }

    void skip_block() {
        int depth = 0;
        for (; at_ < body_.size(); at_++) {
            if (body_[at_] == '{') depth++;
            if (body_[at_] == '}' && --depth == 0) break;
        }
        at_ = std::min(at_ + 1, body_.size());
        begin_ = at_;
    }

    const DeviceText& text_;
    const std::string& body_;
    std::set<std::string, std::less<>> spaces_;
    std::size_t at_ = 0;
    std::size_t begin_ = 0;  // of the declaration
};

std::optional<Rejection> refuse_main(const DeviceText& text, const std::string& body) {
    int depth = 0;
    for (std::size_t at = 0; at < body.size(); at++) {
        if (body[at] == '{') depth++;
        if (body[at] == '}') depth--;
        if (depth != 0 || !is_name_byte(body[at])) continue;
        const auto begin = at;
        while (at < body.size() && is_name_byte(body[at]))
            at++;
        const auto next = body.find_first_not_of(" \t\r\n", at);
        if (std::string_view(body).substr(begin, at - begin) == "main" &&
            next != std::string::npos && body[next] == '(')
            return host_code(text, begin, "`main`");
        at--;
    }
    return std::nullopt;
}

}  // namespace

std::optional<Rejection> refuse_host_code(const DeviceText& text, bool functions) {
    if (auto refused = refuse_includes(text)) return refused;
    const auto body = body_of(text);
    if (const auto at = body.find("<<<"); at != std::string::npos)
        return host_code(text, at, "a launch `<<<...>>>`");
    if (auto refused = refuse_main(text, body)) return refused;
    if (functions) return FunctionFinder(text, body).run();
    return std::nullopt;
}

}  // namespace cupel::target
