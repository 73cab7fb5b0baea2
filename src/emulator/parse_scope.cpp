// SPDX-License-Identifier: Apache-2.0
#include "emulator/parse_scope.hpp"

#include <charconv>

namespace cupel::emulator {

Index find_register(std::vector<Braces>& scopes, std::string_view name, Kernel& kernel) {
    const std::size_t last = name.find_last_not_of("0123456789");
    const std::string_view prefix = name.substr(0, last + 1);
    const std::string_view digits = name.substr(prefix.size());
    std::uint64_t number = 0;
    const bool numbered =
        std::from_chars(digits.data(), digits.data() + digits.size(), number).ec == std::errc();
    for (std::size_t i = scopes.size(); i-- > 0;) {
        auto& declared = scopes[i].registers;
        auto found = declared.find(name);
        std::uint64_t key = 0;
        if (found == declared.end() || found->second.count != 0) {
            found = numbered ? declared.find(prefix) : declared.end();
            if (found == declared.end() || number >= found->second.count) {
                if (scopes[i].of_function) break;
                continue;
            }
            key = number;
        }
        const auto [use, fresh] = found->second.used.emplace(key, 0);
        if (fresh) {
            use->second = static_cast<Index>(kernel.registers.size());
            kernel.registers.push_back({.name = name, .type = found->second.type});
        }
        return use->second;
    }
    return kNoIndex;
}

Index find_variable(const std::vector<Braces>& scopes, std::string_view name,
                    const Module& module) {
    for (std::size_t i = scopes.size(); i-- > 0;) {
        const auto found = scopes[i].variables.find(name);
        if (found != scopes[i].variables.end()) return found->second;
        if (scopes[i].of_function) break;
    }
    const auto found = module.names.find(name);
    return found == module.names.end() ? kNoIndex : found->second;
}

void read_used_bytes(std::string_view pragma, std::uint32_t& used) {
    constexpr std::string_view kMask = "used_bytes_mask ";
    const std::size_t at = pragma.find(kMask);
    if (at == std::string_view::npos) return;
    pragma.remove_prefix(at + kMask.size());
    const bool hexadecimal = pragma.starts_with("0x");
    if (hexadecimal) pragma.remove_prefix(2);
    std::from_chars(pragma.data(), pragma.data() + pragma.size(), used, hexadecimal ? 16 : 10);
}

}  // namespace cupel::emulator
