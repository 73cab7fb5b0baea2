// SPDX-License-Identifier: Apache-2.0
#include "cli/device_findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "verdict/verdict.hpp"

namespace cupel::cli {
namespace {

constexpr double kSector = 32;      // bytes
constexpr double kWavefront = 128;  // bytes
constexpr double kLanes = 32;
constexpr double kLeastWeight = 0.02;  // of the bound; what is less does not stand out

struct Weighed {
    double weight = 0;  // part of the bound
    std::string text;
};

double real(std::uint64_t count) {
    return static_cast<double>(count);
}

double ceiling_of(const gpu::LaunchBound& launch, std::string_view name) {
    const auto found = std::ranges::find(launch.ceilings, name, &gpu::Ceiling::name);
    return found == launch.ceilings.end() ? 0 : found->seconds;
}

// One launch of a kernel, with what was counted of it.
class Launch {
public:
    Launch(const DeviceBound& made, std::size_t i)
        : made_(made), bound_(made.bound.launches[i]), sample_(made.sample.launches[i]) {}

    void weigh(std::vector<Weighed>& all) const {
        const emulator::Counters& counted = sample_.counters;
        const double used =
            counted.global_sectors > 0
                ? real(counted.global_bytes) / (kSector * real(counted.global_sectors))
                : 1;
        if (used < 1) {
            all.push_back({(1 - used) * share(ceiling_of(bound_, "on-chip memory")),
                           fmt::format("global accesses{} are not coalesced: {:.1f} sectors of 32 "
                                       "bytes a request, and {:.0f} % of their bytes are asked for",
                                       of(), ratio(counted.global_sectors, counted.global_requests),
                                       100 * used)});
        }
        if (counted.shared_conflicts > 0) {
            const double wavefronts = kWavefront * real(counted.shared_wavefronts);
            const double of_shared =
                wavefronts / (wavefronts + kSector * real(counted.global_sectors));
            const double spared = ratio(counted.shared_conflicts, counted.shared_wavefronts);
            const double made = ratio(counted.shared_wavefronts, counted.shared_requests);
            all.push_back(
                {spared * of_shared * share(ceiling_of(bound_, "on-chip memory")),
                 fmt::format(
                     "banks of shared memory conflict{}: {:.1f} wavefronts a request, where "
                     "{:.1f} would do",
                     in(), made, made * (1 - spared))});
        }
        weigh_warps(all);
    }

private:
    void weigh_warps(std::vector<Weighed>& all) const {
        const emulator::Counters& counted = sample_.counters;
        const double idle =
            1 - ratio(counted.lane_instructions, counted.warp_instructions) / kLanes;
        if (counted.divergent_branches > 0 && idle > 0) {
            all.push_back(
                {idle * share(ceiling_of(bound_, "issue")),
                 fmt::format("warps diverge{}: at {} of {} branches, and {:.0f} % of the "
                             "lanes are idle",
                             in(), counted.divergent_branches, counted.branches, 100 * idle)});
        }
        const double own = share(bound_.seconds());
        const double filled =
            real(sample_.blocks) / static_cast<double>(made_.sheet.multiprocessors);
        if (filled < 1) {
            all.push_back({(1 - filled) * own,
                           fmt::format("too few blocks{}: {} for {} multiprocessors", in(),
                                       sample_.blocks, made_.sheet.multiprocessors)});
        }
        constexpr double kEnough = 0.5;  // of the warps that hide latency
        if (const double held = bound_.occupancy.share; held < kEnough && filled >= 1) {
            all.push_back(
                {(kEnough - held) * own,
                 fmt::format("few warps are resident{}: {} of {} a multiprocessor, limited "
                             "by {}",
                             in(), bound_.occupancy.warps, made_.sheet.warps_per_sm,
                             bound_.occupancy.limited_by)});
        }
    }

    [[nodiscard]] double share(double seconds) const {
        return std::min(1.0, seconds / made_.bound.seconds);
    }
    static double ratio(std::uint64_t part, std::uint64_t whole) {
        return whole == 0 ? 0 : real(part) / real(whole);
    }
    // Which launch, where there are several.
    [[nodiscard]] std::string of() const { return named(" of "); }
    [[nodiscard]] std::string in() const { return named(" in "); }
    [[nodiscard]] std::string named(std::string_view word) const {
        return made_.bound.launches.size() > 1 ? fmt::format("{}{}", word, bound_.kernel) : "";
    }

    const DeviceBound& made_;
    const gpu::LaunchBound& bound_;
    const referee::SampledLaunch& sample_;
};

// Of what launches hand each other, or read more than once.
void weigh_traffic(const DeviceBound& made, std::vector<Weighed>& all) {
    double moved = 0;
    for (const gpu::LaunchBound& launch : made.bound.launches)
        moved += ceiling_of(launch, "DRAM");
    const auto needed = std::ranges::find(made.bound.formula, "DRAM", &gpu::Ceiling::name);
    if (needed == made.bound.formula.end() || moved <= needed->seconds) return;
    all.push_back({(moved - needed->seconds) / made.bound.seconds,
                   fmt::format("its {} launches move {:.1f} times the bytes through DRAM that the "
                               "formula needs",
                               made.bound.launches.size(), moved / needed->seconds)});
}

}  // namespace

std::vector<std::string> device_findings(const DeviceBound& made) {
    std::vector<Weighed> all;
    if (!(made.bound.seconds > 0)) return {};
    const std::size_t launches = std::min(made.bound.launches.size(), made.sample.launches.size());
    for (std::size_t i = 0; i < launches; i++)
        Launch(made, i).weigh(all);
    weigh_traffic(made, all);
    std::erase_if(all, [](const Weighed& one) { return one.weight < kLeastWeight; });
    std::ranges::stable_sort(all, std::greater(), &Weighed::weight);
    std::vector<std::string> texts;
    for (Weighed& one : all)
        if (texts.size() < verdict::kMostFindings) texts.push_back(std::move(one.text));
    return texts;
}

}  // namespace cupel::cli
