// SPDX-License-Identifier: Apache-2.0
#include "target/object.hpp"

#include <elf.h>

#include <cstdint>
#include <cstring>
#include <optional>

namespace cupel::target {
namespace {

// A copy of the structure at that offset, or nothing where it does not fit.
template <class T>
std::optional<T> at(std::string_view bytes, std::uint64_t offset) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof(T));
    return value;
}

std::optional<std::string_view> section_bytes(std::string_view object, const Elf64_Shdr& section) {
    if (section.sh_offset > object.size() || section.sh_size > object.size() - section.sh_offset) {
        return std::nullopt;
    }
    return object.substr(section.sh_offset, section.sh_size);
}

std::optional<Elf64_Shdr> section_header(std::string_view object, const Elf64_Ehdr& header,
                                         std::uint32_t index) {
    if (header.e_shoff > object.size() || index >= header.e_shnum) return std::nullopt;
    return at<Elf64_Shdr>(object, header.e_shoff + std::uint64_t{index} * sizeof(Elf64_Shdr));
}

bool is_exported_function(const Elf64_Sym& symbol) {
    const auto kind = ELF64_ST_TYPE(symbol.st_info);
    const auto binding = ELF64_ST_BIND(symbol.st_info);
    const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
    // STT_GNU_IFUNC is what target_clones makes of an honest function.
    return (kind == STT_FUNC || kind == STT_GNU_IFUNC) &&
           (binding == STB_GLOBAL || binding == STB_WEAK) && symbol.st_shndx != SHN_UNDEF &&
           (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

std::string_view name_of(std::string_view names, const Elf64_Sym& symbol) {
    if (symbol.st_name >= names.size()) return {};
    const auto rest = names.substr(symbol.st_name);
    return rest.substr(0, rest.find('\0'));
}

std::unexpected<Error> damaged() {
    return fail(Errc::Invalid, "a damaged ELF object");
}

}  // namespace

Result<bool> exports_function(std::string_view object, std::string_view name) {
    const auto header = at<Elf64_Ehdr>(object, 0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_type != ET_DYN) {
        return fail(Errc::Invalid, "not a 64-bit ELF shared object");
    }
    for (std::uint32_t i = 0; i < header->e_shnum; ++i) {
        const auto section = section_header(object, *header, i);
        if (!section) return damaged();
        if (section->sh_type != SHT_DYNSYM) continue;
        const auto link = section_header(object, *header, section->sh_link);
        const auto symbols = section_bytes(object, *section);
        const auto names = link ? section_bytes(object, *link) : std::nullopt;
        if (!symbols || !names) return damaged();
        for (std::uint64_t offset = 0; const auto symbol = at<Elf64_Sym>(*symbols, offset);
             offset += sizeof(Elf64_Sym)) {
            if (is_exported_function(*symbol) && name_of(*names, *symbol) == name) return true;
        }
        return false;
    }
    return false;
}

}  // namespace cupel::target
