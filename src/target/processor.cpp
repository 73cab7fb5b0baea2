// SPDX-License-Identifier: Apache-2.0
#include "target/processor.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "os/files.hpp"

namespace cupel::target {
namespace {

bool has_all(const Processor& processor, std::initializer_list<std::string_view> wanted) {
    const auto flags = split(processor.flags, ' ');
    return std::ranges::all_of(wanted, [&](std::string_view flag) {
        return std::ranges::find(flags, flag) != flags.end();
    });
}

void take(Processor& processor, std::string_view name, std::string_view value) {
    if (name == "model name" || name == "Processor") {
        processor.model = value;
    } else if (name == "flags" || name == "Features") {
        processor.flags = value;
    } else if (name == "vendor_id" || name == "cpu family" || name == "model" ||
               name == "stepping" || name.starts_with("CPU ")) {
        processor.steps += std::string(name) + "=" + std::string(value) + ";";
    }
}

}  // namespace

Processor parse_cpuinfo(std::string_view text) {
    Processor processor;
    processor.model = "unknown processor";
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) {
            if (trim(line).empty() && !processor.flags.empty()) break;  // the next processor begins
            continue;
        }
        take(processor, cupel::trim(line.substr(0, colon)), cupel::trim(line.substr(colon + 1)));
    }
    processor.hypervisor = has_all(processor, {"hypervisor"});
    return processor;
}

Processor this_processor() {
    return parse_cpuinfo(os::read_file("/proc/cpuinfo").value_or(""));
}

std::string native_identity(const Processor& processor) {
    const std::array<std::string_view, 3> parts = {processor.model, processor.steps,
                                                   processor.flags};
    return hash_parts(parts);
}

Vectors vectors_of(const Processor& processor) {
#if defined(__x86_64__)
    if (has_all(processor, {"avx512f", "avx512dq", "avx512vl"})) return {"avx512", 64, 32};
    if (has_all(processor, {"avx2", "fma"})) return {"avx2", 32, 16};
    return {"sse2", 16, 16};
#elif defined(__aarch64__)
    return {has_all(processor, {"asimd"}) ? "neon" : "generic", 16, 32};
#else
    (void)processor;
    return {"generic", 16, 16};
#endif
}

}  // namespace cupel::target
