// SPDX-License-Identifier: Apache-2.0
// Machines and ceilings read back from a stranger's text. Every field must be there, with its type,
// and be what some machine could have.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <utility>

#include "target/machine.hpp"

namespace cupel::target {
namespace {

using nlohmann::json;

constexpr std::int64_t kLargestMemory = std::int64_t{1} << 50;
constexpr std::int64_t kLastSecond = 253'402'300'799;  // of the year 9999, Unix time
constexpr int kMostProcessors = 1 << 20;
constexpr int kWidest = 1 << 20;  // of vectors in bytes, and of registers in number

// nlohmann throws on what is missing or of another type; the callers catch.
template <class T>
void read(const json& object, const char* name, T& out) {
    out = object.at(name).get<T>();
}

// Whole, and neither less nor more: what is reckoned with it overflows nowhere.
template <class Integer>
Result<void> read_whole(const json& object, const char* name, Integer& out, Integer least,
                        Integer most) {
    const json& field = object.at(name);
    const auto is_within = [&](auto value) {
        return std::cmp_greater_equal(value, least) && std::cmp_less_equal(value, most);
    };
    const bool fits = field.is_number_unsigned()
                          ? is_within(field.get<std::uint64_t>())
                          : field.is_number_integer() && is_within(field.get<std::int64_t>());
    if (!fits) {
        return fail(Errc::Corrupt,
                    fmt::format("{}: expected a whole number, {} .. {}", name, least, most));
    }
    out = field.get<Integer>();
    return {};
}

// 0 where a machine hides it.
Result<void> read_bytes(const json& object, const char* name, std::int64_t& out) {
    return read_whole(object, name, out, std::int64_t{0}, kLargestMemory);
}

bool is_rate(double value) {
    return std::isfinite(value) && value > 0;
}

Result<void> read_machine(const json& object, Machine& machine) {
    read(object, "processor", machine.processor);
    CUPEL_DO(read_whole(object, "cpus", machine.cpus, 1, kMostProcessors));
    CUPEL_DO(read_bytes(object, "l1_bytes", machine.l1_bytes));
    CUPEL_DO(read_bytes(object, "l2_bytes", machine.l2_bytes));
    CUPEL_DO(read_bytes(object, "l3_bytes", machine.l3_bytes));
    CUPEL_DO(read_bytes(object, "memory_bytes", machine.memory_bytes));
    read(object, "isa", machine.isa);
    CUPEL_DO(read_whole(object, "vector_bytes", machine.vector_bytes, 0, kWidest));
    CUPEL_DO(read_whole(object, "vector_registers", machine.vector_registers, 0, kWidest));
    read(object, "tiles", machine.tiles);
    read(object, "kernel", machine.kernel);
    read(object, "virtualised", machine.virtualised);
    read(object, "fingerprint", machine.fingerprint);
    return {};
}

Result<void> read_ceilings(const json& object, Ceilings& ceilings) {
    CUPEL_DO(read_whole(object, "threads", ceilings.threads, 1, kMostProcessors));
    CUPEL_DO(read_whole(object, "measured", ceilings.measured, std::int64_t{0}, kLastSecond));
    read(object, "disturbed", ceilings.disturbed);
    read(object, "fma_flops", ceilings.fma_flops);
    read(object, "exp_rate", ceilings.exp_rate);
    read(object, "read_bandwidth", ceilings.read_bandwidth);
    read(object, "copy_bandwidth", ceilings.copy_bandwidth);
    read(object, "stream_bandwidth", ceilings.stream_bandwidth);
    read(object, "cache_bandwidth", ceilings.cache_bandwidth);
    for (const double rate :
         {ceilings.fma_flops, ceilings.exp_rate, ceilings.read_bandwidth, ceilings.copy_bandwidth,
          ceilings.stream_bandwidth, ceilings.cache_bandwidth}) {
        if (!is_rate(rate)) return fail(Errc::Corrupt, "a rate is not above 0");
    }
    if (!(ceilings.disturbed >= 0 && ceilings.disturbed <= 1))
        return fail(Errc::Corrupt, "disturbed: a share is 0 .. 1");
    return {};
}

template <class Read>
Result<void> reading(const char* what, Read&& body) {
    try {
        Result<void> done = body();
        if (!done) return std::unexpected(std::move(done).error().in(what));
        return done;
    } catch (const json::exception& problem) {
        return fail(Errc::Corrupt, fmt::format("{}: {}", what, problem.what()));
    }
}

}  // namespace

Result<Machine> machine_from_json(const json& object) {
    Machine machine;
    CUPEL_DO(reading("machine", [&] { return read_machine(object, machine); }));
    return machine;
}

Result<Ceilings> ceilings_from_json(const json& object) {
    Ceilings ceilings;
    CUPEL_DO(reading("ceilings", [&] { return read_ceilings(object, ceilings); }));
    return ceilings;
}

}  // namespace cupel::target
