// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <initializer_list>

#include "target/machine.hpp"

namespace cupel::target {
namespace {

Bound largest(std::initializer_list<Bound> bounds) {
    return *std::ranges::max_element(bounds, {}, &Bound::seconds);
}

double over(double amount, double rate) {
    return rate > 0 ? amount / rate : 0;
}

double best_bandwidth(const Ceilings& ceilings) {
    return std::max({ceilings.read_bandwidth, ceilings.copy_bandwidth, ceilings.stream_bandwidth});
}

}  // namespace

// Roofline (Williams, Waterman, Patterson 2009) with a third roof for exp: compulsory bytes, flops
// and transcendentals, each at its own measured rate, perfectly overlapped.
Bound ceiling_bound(const task::Counts& counts, const Ceilings& ceilings) {
    const bool reads_only = counts.output_bytes * 16 < counts.input_bytes;
    const Bound memory =
        reads_only
            ? Bound{"read bandwidth", over(counts.bytes(), ceilings.read_bandwidth)}
            : Bound{"copy bandwidth", over(counts.bytes(), std::max(ceilings.copy_bandwidth,
                                                                    ceilings.stream_bandwidth))};
    return largest({memory,
                    {"FMA rate", over(counts.flops, ceilings.fma_flops)},
                    {"exp rate", over(counts.transcendentals, ceilings.exp_rate)}});
}

Bound physical_floor(const task::Counts& counts, const Ceilings& ceilings, const Machine& machine) {
    // Caches are credited twice: full of inputs when the clock starts, full of unwritten outputs
    // when it stops. Each thread brings a second-level cache of its own.
    const double held = static_cast<double>(machine.l3_bytes) +
                        static_cast<double>(machine.l2_bytes) * ceilings.threads;
    const auto input = static_cast<double>(counts.input_bytes);
    const auto output = static_cast<double>(counts.output_bytes);
    const double moved = std::max(0.0, input - held) + std::max(0.0, output - held);
    // The margins are for what a measurement may have missed: turbo, a quieter neighbour.
    constexpr double kMemoryMargin = 1.5;
    constexpr double kCoreMargin = 1.3;
    const Bound memory{"memory bandwidth", over(moved, kMemoryMargin * best_bandwidth(ceilings))};
    // Every byte still passes through a first-level cache; stores may overlap loads and are no
    // faster.
    const Bound cache{"cache bandwidth",
                      over(std::max(input, output), kCoreMargin * ceilings.cache_bandwidth)};
    // Strassen's recursion saves an eighth a level: at a quarter of the products it would be ten
    // levels deep. Matrix units may do single precision in parts of bf16, above the vectors' rate.
    const double algorithm = machine.tiles ? 64 : 4;
    const Bound products{"FMA rate",
                         over(counts.product_flops, algorithm * kCoreMargin * ceilings.fma_flops)};
    return largest({memory, cache, products});
}

}  // namespace cupel::target
