// SPDX-License-Identifier: Apache-2.0
#include "conformance/calibration.hpp"

#include <fmt/format.h>

#include <sstream>

#include "conformance/operand.hpp"
#include "conformance/seal.hpp"

namespace cupel::emulator::conformance {
namespace {

constexpr std::string_view kTitle = "cupel golden calibration 1: ";

// Reads a line's words, each number behind the word that names it.
class Words {
public:
    explicit Words(const std::string& line) : in_(line) {}

    Words& take(auto& value) {
        in_ >> value;
        return *this;
    }
    Words& take(std::string_view name, auto& value) {
        std::string word;
        if (in_ >> word; word != name) in_.setstate(std::ios::failbit);
        return take(value);
    }
    Words& rest(std::string_view name, std::string& value) {
        take(name, value);
        std::string more;
        std::getline(in_, more);
        value += more;
        return *this;
    }
    [[nodiscard]] bool good() const { return !in_.fail() || in_.eof(); }

private:
    std::istringstream in_;
};

bool take_line(const std::string& kind, Words& words, Calibration& into) {
    if (kind == "memory_mb") {
        words.take(into.memory_mb);
    } else if (kind == "attribute") {
        Attribute& a = into.attributes.emplace_back();
        words.take(a.number).take(a.value);
    } else if (kind == "peak") {
        Peak& p = into.peaks.emplace_back();
        words.take(p.name).take("tera", p.tera);
    } else if (kind == "stream") {
        StreamSpeed& s = into.streams.emplace_back();
        words.take(s.kind).take("mb", s.megabytes).take("gb", s.gigabytes);
    } else if (kind == "launch") {
        words.take("back_to_back_us", into.launch_us).take("waited_us", into.waited_launch_us);
    } else if (kind == "scatter") {
        ScatterCost& s = into.scatters.emplace_back();
        words.take(s.width).take("stride", s.stride).take("shift", s.shift);
        words.take("window_mb", s.window_mb).take("ns", s.nanoseconds).take("gb", s.gigabytes);
    } else if (kind == "banks") {
        BankCost& b = into.banks.emplace_back();
        std::string way;
        words.take(way).take(b.width).take("warps", b.warps).take("cycles", b.cycles);
        words.rest("pattern", b.pattern);
        b.store = way == "store";
    } else {
        return false;
    }
    return words.good();
}

}  // namespace

std::vector<BankPattern> bank_patterns(unsigned width) {
    std::vector<BankPattern> all;
    for (unsigned stride = 0; stride <= 33; ++stride) {
        BankPattern p{"stride " + std::to_string(stride), {}};
        for (unsigned lane = 0; lane < 32; ++lane)
            p.offsets[lane] = lane * stride * width;
        all.push_back(p);
    }
    for (unsigned pairs = 1; pairs <= 4; ++pairs) {
        BankPattern p{"lanes by " + std::to_string(1U << pairs) + " at one place", {}};
        for (unsigned lane = 0; lane < 32; ++lane)
            p.offsets[lane] = (lane >> pairs) * width;
        all.push_back(p);
    }
    for (unsigned number = 0; number < 64; ++number) {
        // Within 1, 2, 4 or 8 KB; some with few distinct places.
        const unsigned window = 1024U << (number & 3);
        BankPattern p{"random " + std::to_string(number), {}};
        for (unsigned lane = 0; lane < 32; ++lane) {
            const std::uint64_t random = mixed(0xba4c + number, lane);
            p.offsets[lane] = static_cast<std::uint32_t>(random % (window / width)) * width;
            if (number >= 48) {
                p.offsets[lane] = p.offsets[lane] / 128 * 128 +
                                  static_cast<std::uint32_t>((random >> 40) % 2) * width;
            }
        }
        all.push_back(p);
    }
    return all;
}

Result<Calibration> read_calibration(std::string_view text) {
    CUPEL_TRY(const std::string_view content, unseal(text));
    std::istringstream lines{std::string(content)};
    std::string line;
    std::getline(lines, line);
    if (!line.starts_with(kTitle)) return fail(Errc::Corrupt, "line 1: no title");
    Calibration all;
    all.device = line.substr(kTitle.size());
    for (unsigned number = 2; std::getline(lines, line); ++number) {
        Words words(line);
        std::string kind;
        words.take(kind);
        if (!take_line(kind, words, all))
            return fail(Errc::Corrupt, fmt::format("line {}: not understood", number));
    }
    return all;
}

}  // namespace cupel::emulator::conformance
