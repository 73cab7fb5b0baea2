// SPDX-License-Identifier: Apache-2.0
#include "target/machine.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "os/clock.hpp"
#include "os/files.hpp"
#include "target/processor.hpp"

namespace cupel::target {
namespace {

std::string read_word(const std::string& path) {
    return std::string(trim(os::read_file(path, 4096).value_or("")));
}

// "32K", "1024K", "32M" as sysfs writes cache sizes; 0 where it is something else.
std::int64_t parse_size(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value < 0 || value > (std::int64_t{1} << 40)) return 0;
    const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
    if (unit == "K") return value << 10;
    if (unit == "M") return value << 20;
    return unit.empty() ? value : 0;
}

// The data (or unified) cache of that level as the first usable processor sees it. sysfs goes
// first: sysconf adds the slices of all cores of the chip on some processors, also those a virtual
// machine cannot use.
std::int64_t cache_bytes(int level, int sysconf_name) {
    const auto cpus = os::allowed_cpus();
    const int cpu = cpus.empty() ? 0 : cpus.front();
    constexpr int kIndices = 8;
    for (int index = 0; index < kIndices; ++index) {
        const auto folder = fmt::format("/sys/devices/system/cpu/cpu{}/cache/index{}/", cpu, index);
        if (read_word(folder + "level") != std::to_string(level)) continue;
        if (read_word(folder + "type") == "Instruction") continue;
        if (const auto bytes = parse_size(read_word(folder + "size")); bytes > 0) return bytes;
    }
    return std::max<std::int64_t>(0, sysconf(sysconf_name));
}

// The last-level caches that the usable processors reach, all together.
std::int64_t last_level_bytes() {
    std::set<std::string> groups;
    for (const int cpu : os::allowed_cpus()) {
        groups.insert(read_word(
            fmt::format("/sys/devices/system/cpu/cpu{}/cache/index3/shared_cpu_list", cpu)));
    }
    const auto count = std::max<std::size_t>(1, groups.size());
    return cache_bytes(3, _SC_LEVEL3_CACHE_SIZE) * static_cast<std::int64_t>(count);
}

std::int64_t memory_bytes() {
    const auto pages = sysconf(_SC_PHYS_PAGES);
    const auto page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? std::int64_t{pages} * page : 0;
}

std::string hypervisor_name(const Processor& processor) {
    auto type = read_word("/sys/hypervisor/type");
    if (!type.empty()) return type;
    const auto product = read_word("/sys/class/dmi/id/product_name");
    const auto vendor = read_word("/sys/class/dmi/id/sys_vendor");
    for (const auto& [mark, name] :
         {std::pair{"KVM", "kvm"}, std::pair{"QEMU", "kvm"}, std::pair{"VMware", "vmware"},
          std::pair{"VirtualBox", "virtualbox"}, std::pair{"Virtual Machine", "hyper-v"}}) {
        if (product.find(mark) != std::string::npos || vendor.find(mark) != std::string::npos) {
            return name;
        }
    }
    if (!processor.hypervisor) return "";
    return vendor.empty() ? "unknown hypervisor" : vendor;
}

std::string kernel_release() {
    utsname names{};
    if (uname(&names) != 0) return "";
    return std::string(names.sysname) + " " + names.release;
}

}  // namespace

Machine this_machine() {
    const auto processor = this_processor();
    const auto vectors = vectors_of(processor);
    Machine machine;
    machine.processor = processor.model;
    machine.cpus = std::max(1, static_cast<int>(os::allowed_cpus().size()));
    machine.l1_bytes = cache_bytes(1, _SC_LEVEL1_DCACHE_SIZE);
    machine.l2_bytes = cache_bytes(2, _SC_LEVEL2_CACHE_SIZE);
    machine.l3_bytes = last_level_bytes();
    machine.memory_bytes = memory_bytes();
    machine.isa = vectors.isa;
    machine.vector_bytes = vectors.bytes;
    machine.vector_registers = vectors.registers;
    machine.tiles = processor.flags.find("amx_tile") != std::string::npos;
    machine.kernel = kernel_release();
    machine.virtualised = hypervisor_name(processor);
    const auto described =
        to_json(machine).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
        native_identity(processor);
    machine.fingerprint = hash_hex(described);
    return machine;
}

nlohmann::json to_json(const Machine& machine) {
    return {{"processor", machine.processor},
            {"cpus", machine.cpus},
            {"l1_bytes", machine.l1_bytes},
            {"l2_bytes", machine.l2_bytes},
            {"l3_bytes", machine.l3_bytes},
            {"memory_bytes", machine.memory_bytes},
            {"isa", machine.isa},
            {"vector_bytes", machine.vector_bytes},
            {"vector_registers", machine.vector_registers},
            {"tiles", machine.tiles},
            {"kernel", machine.kernel},
            {"virtualised", machine.virtualised},
            {"fingerprint", machine.fingerprint}};
}

}  // namespace cupel::target
