// SPDX-License-Identifier: Apache-2.0
// Rows that have their values before a warp starts: constants, parameters, special registers.
#include <cstring>

#include "emulator/block.hpp"

namespace cupel::emulator {
namespace {

std::uint32_t lanemask(Special special, std::uint32_t lane) {
    const std::uint32_t own = 1U << lane;
    const std::uint32_t below = own - 1;
    if (special == Special::LanemaskEq) return own;
    if (special == Special::LanemaskLt) return below;
    if (special == Special::LanemaskLe) return own | below;
    return special == Special::LanemaskGe ? ~below : ~(own | below);
}

std::uint32_t special_value(Special special, const Warp& warp, unsigned lane) {
    const Block& block = *warp.block;
    const Grid& grid = block.grid;
    const std::uint32_t thread = warp.thread(lane);
    switch (special) {
        case Special::TidX:
            return thread % grid.block.x;
        case Special::TidY:
            return thread / grid.block.x % grid.block.y;
        case Special::TidZ:
            return thread / grid.block.x / grid.block.y;
        case Special::NtidX:
            return grid.block.x;
        case Special::NtidY:
            return grid.block.y;
        case Special::NtidZ:
            return grid.block.z;
        case Special::CtaidX:
            return block.at.x;
        case Special::CtaidY:
            return block.at.y;
        case Special::CtaidZ:
            return block.at.z;
        case Special::NctaidX:
            return grid.grid.x;
        case Special::NctaidY:
            return grid.grid.y;
        case Special::NctaidZ:
            return grid.grid.z;
        case Special::LaneId:
            return lane;
        case Special::WarpId:
            return warp.index;
        case Special::NwarpId:
            return 64;
        case Special::SmId:
            return static_cast<std::uint32_t>(block.index % 132);
        case Special::NsmId:
            return 132;
        case Special::GridId:
            return 1;
        case Special::LanemaskEq:
        case Special::LanemaskLt:
        case Special::LanemaskLe:
        case Special::LanemaskGe:
        case Special::LanemaskGt:
            return lanemask(special, lane);
        case Special::DynamicShared:
            return grid.dynamic_bytes;
        case Special::TotalShared:
            return static_cast<std::uint32_t>(grid.shared_bytes);
        case Special::Clock:
        case Special::Clock64:
        case Special::ClockHi:
        case Special::GlobalTimer:
        case Special::GlobalTimerLo:
        case Special::GlobalTimerHi:
            break;  // read anew each time: see control handlers
    }
    return 0;
}

// Values that another run of the same launch might see otherwise.
bool from_environment(Special special) {
    return special == Special::WarpId || special == Special::NwarpId || special == Special::SmId ||
           special == Special::NsmId || special == Special::GridId;
}

void fill(const Warp& warp, const Preload& preload, std::uint64_t bits) {
    for (unsigned i = 0; i < kLanes; i++)
        std::memcpy(warp.rows + preload.row + std::size_t{i} * preload.bytes, &bits, preload.bytes);
}

}  // namespace

bool depends_on_block(const Preload& preload) {
    if (preload.kind != Preload::Kind::SpecialValue) return false;
    return preload.special == Special::CtaidX || preload.special == Special::CtaidY ||
           preload.special == Special::CtaidZ || preload.special == Special::SmId;
}

void Block::fill_row(const Preload& preload, Warp& warp) {
    Taint taint;
    switch (preload.kind) {
        case Preload::Kind::Constant:
            fill(warp, preload, preload.bits);
            break;
        case Preload::Kind::Parameter: {
            std::uint64_t bits = 0;
            std::memcpy(&bits, grid.parameters.data() + preload.bits, preload.from);
            if (preload.sign && preload.from < 8) {
                const unsigned shift = 64U - 8U * preload.from;
                bits =
                    static_cast<std::uint64_t>(static_cast<std::int64_t>(bits << shift) >> shift);
            }
            fill(warp, preload, bits);
            break;
        }
        case Preload::Kind::VariableAddress:
            fill(warp, preload, grid.module_addresses[preload.variable] + preload.bits);
            break;
        case Preload::Kind::ParameterWindow:
            fill(warp, preload, grid.parameter_base - kFirstAddress);
            break;
        case Preload::Kind::SpecialValue:
            for (unsigned i = 0; i < kLanes; i++) {
                const std::uint64_t value = special_value(preload.special, warp, i);
                std::memcpy(warp.rows + preload.row + std::size_t{i} * preload.bytes, &value,
                            preload.bytes);
            }
            if (from_environment(preload.special)) taint.environment = kAllLanes;
            break;
    }
    taint_of(warp, preload.row) = taint;
}

}  // namespace cupel::emulator
