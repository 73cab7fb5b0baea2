// SPDX-License-Identifier: Apache-2.0
#include "target/object_code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "os/child.hpp"
#include "target/workshop.hpp"

namespace cupel::target {
namespace {

constexpr CompileLimits kReaderLimits = {.time = std::chrono::seconds(10)};
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

void count_instruction(std::string_view name, std::string_view operands, ObjectCode& code) {
    if (name.size() < 4) return;
    const std::string_view ending = name.substr(name.size() - 2);
    const bool packed = ending == "ps" || ending == "pd";
    if (!packed && ending != "ss" && ending != "sd") return;
    const std::string_view stem = stem_of(name.substr(0, name.size() - 2));
    if (std::ranges::find(kStems, stem) == kStems.end()) return;
    ++(packed ? code.packed : code.scalar);
    if (packed) code.widest = std::max(code.widest, register_bytes(operands));
}

// "1050 <expf@plt>" -> "expf"
std::string library_function(std::string_view operands) {
    const std::size_t begin = operands.find('<');
    const std::size_t end = operands.find("@plt>");
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return "";
    return std::string(operands.substr(begin + 1, end - begin - 1));
}

}  // namespace

ObjectCode read_disassembly(std::string_view words) {
    ObjectCode code;
    while (!words.empty()) {
        const std::size_t end = std::min(words.find('\n'), words.size());
        std::string_view line = words.substr(0, end);
        words.remove_prefix(std::min(end + 1, words.size()));
        const std::size_t tab = line.find(":\t");  // "    1139:\tvaddps %ymm0,%ymm1,%ymm2"
        if (tab == std::string_view::npos) continue;
        line = trim(line.substr(tab + 2));
        const std::size_t space = std::min(line.find(' '), line.size());
        const std::string_view name = line.substr(0, space);
        const std::string_view operands = line.substr(space);
        if (name == "call" || name == "jmp") {
            if (std::string callee = library_function(operands); !callee.empty())
                ++code.calls[std::move(callee)];
        } else {
            count_instruction(name, operands, code);
        }
    }
    return code;
}

Result<std::optional<ObjectCode>> object_code(const std::filesystem::path& object) {
    const auto program = os::find_program("objdump");
    if (!program) return std::nullopt;
    Job job{.argv = {"/bin/sh", "-c",
                     "exec \"$1\" --disassemble --no-show-raw-insn \"$2\" >/out/code 2>/dev/null",
                     "sh", program->string(), object.string()},
            .files = {},
            .binds = system_binds(),
            .limits = kReaderLimits};
    show(job.binds, object);
    CUPEL_TRY(const Work done, work(job));
    if (!done.succeeded()) return std::nullopt;
    const auto taken = done.take("code", kMostWords);
    if (!taken) return std::nullopt;
    const auto& words = *taken;
    if (!words) return std::nullopt;
    return read_disassembly(*words);
}

}  // namespace cupel::target
