// SPDX-License-Identifier: Apache-2.0
#include "gpu/roofline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

namespace cupel::gpu {
namespace {

constexpr double kLanes = 32;
constexpr double kSector = 32;  // bytes
// A wavefront is one pass over the 32 banks of 4 bytes.
constexpr double kWavefront = 128;
// Two of the operations that PTX writes apart may become one fused instruction.
constexpr double kFused = 2;

// Kinds of work (emulator/report.cpp) of which an assembler keeps each instruction. It may drop or
// merge what moves, converts, compares and counts: these are left out, so that a bound stays one.
constexpr auto kKept = std::to_array<std::string_view>(
    {"special", "tensor", "load", "store", "atomic", "copy", "collective", "barrier"});

void sort_ceilings(std::vector<Ceiling>& ceilings) {
    std::erase_if(ceilings, [](const Ceiling& one) { return one.seconds <= 0; });
    std::ranges::stable_sort(ceilings, std::greater(), &Ceiling::seconds);
}

// What no kernel beats. Three products of halves make one of singles, nearly, on tensor cores.
double product_rate(const Sheet& sheet, std::string_view precision) {
    constexpr double kSplit = 3;
    const double tensor = std::max(sheet.bf16_tensor_rate, sheet.fp16_tensor_rate);
    if (precision == "fp64") return std::max(sheet.fp64_rate, tensor / kSplit);
    if (precision == "fp32") return std::max(sheet.fp32_rate, tensor / kSplit);
    return tensor;
}

// Seconds that one multiprocessor needs for a thing of which it does so many each clock, where the
// work is shared among as many multiprocessors as there are blocks for.
class Shared {
public:
    Shared(const Sheet& sheet, const LaunchWork& work)
        : scale_(static_cast<double>(work.blocks) / static_cast<double>(work.counted)),
          clocks_(sheet.boost_clock *
                  static_cast<double>(std::min<std::uint64_t>(
                      static_cast<std::uint64_t>(sheet.multiprocessors), work.blocks))),
          device_(sheet.boost_clock * static_cast<double>(sheet.multiprocessors)) {}

    [[nodiscard]] double per_clock(double count, double rate) const {
        return count * scale_ / (rate * clocks_);
    }
    // Of a rate of the whole device.
    [[nodiscard]] double per_second(double count, double rate) const {
        return per_clock(count, rate / device_);
    }

private:
    double scale_;
    double clocks_;
    double device_;
};

double instructions_kept(const emulator::Counters& counters) {
    double kept =
        static_cast<double>(counters.single_flops + counters.double_flops) / kFused / kLanes;
    for (const emulator::WorkCount& one : counters.work) {
        if (std::ranges::find(kKept, one.name) != kKept.end())
            kept += static_cast<double>(one.warps);
    }
    return kept;
}

double lanes_of(const emulator::Counters& counters, std::string_view work) {
    const auto found = std::ranges::find(counters.work, work, &emulator::WorkCount::name);
    return found == counters.work.end() ? 0 : static_cast<double>(found->lanes);
}

std::vector<Ceiling> launch_ceilings(const Sheet& sheet, const LaunchWork& work) {
    const emulator::Counters& counted = work.counters;
    const Shared shared(sheet, work);
    const double on_chip = kSector * static_cast<double>(counted.global_sectors) +
                           kWavefront * static_cast<double>(counted.shared_wavefronts);
    const auto real = [](std::uint64_t count) { return static_cast<double>(count); };
    const double tensor = work.only_tf32 ? sheet.tf32_tensor_rate
                                         : std::max(sheet.fp16_tensor_rate, sheet.bf16_tensor_rate);
    return {
        {"issue", shared.per_clock(instructions_kept(counted), sheet.warp_schedulers)},
        {"fp32", shared.per_second(real(counted.single_flops), sheet.fp32_rate)},
        {"fp64", shared.per_second(real(counted.double_flops), sheet.fp64_rate)},
        {"fp16", shared.per_second(real(counted.half_flops), sheet.fp16_rate)},
        {"tensor", shared.per_second(real(counted.tensor_flops), tensor)},
        {"special functions",
         shared.per_clock(lanes_of(counted, "special"), sheet.special_functions)},
        {"on-chip memory", shared.per_clock(on_chip, sheet.load_store_bytes)},
    };
}

// What must come from, or go to, DRAM while the launch runs: an L2 full of what was there before
// spares it no more than its own size, in each direction.
double dram_bytes(const Sheet& sheet, const LaunchWork& work, bool is_first) {
    const auto cache = static_cast<double>(sheet.l2_size);
    const double read = is_first ? work.bytes_read : std::max(0.0, work.bytes_read - cache);
    return read + std::max(0.0, work.bytes_written - cache);
}

double at_work(const Sheet& sheet, const LaunchWork& work, const Occupancy& resident) {
    const double blocks =
        std::ceil(static_cast<double>(work.blocks) /
                  static_cast<double>(std::max<std::int64_t>(1, sheet.multiprocessors)));
    const double warps = std::ceil(static_cast<double>(work.needs.threads) / kLanes);
    const double at_hand = std::min(static_cast<double>(resident.warps), blocks * warps);
    return std::clamp(at_hand / kWarpsAtWork, 1 / kWarpsAtWork, 1.0);
}

}  // namespace

std::vector<Ceiling> formula_bound(const Sheet& sheet, const Demand& demand) {
    std::vector<Ceiling> ceilings = {
        {"DRAM", demand.bytes / sheet.dram_bandwidth},
        {"arithmetic", demand.product_flops / product_rate(sheet, demand.precision)}};
    sort_ceilings(ceilings);
    return ceilings;
}

Bound bound_of(const Sheet& sheet, const Demand& demand, const std::vector<LaunchWork>& launches) {
    Bound bound{.formula = formula_bound(sheet, demand)};
    double longest = -1;
    for (std::size_t i = 0; i < launches.size(); i++) {
        const LaunchWork& work = launches[i];
        LaunchBound one{.kernel = work.kernel, .ceilings = launch_ceilings(sheet, work)};
        one.ceilings.push_back({"DRAM", dram_bytes(sheet, work, i == 0) / sheet.dram_bandwidth});
        sort_ceilings(one.ceilings);
        one.occupancy = occupancy(sheet, work.needs);
        one.at_work = at_work(sheet, work, one.occupancy);
        bound.seconds += one.seconds();
        if (one.seconds() > longest && !one.ceilings.empty()) {
            longest = one.seconds();
            bound.binds = launches.size() > 1
                              ? fmt::format("{}: {}", one.kernel, one.ceilings[0].name)
                              : one.ceilings[0].name;
        }
        bound.weighed += one.seconds() / one.at_work;
        bound.launches.push_back(std::move(one));
    }
    if (!bound.formula.empty() && bound.formula[0].seconds >= bound.seconds) {
        bound.seconds = bound.formula[0].seconds;
        bound.binds = bound.formula[0].name;
    }
    double alone = 0;
    for (const LaunchBound& launch : bound.launches)
        alone += launch.seconds();
    bound.weighed = bound.seconds * (alone > 0 ? bound.weighed / alone : 1);
    return bound;
}

}  // namespace cupel::gpu
