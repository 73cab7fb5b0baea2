// SPDX-License-Identifier: Apache-2.0
#include "target/object_code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "os/child.hpp"
#include "os/files.hpp"
#include "target/loop_depth.hpp"
#include "target/workshop.hpp"

namespace cupel::target {
namespace {

constexpr CompileLimits kReaderLimits = {.time = std::chrono::seconds(10)};
constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kMostWords = std::uint64_t{32} << 20;

constexpr auto kStems = std::to_array<std::string_view>(
    {"add", "sub", "mul", "div", "sqrt", "max", "min", "fmadd", "fmsub", "fnmadd", "fnmsub"});

// "vfmadd231" -> "fmadd": no prefix of a VEX encoding, no order of operands.
std::string_view stem_of(std::string_view name) {
    if (name.starts_with('v')) name.remove_prefix(1);
    while (!name.empty() && name.back() >= '0' && name.back() <= '9')
        name.remove_suffix(1);
    return name;
}

int register_bytes(std::string_view operands) {
    if (operands.find("%zmm") != std::string_view::npos) return 64;
    if (operands.find("%ymm") != std::string_view::npos) return 32;
    return 16;
}

bool any_of(std::string_view name, std::initializer_list<std::string_view> parts) {
    return std::ranges::any_of(parts, [&](std::string_view part) { return name.contains(part); });
}

// "1050 <expf@plt>" -> "expf"
std::string library_function(std::string_view operands) {
    const std::size_t begin = operands.find('<');
    const std::size_t end = operands.find("@plt>");
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return "";
    return std::string(operands.substr(begin + 1, end - begin - 1));
}

// Reads line by line: a function begins with "0000000000001139 <kernel>:".
class Reader {
public:
    void read(std::string_view line) {
        const std::size_t tab = line.find(":\t");  // "    1139:\tvaddps %ymm0,%ymm1,%ymm2"
        if (tab == std::string_view::npos) {
            begin_function(line);
            return;
        }
        steps_.push_back({.at = number(trim(line.substr(0, tab)))});
        line = trim(line.substr(tab + 2));
        const std::size_t space = std::min(line.find(' '), line.size());
        const std::string_view name = line.substr(0, space);
        const std::string_view operands = line.substr(space);
        if (name.starts_with('j') || name == "call") jump(name, operands);
        if (name == "ret" || name == "jmp" || name == "ud2") steps_.back().falls = false;
        count_access(name);
        count_arithmetic(name, operands);
    }
    [[nodiscard]] ObjectCode done() && {
        end_function();
        code_.accumulators = static_cast<int>(accumulators_.size());
        return std::move(code_);
    }

private:
    static std::uint64_t number(std::string_view digits) {
        constexpr int kHex = 16;
        std::uint64_t value = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), value, kHex);
        return value;
    }

    void begin_function(std::string_view line) {
        const std::size_t open = line.find('<');
        if (open == std::string_view::npos || !line.ends_with(">:")) return;
        end_function();
        function_ = std::string(line.substr(open + 1, line.size() - open - 3));
    }

    void end_function() {
        const std::vector<int> depths = loop_depths(steps_);
        for (const int depth : depths)
            code_.depth = std::max(code_.depth, depth);
        for (const auto& [step, bytes] : packed_) {
            if (depths[step] > 0) code_.widest_in_loops = std::max(code_.widest_in_loops, bytes);
        }
        steps_.clear();
        packed_.clear();
    }

    void jump(std::string_view name, std::string_view operands) {
        if (name == "call" || name == "jmp") {
            if (std::string callee = library_function(operands); !callee.empty())
                ++code_.calls[std::move(callee)];
        }
        if (name == "call") return;
        const std::size_t open = std::min(operands.find('<'), operands.size());
        steps_.back().to = number(trim(operands.substr(0, open)));
    }

    void count_access(std::string_view name) {
        if (name.contains("gather")) ++code_.gathers;
        if (any_of(name, {"movnt"})) ++code_.streamed;
        if (name.starts_with("prefetch")) ++code_.prefetches;
        if (name.ends_with("ph") || any_of(name, {"ph2ps", "bf16"})) ++code_.halves;
    }

    void count_arithmetic(std::string_view name, std::string_view operands) {
        if (name.size() < 4) return;
        const std::string_view ending = name.substr(name.size() - 2);
        const bool packed = ending == "ps" || ending == "pd";
        if (!packed && ending != "ss" && ending != "sd") return;
        const std::string_view stem = stem_of(name.substr(0, name.size() - 2));
        if (std::ranges::find(kStems, stem) == kStems.end()) return;
        ++(packed ? code_.packed : code_.scalar);
        if (ending.back() == 'd') ++code_.doubles;
        if (packed) {
            code_.widest = std::max(code_.widest, register_bytes(operands));
            packed_.emplace_back(steps_.size() - 1, register_bytes(operands));
        }
        if (const std::size_t last = operands.rfind('%');
            stem.starts_with('f') && last != std::string_view::npos)
            accumulators_.insert(function_ + std::string(operands.substr(last)));
    }

    ObjectCode code_;
    std::string function_;
    std::vector<Step> steps_;                          // of this function
    std::vector<std::pair<std::size_t, int>> packed_;  // of them, those on vectors of so many bytes
    std::set<std::string> accumulators_;
};

std::string_view threads_of(const ObjectCode& code) {
    const auto places = [&](std::string_view part) {
        int all = 0;
        for (const auto& [name, count] : code.calls)
            all += name.contains(part) ? count : 0;
        return all;
    };
    if (places("GOMP_barrier") > 0) return "team";
    if (const int regions = places("GOMP_parallel"); regions > 0)
        return regions == 1 ? "parallel" : "regions";
    return places("pthread_create") + places("_M_start_thread") > 0 ? "threads" : "single";
}

std::string vectors_of(const ObjectCode& code) {
    constexpr int kBits = 8;
    if (code.widest_in_loops == 0) return "scalar";
    return fmt::format("{}-bit", kBits * code.widest_in_loops);
}

std::string_view tile_of(const ObjectCode& code) {
    constexpr int kRow = 3;
    constexpr int kTile = 10;
    if (code.accumulators < kRow) return "untiled";
    return code.accumulators < kTile ? "narrow" : "tiled";
}

std::string_view memory_of(const ObjectCode& code) {
    if (code.streamed > 0) return "streamed";
    if (code.gathers > 0) return "gathered";
    return code.prefetches > 0 ? "prefetched" : "direct";
}

std::string_view precision_of(const ObjectCode& code) {
    if (code.halves > 0) return "half";
    return 2 * code.doubles > code.packed + code.scalar ? "fp64" : "fp32";
}

}  // namespace

ObjectCode read_disassembly(std::string_view words) {
    Reader reader;
    while (!words.empty()) {
        const std::size_t end = std::min(words.find('\n'), words.size());
        reader.read(words.substr(0, end));
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return std::move(reader).done();
}

std::string axes_of(const ObjectCode& code) {
    return fmt::format("{} {} {} {} depth{} {}", threads_of(code), vectors_of(code), tile_of(code),
                       memory_of(code), code.depth, precision_of(code));
}

Result<std::optional<ObjectCode>> object_code(const std::filesystem::path& object) {
    const auto program = os::find_program("objdump");
    const auto bytes = os::read_file(object, kMostBytes);
    if (!program || !bytes) return std::nullopt;
    const Job job{
        .argv = {"/bin/sh", "-c",
                 "exec \"$1\" --disassemble --no-show-raw-insn \"$2\" >/out/code 2>/dev/null", "sh",
                 program->string(), "/source/object"},
        .files = {{.name = "object", .bytes = *bytes}},
        .binds = system_binds(),
        .limits = kReaderLimits};
    CUPEL_TRY(const Work done, work(job));
    if (!done.succeeded()) return std::nullopt;
    const auto taken = done.take("code", kMostWords);
    if (!taken) return std::nullopt;
    const auto& words = *taken;
    if (!words) return std::nullopt;
    return read_disassembly(*words);
}

}  // namespace cupel::target
