// SPDX-License-Identifier: Apache-2.0
#include "emulator/access.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "emulator/race.hpp"

namespace cupel::emulator {
namespace {

Space space_of(Space named, std::uint64_t address) {
    if (named != Space::Generic) return named == Space::Const ? Space::Global : named;
    if (address >= kSharedWindow && address - kSharedWindow < kWindowBytes) return Space::Shared;
    if (address >= kLocalWindow && address - kLocalWindow < kWindowBytes) return Space::Local;
    return Space::Global;
}

// Local memory is one region with a stripe for each thread.
std::uint64_t local_base(const Warp& warp, unsigned lane) {
    return std::uint64_t{warp.thread(lane)} * warp.block->grid.code.local_bytes;
}

std::string distance(const Region& region, std::uint64_t offset, unsigned bytes) {
    const auto signed_offset = static_cast<std::int64_t>(offset);
    if (signed_offset < 0) {
        return fmt::format("{} bytes before the start of {}", -signed_offset, region.name);
    }
    if (offset >= region.bytes) {
        return fmt::format("{} bytes past the end of {}", offset - region.bytes + bytes,
                           region.name);
    }
    return fmt::format("{} bytes past the end of {}", offset + bytes - region.bytes, region.name);
}

bool writes(const Op& op) {
    return op.work == Work::Store || op.work == Work::Atomic;
}

// What one lane reaches for.
struct Reach {
    unsigned lane = 0;
    std::uint64_t at = 0;  // an offset in its region, or an address
    unsigned bytes = 0;
};

void report_bounds(const Warp& warp, const Op& op, const Region* region, Reach reach) {
    Event event = warp.block->event(warp, reach.lane, op, Fault::OutOfBounds);
    if (region != nullptr) event.memory = region->name;
    std::uint64_t offset = reach.at;
    if (region != nullptr) offset = reach.at - region->base;
    event.offset = offset;
    warp.block->grid.findings.add(
        event, writes(op), [&](const std::string& here, const std::string&) {
            const std::string_view verb = writes(op) ? "writes" : "reads";
            if (region == nullptr ||
                (region->owner != Owner::Shared && region->owner != Owner::Local &&
                 offset + (1U << 20) > region->bytes + (2U << 20))) {
                return fmt::format("{} {} address {:#x}, where there is nothing", here, verb,
                                   reach.at);
            }
            return fmt::format("{} {} {} bytes, {}", here, verb, reach.bytes,
                               distance(*region, offset, reach.bytes));
        });
}

void report_misaligned(const Warp& warp, const Op& op, const Region& region, Reach reach) {
    Event event = warp.block->event(warp, reach.lane, op, Fault::Misaligned);
    event.memory = region.name;
    event.offset = reach.at;
    warp.block->grid.findings.add(event, 0, [&](const std::string& here, const std::string&) {
        return fmt::format("{} accesses {} bytes at byte {} of {}, which is no multiple of {}",
                           here, reach.bytes, reach.at, region.name, reach.bytes);
    });
}

// The base to subtract from addresses, for the space of the first lane.
Region* region_at(const Warp& warp, Space space, Space named, std::uint64_t address,
                  std::uint64_t& base) {
    Block& block = *warp.block;
    if (space == Space::Shared) {
        base = (named == Space::Generic ? kSharedWindow : 0) + kFirstAddress;
        return &block.shared;
    }
    if (space == Space::Local) {
        base = (named == Space::Generic ? kLocalWindow : 0) + kFirstAddress;
        return &block.local;
    }
    Region* const region = block.grid.memory.nearest(address);
    if (region != nullptr) base = region->base;
    return region;
}

}  // namespace

namespace {

Addresses addresses_of(const Warp& warp, const Op& op) {
    Addresses addresses;
    const auto offset = static_cast<std::uint64_t>(op.imm);
    if ((op.flags & kNarrowAddress) != 0) {
        const auto* const narrow = row<std::uint32_t>(warp, op.a);
        for (unsigned i = 0; i < kLanes; i++)
            addresses[i] = static_cast<std::uint32_t>(narrow[i] + offset);
    } else {
        const auto* const wide = row<std::uint64_t>(warp, op.a);
        for (unsigned i = 0; i < kLanes; i++)
            addresses[i] = wide[i] + offset;
    }
    return addresses;
}

}  // namespace

void locate(const Warp& warp, const Op& op, unsigned bytes, std::uint32_t rest, Part& part) {
    const Addresses addresses = addresses_of(warp, op);
    const auto first = static_cast<unsigned>(std::countr_zero(rest));
    const Space space = space_of(op.space, addresses[first]);
    std::uint64_t base = 0;
    Region* const region = region_at(warp, space, op.space, addresses[first], base);
    part.region = region;
    part.mask = 0;
    part.bad = 0;
    part.pattern = Pattern::Scattered;
    const std::uint64_t size = space == Space::Local ? warp.block->grid.code.local_bytes
                               : region != nullptr   ? region->bytes
                                                     : 0;
    for_lanes(rest, [&](unsigned i) {
        std::uint64_t offset = addresses[i] - base;
        if (i != first && space_of(op.space, addresses[i]) != space) return;
        if (region == nullptr || offset > size || size - offset < bytes) {
            const bool elsewhere = space == Space::Global && i != first &&
                                   warp.block->grid.memory.nearest(addresses[i]) != region;
            if (elsewhere) return;  // another part
            part.bad |= 1U << i;
            report_bounds(
                warp, op, region,
                {.lane = i, .at = space == Space::Global ? addresses[i] : offset, .bytes = bytes});
        } else if ((addresses[i] & (bytes - 1)) != 0) {
            part.bad |= 1U << i;
            report_misaligned(warp, op, *region, {.lane = i, .at = offset, .bytes = bytes});
        } else {
            if (space == Space::Local) offset += local_base(warp, i);
            part.offsets[i] = static_cast<std::uint32_t>(offset);
            part.mask |= 1U << i;
        }
    });
    if (part.mask == 0) return;
    const std::uint32_t inside = part.offsets[static_cast<unsigned>(std::countr_zero(part.mask))];
    for_lanes(~part.mask, [&](unsigned i) { part.offsets[i] = inside; });
}

bool locate_all(const Warp& warp, const Op& op, unsigned bytes, Part& part) {
    std::uint64_t place = 0;
    if (!place_first(warp, op, part, place)) return false;
    std::uint32_t beyond = 0;  // bits of offsets above the 32 that are kept
    const std::uint32_t lanes = warp.mask;
    const auto first = static_cast<unsigned>(std::countr_zero(lanes));
    if ((op.flags & kNarrowAddress) != 0) {
        const auto* const a = row<std::uint32_t>(warp, op.a);
        for (unsigned i = 0; i < kLanes; i++)
            part.offsets[i] = static_cast<std::uint32_t>(place) + (a[i] - a[first]);
    } else {
        const auto* const a = row<std::uint64_t>(warp, op.a);
        for (unsigned i = 0; i < kLanes; i++) {
            const std::uint64_t offset = place + (a[i] - a[first]);
            part.offsets[i] = static_cast<std::uint32_t>(offset);
            beyond |= ((lanes >> i) & 1) != 0 ? static_cast<std::uint32_t>(offset >> 32) : 0U;
        }
    }
    const std::uint32_t start = part.offsets[first];
    std::uint32_t most = 0;
    std::uint32_t low = 0;
    std::uint32_t scattered = 0;
    std::uint32_t different = 0;
    for (unsigned i = 0; i < kLanes; i++) {
        if (((lanes >> i) & 1) == 0) part.offsets[i] = start;
        const std::uint32_t offset = part.offsets[i];
        most = std::max(most, offset);
        low |= offset;
        different |= offset ^ start;
        scattered |= offset ^ (start + i * bytes);
    }
    const std::uint64_t size = part.region->bytes;
    if (beyond != 0 || std::uint64_t{most} + bytes > size || (low & (bytes - 1)) != 0) return false;
    part.mask = lanes;
    part.bad = 0;
    part.pattern = different == 0                         ? Pattern::Uniform
                   : scattered == 0 && lanes == kAllLanes ? Pattern::Consecutive
                                                          : Pattern::Scattered;
    part.shape = nullptr;
    Grid& grid = warp.block->grid;
    if (!grid.options.shortcuts) return true;
    part.shape = grid.shapes.learn(grid.known_shape(op), part.offsets.data(),
                                   {.lanes = lanes, .bytes = bytes, .grain = part.region->grain});
    return true;
}

void check_alignment(const Warp& warp, const Op& op, std::uint32_t lanes, unsigned bytes) {
    const Addresses addresses = addresses_of(warp, op);
    for_lanes(lanes, [&](unsigned i) {
        if ((addresses[i] & (bytes - 1)) == 0) return;
        std::uint64_t base = 0;
        const Space space = space_of(op.space, addresses[i]);
        const Region* const region = region_at(warp, space, op.space, addresses[i], base);
        if (region == nullptr) return;  // told of where it is touched
        report_misaligned(warp, op, *region,
                          {.lane = i, .at = addresses[i] - base, .bytes = bytes});
    });
}

void check_vector(Warp& warp, const Op& op) {
    check_alignment(warp, op, warp.mask, op.bytes);
}

bool may_write(const Warp& warp, const Op& op, const Part& part) {
    if (part.region->writable()) return true;
    const auto lane = static_cast<unsigned>(std::countr_zero(part.mask));
    Event event = warp.block->event(warp, lane, op, Fault::WroteInput);
    event.memory = part.region->name;
    event.offset = part.offsets[lane];
    warp.block->grid.findings.add(event, 0, [&](const std::string& here, const std::string&) {
        return fmt::format("{} writes byte {} of {}, which is read only", here, event.offset,
                           part.region->name);
    });
    return false;
}

namespace {

void tell_taint(const Warp& warp, const Op& op, const Taint& taint, int kind,
                std::string_view what) {
    const auto tell = [&](std::uint32_t lanes, Fault fault, std::string_view words) {
        if (lanes == 0) return;
        const auto lane = static_cast<unsigned>(std::countr_zero(lanes));
        warp.block->grid.findings.add(warp.block->event(warp, lane, op, fault), kind,
                                      [&](const std::string& here, const std::string&) {
                                          return fmt::format("{} at {} {}", what, here, words);
                                      });
    };
    tell(taint.poison & warp.mask, Fault::Uninitialised, "comes from memory that nobody wrote");
    tell(taint.environment & warp.mask, Fault::Environment,
         "depends on a clock or on where the block runs");
}

}  // namespace

void report_address_taint(const Warp& warp, const Op& op, const Taint& taint) {
    tell_taint(warp, op, taint, 1, "the address");
}

void check_choice(const Warp& warp, const Op& op, std::uint32_t row_offset) {
    check_amount(warp, op, row_offset, "the number or count of the barrier");
}

void check_amount(const Warp& warp, const Op& op, std::uint32_t row_offset, std::string_view what) {
    tell_taint(warp, op, taint_of(warp, row_offset), 7, what);
}

}  // namespace cupel::emulator
