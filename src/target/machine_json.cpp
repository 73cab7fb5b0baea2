// SPDX-License-Identifier: Apache-2.0
// Machines and ceilings read back from a stranger's text. Every field must be there, with its type.
#include <nlohmann/json.hpp>

#include <cmath>

#include "target/machine.hpp"

namespace cupel::target {
namespace {

using nlohmann::json;

// nlohmann throws on what is missing or of another type; the callers catch.
template <class T>
void read(const json& object, const char* name, T& out) {
    out = object.at(name).get<T>();
}

bool is_rate(double value) {
    return std::isfinite(value) && value > 0;
}

}  // namespace

Result<Machine> machine_from_json(const json& object) {
    Machine machine;
    try {
        read(object, "processor", machine.processor);
        read(object, "cpus", machine.cpus);
        read(object, "l1_bytes", machine.l1_bytes);
        read(object, "l2_bytes", machine.l2_bytes);
        read(object, "l3_bytes", machine.l3_bytes);
        read(object, "memory_bytes", machine.memory_bytes);
        read(object, "isa", machine.isa);
        read(object, "vector_bytes", machine.vector_bytes);
        read(object, "vector_registers", machine.vector_registers);
        read(object, "tiles", machine.tiles);
        read(object, "kernel", machine.kernel);
        read(object, "virtualised", machine.virtualised);
        read(object, "fingerprint", machine.fingerprint);
    } catch (const json::exception& problem) {
        return fail(Errc::Corrupt, std::string("machine: ") + problem.what());
    }
    return machine;
}

Result<Ceilings> ceilings_from_json(const json& object) {
    Ceilings ceilings;
    try {
        read(object, "threads", ceilings.threads);
        read(object, "measured", ceilings.measured);
        read(object, "disturbed", ceilings.disturbed);
        read(object, "fma_flops", ceilings.fma_flops);
        read(object, "exp_rate", ceilings.exp_rate);
        read(object, "read_bandwidth", ceilings.read_bandwidth);
        read(object, "copy_bandwidth", ceilings.copy_bandwidth);
        read(object, "stream_bandwidth", ceilings.stream_bandwidth);
        read(object, "cache_bandwidth", ceilings.cache_bandwidth);
    } catch (const json::exception& problem) {
        return fail(Errc::Corrupt, std::string("ceilings: ") + problem.what());
    }
    for (const double rate :
         {ceilings.fma_flops, ceilings.exp_rate, ceilings.read_bandwidth, ceilings.copy_bandwidth,
          ceilings.stream_bandwidth, ceilings.cache_bandwidth}) {
        if (!is_rate(rate)) return fail(Errc::Corrupt, "ceilings: a rate is not above 0");
    }
    return ceilings;
}

}  // namespace cupel::target
