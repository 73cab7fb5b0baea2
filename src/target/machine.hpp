// SPDX-License-Identifier: Apache-2.0
// The machine: what it is (a fingerprint) and how fast it can possibly go (ceilings), measured once
// and cached under the fingerprint.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "target/cpu.hpp"
#include "task/task.hpp"

namespace cupel::target {

struct Machine {
    std::string processor;      // "AMD EPYC ..."
    int cpus = 0;               // usable by this process
    std::int64_t l1_bytes = 0;  // data cache of one core
    std::int64_t l2_bytes = 0;
    std::int64_t l3_bytes = 0;  // of all the usable processors together
    std::int64_t memory_bytes = 0;
    std::string isa;        // "avx512", "avx2", "sse2", "neon", "generic"
    int vector_bytes = 16;  // width the target code should use
    int vector_registers = 16;
    bool tiles = false;       // matrix units (AMX) beside the vectors
    std::string kernel;       // operating system release
    std::string virtualised;  // "kvm", or empty
    std::string fingerprint;  // hash of the above
};
[[nodiscard]] Machine this_machine();
[[nodiscard]] nlohmann::json to_json(const Machine& machine);

struct Ceilings {  // for one thread count, all threads together: the best of many short repetitions
    int threads = 1;
    double fma_flops = 0;         // single precision multiply-adds, counted as 2, per second
    double exp_rate = 0;          // vectorised exp evaluations per second
    double read_bandwidth = 0;    // bytes per second, from memory
    double copy_bandwidth = 0;    // bytes read + bytes written per second
    double stream_bandwidth = 0;  // the same with streaming stores
    double cache_bandwidth = 0;   // read bytes per second from the first-level caches
    std::int64_t measured = 0;    // Unix time of the last measurement; 0: not known
    double disturbed = 0;  // share of the processors that others took meanwhile, at the quietest
};
enum class Freshness {
    Cached,  // from the cache, unless that is worth measuring again
    Again,   // measured now (about a second); of each figure the higher is kept
    Anew,    // measured now, and everything that was known is forgotten
};
[[nodiscard]] Result<Ceilings> ceilings(const Machine& machine, const Compiler& compiler,
                                        int threads, Freshness freshness = Freshness::Cached);
// Older than a week, or measured on a busy machine and not in the last ten minutes.
[[nodiscard]] bool worth_measuring_again(const Ceilings& ceilings, std::int64_t unix_now);
// What others took of the processors was too much for a sound figure.
[[nodiscard]] bool was_busy(const Ceilings& ceilings);
[[nodiscard]] nlohmann::json to_json(const Ceilings& ceilings);
// Corrupt where a field is missing, of another type, or beyond what a machine can have: a rate that
// is not above 0, bytes below 0 or above 2^50.
[[nodiscard]] Result<Machine> machine_from_json(const nlohmann::json& object);
[[nodiscard]] Result<Ceilings> ceilings_from_json(const nlohmann::json& object);

struct Bound {
    std::string name;    // "copy bandwidth", "FMA rate", "exp rate"
    double seconds = 0;  // no kernel for the task should be quicker
};
// The ceiling that binds (the largest of the bounds), for reports: measured ceilings.
[[nodiscard]] Bound ceiling_bound(const task::Counts& counts, const Ceilings& ceilings);
// Law 12: below this a figure is impossible. Compulsory bytes, with generous peaks and caches
// credited with all they could hold, and the flops of products of inputs, with room for Strassen's
// algorithm. Other flops are left out on purpose: counts cannot tell what another order of the
// algebra would save.
[[nodiscard]] Bound physical_floor(const task::Counts& counts, const Ceilings& ceilings,
                                   const Machine& machine);

}  // namespace cupel::target
