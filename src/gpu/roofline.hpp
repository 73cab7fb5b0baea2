// SPDX-License-Identifier: Apache-2.0
// Lower bounds on the time of a kernel on a named GPU, from published peaks and from what the
// emulator counted. A bound says what the kernel cannot beat there; how long it takes is another
// question, which only that GPU answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/device.hpp"
#include "gpu/occupancy.hpp"
#include "gpu/sheet.hpp"

namespace cupel::gpu {

// What the formula demands of any kernel.
struct Demand {
    double bytes = 0;            // every input read once, every output written once
    double flops = 0;            // as the formula stands
    double product_flops = 0;    // the part that no rewriting of the formula avoids
    std::string precision = {};  // "fp32", "tf32", ...: which units may do the products
};

// One launch, counted on some of its blocks at the full sizes.
struct LaunchWork {
    std::string kernel = {};
    std::uint64_t blocks = 1;   // of the launch
    std::uint64_t counted = 1;  // blocks that the counters are of
    BlockNeeds needs = {};
    emulator::Counters counters = {};
    bool only_tf32 = false;  // tensor cores are given factors of tf32, and no others
    // Of buffers that the launch reads, or writes, from end to end.
    double bytes_read = 0;
    double bytes_written = 0;
};

struct Ceiling {
    std::string name = {};  // "DRAM", "issue", "fp32", "special", "on-chip memory", ...
    double seconds = 0;     // not less than that
};

// Warps that a multiprocessor must have at hand for latency to be hidden. On an H200 (4.8 TB/s,
// some 0.6 us to memory) a load of 16 bytes of each lane of 40 warps keeps the memory busy.
// Schedules of one task there, seen against each other: docs/silicon.md.
inline constexpr double kWarpsAtWork = 40;

struct LaunchBound {
    std::string kernel = {};
    std::vector<Ceiling> ceilings = {};  // the highest first
    Occupancy occupancy = {};
    double at_work = 1;  // share of kWarpsAtWork that it has: by occupancy, or all that there are
    [[nodiscard]] double seconds() const { return ceilings.empty() ? 0 : ceilings[0].seconds; }
};

struct Bound {
    std::vector<Ceiling> formula = {};       // of any kernel for the task, the highest first
    std::vector<LaunchBound> launches = {};  // of this kernel, in order
    double seconds = 0;                      // of all launches, one after the other
    // The same, each launch divided by what it has at work. To rank kernels by: no bound, no time.
    double weighed = 0;
    std::string binds = {};  // "DRAM", or "softmax: on-chip memory"
};

[[nodiscard]] std::vector<Ceiling> formula_bound(const Sheet& sheet, const Demand& demand);
[[nodiscard]] Bound bound_of(const Sheet& sheet, const Demand& demand,
                             const std::vector<LaunchWork>& launches);

}  // namespace cupel::gpu
