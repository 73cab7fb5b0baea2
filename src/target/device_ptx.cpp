// SPDX-License-Identifier: Apache-2.0
#include "target/device_ptx.hpp"

#include <algorithm>

#include "target/device_compile.hpp"
#include "target/device_text.hpp"

namespace cupel::target {
namespace {

bool is_ptx_name_byte(char c) {
    return is_name_byte(c) || c == '$' || c == '%';
}

// Where the comment or literal that begins there ends; `at` itself where none does.
std::size_t skip_quoted(std::string_view ptx, std::size_t at) {
    const auto rest = ptx.substr(at);
    const auto after = [&](std::string_view mark, std::size_t from) {
        const auto end = ptx.find(mark, from);
        return end == std::string_view::npos ? ptx.size() : end + mark.size();
    };
    if (rest.starts_with("//")) return after("\n", at);
    if (rest.starts_with("/*")) return after("*/", at + 2);
    if (rest.starts_with("\"")) return after("\"", at + 1);
    return at;
}

// <length><name>; empty where there is none.
std::string_view source_name(std::string_view& rest) {
    std::size_t length = 0;
    while (!rest.empty() && is_digit(rest.front()) && length < rest.size()) {
        length = length * 10 + static_cast<std::size_t>(rest.front() - '0');
        rest.remove_prefix(1);
    }
    if (length == 0 || length > rest.size()) return {};
    const auto name = rest.substr(0, length);
    rest.remove_prefix(length);
    return name;
}

}  // namespace

std::vector<std::string> ptx_entries(std::string_view ptx) {
    constexpr std::string_view kEntry = ".entry";
    std::vector<std::string> names;
    for (std::size_t at = 0; at < ptx.size();) {
        if (const auto end = skip_quoted(ptx, at); end != at) {
            at = end;
            continue;
        }
        const auto rest = ptx.substr(at);
        if (!rest.starts_with(kEntry) || rest.size() == kEntry.size() ||
            is_ptx_name_byte(rest[kEntry.size()])) {
            at++;
            continue;
        }
        at = std::min(ptx.find_first_not_of(" \t\r\n", at + kEntry.size()), ptx.size());
        const auto begin = at;
        while (at < ptx.size() && is_ptx_name_byte(ptx[at]))
            at++;
        if (at > begin) names.emplace_back(ptx.substr(begin, at - begin));
    }
    return names;
}

std::string plain_name(std::string_view name) {
    if (!name.starts_with("_Z")) return std::string(name);
    auto rest = name.substr(2);
    const bool nested = rest.starts_with('N');
    if (nested || rest.starts_with('L')) rest.remove_prefix(1);
    std::string_view last = source_name(rest);
    while (nested && !last.empty() && !rest.empty() && is_digit(rest.front()))
        last = source_name(rest);
    return std::string(last);
}

std::string rename_files(std::string_view ptx, std::string_view from, std::string_view to,
                         const std::vector<std::string>& files) {
    std::string name(to);
    std::ranges::replace_if(
        name,
        [](char c) {
            return static_cast<unsigned char>(c) < ' ' || c == '"' || c == '\\' || c == 0x7f;
        },
        '_');
    const auto renamed = [&](std::string_view path) -> std::string_view {
        if (path == from) return name;
        std::string_view longest;
        for (const std::string& file : files) {
            if (path.ends_with("/" + file) && file.size() > longest.size()) longest = file;
        }
        return longest.empty() ? path : longest;
    };
    std::string out;
    out.reserve(ptx.size());
    while (!ptx.empty()) {
        const auto end = std::min(ptx.find('\n'), ptx.size() - 1) + 1;
        const auto line = ptx.substr(0, end);
        const auto first = line.find_first_not_of(" \t");
        const auto open = line.find('"');
        const auto close = line.find('"', std::min(open, line.size() - 1) + 1);
        const bool names = first != line.npos && line.substr(first).starts_with(".file");
        if (names && open != line.npos && close != line.npos) {
            out.append(line.substr(0, open + 1));
            out.append(renamed(line.substr(open + 1, close - open - 1)));
            out.append(line.substr(close));
        } else {
            out.append(line);
        }
        ptx.remove_prefix(end);
    }
    return out;
}

std::string entry_for(std::string_view ptx, std::string_view kernel) {
    std::string found;
    bool several = false;
    for (const auto& name : ptx_entries(ptx)) {
        if (name == kernel) return name;
        const auto plain = plain_name(name);
        if (plain.empty() || plain != kernel || name == found) continue;
        several = several || !found.empty();
        found = name;
    }
    return several ? "" : found;
}

}  // namespace cupel::target
