// SPDX-License-Identifier: Apache-2.0
// .version 9.0 .target sm_90a: with which a module begins. What they name is looked at, as no GPU
// loads a text whose version or target there is not; later ones than are known here may exist.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "emulator/parser.hpp"

namespace cupel::emulator {
namespace {

// PTX 9.0 is of CUDA 13.0. Majors come every two years or so: 99 is no later one, but a mistake.
constexpr unsigned kKnownMajor = 9;
constexpr unsigned kMostMajor = 15;
constexpr unsigned kLeastMajor = 2;  // 2.3 has the first .address_size
constexpr unsigned kLeastMinor = 3;
// The last minor version of each major one; of those that are known.
constexpr std::array<unsigned, kKnownMajor> kLastMinor = {0, 5, 3, 2, 3, 0, 5, 8, 8};
// All up to the last, of which later ones may follow.
constexpr auto kTargets =
    std::to_array<unsigned>({20, 21, 30, 32, 35, 37, 50, 52,  53,  60,  61,  62,  70, 72,
                             75, 80, 86, 87, 88, 89, 90, 100, 101, 103, 110, 120, 121});
constexpr unsigned kFirstOwn = 90;      // sm_90a
constexpr unsigned kFirstFamily = 100;  // sm_100f

std::optional<unsigned> number(std::string_view digits) {
    unsigned value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, wrong] = std::from_chars(digits.data(), end, value);
    if (wrong != std::errc() || stop != end) return std::nullopt;
    return value;
}

bool is_version(std::string_view text) {
    const std::size_t point = text.find('.');
    if (point == std::string_view::npos) return false;
    const auto major = number(text.substr(0, point));
    const auto minor = number(text.substr(point + 1));
    if (!major || !minor || *major < kLeastMajor || *major > kMostMajor) return false;
    if (*major == kLeastMajor && *minor < kLeastMinor) return false;
    return *major >= kKnownMajor ? *minor < 10 : *minor <= kLastMinor[*major];
}

bool is_target(std::string_view name) {
    if (!name.starts_with("sm_") || name.size() < 5) return false;
    name.remove_prefix(3);
    const bool own = name.ends_with('a');
    const bool family = name.ends_with('f');
    if (own || family) name.remove_suffix(1);
    const auto sm = name.size() > 3 || name.starts_with('0') ? std::nullopt : number(name);
    if (!sm || (own && *sm < kFirstOwn) || (family && *sm < kFirstFamily)) return false;
    return *sm > kTargets.back() || std::ranges::find(kTargets, *sm) != kTargets.end();
}

}  // namespace

Result<std::string_view> parse_head(Cursor& cursor) {
    CUPEL_DO(cursor.expect(".version", "at the head of a module"));
    if (cursor.peek().kind != TokenKind::Real || !is_version(cursor.peek().text))
        return cursor.expected("a version of PTX like 8.0");
    cursor.next();
    CUPEL_DO(cursor.expect(".target", "after the version"));
    if (cursor.peek().kind != TokenKind::Word || !is_target(cursor.peek().text))
        return cursor.expected("a target like sm_80 or sm_90a");
    const std::string_view target = cursor.next().text;
    while (cursor.accept(",")) {
        // .target sm_80, texmode_independent: of textures, which no kernel here has. Another word,
        // map_f64_to_f32, would make other numbers of doubles.
        if (!cursor.accept("texmode_unified") && !cursor.accept("texmode_independent") &&
            !cursor.accept("debug")) {
            return cursor.expected("texmode_unified, texmode_independent or debug");
        }
    }
    return target;
}

}  // namespace cupel::emulator
