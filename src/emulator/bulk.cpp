// SPDX-License-Identifier: Apache-2.0
#include "emulator/bulk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "emulator/race.hpp"

namespace cupel::emulator {
namespace {

constexpr unsigned kPiece = 16;  // bytes: whatever is copied is a multiple of this, and lies at one
constexpr std::uint8_t kDoubt = kPoison | kFromEnvironment;
constexpr std::uint32_t kMostExpected = (1U << 20) - 1;
// Kinds of findings, beside those of async.cpp.
constexpr int kNoFence = 11;
constexpr int kTooMany = 12;
constexpr int kOddSize = 13;
constexpr int kStillRead = 14;
constexpr int kNeverCome = 15;

// One lane's copy.
struct Lane {
    unsigned lane = 0;
    bool loads = false;  // into shared memory
    std::uint32_t bytes = 0;
};

bool is_bulk(const Block& block, std::uint32_t site) {
    return block.grid.code.sites[site].opcode.starts_with("cp.async.bulk");
}

bool is_fenced(const Block& block, const Region& region, std::uint32_t thread, PlainWrite write) {
    const auto space =
        static_cast<std::size_t>(region.owner == Owner::Shared ? Proxied::Shared : Proxied::Global);
    const std::uint32_t owner = write.who >> kThreadBits;
    const std::uint32_t writer = write.who & kThreadMask;
    const FencedOf& fenced = block.fenced[space];
    const auto own = fenced.find(thread);
    if (own != fenced.end() && own->second.known.holds(owner, writer, write.time)) return true;
    const auto behind = block.grid.proxy_fences[space].behind(write.who, write.time);
    if (behind && block.clocks.before(thread, owner, writer, *behind)) return true;
    return std::ranges::any_of(fenced, [&](const auto& other) {
        return other.second.known.holds(owner, writer, write.time) &&
               block.clocks.before(thread, block.id(), other.first, other.second.time);
    });
}

// What others have written there by the generic proxy, and no fence makes the copy meet.
void check_proxy(const Touch& touch, bool reads) {
    const Region& region = touch.region;
    Block& block = touch.block;
    const std::uint64_t last = (touch.offset + touch.bytes - 1) / region.grain;
    for (std::uint64_t i = touch.offset / region.grain; i <= last; i++) {
        PlainWrite write = region.trails.plain[i];
        if (region.trails.strong != nullptr && region.trails.strong[i].time > write.time) {
            const StrongWrite& strong = region.trails.strong[i];
            write = {.time = strong.time, .who = strong.who, .site = strong.site};
        }
        if (write.time == 0 || is_bulk(block, write.site)) continue;
        if (is_fenced(block, region, touch.thread, write)) continue;
        const Event event{.fault = Fault::AsyncHazard,
                          .site = touch.site,
                          .block = block.index,
                          .thread = touch.thread,
                          .other_site = write.site,
                          .other_block = write.who >> kThreadBits,
                          .other_thread = write.who & kThreadMask,
                          .memory = region.name,
                          .offset = touch.offset};
        block.grid.findings.add(
            event, kNoFence, [&](const std::string& here, const std::string& there) {
                return fmt::format("{} copies {} {} writes, with no fence.proxy.async between",
                                   here, reads ? "what" : "to where", there);
            });
        return;
    }
}

void mark_read(const Region& region, std::uint8_t* shadow) {
    if (region.owner != Owner::Buffer) return;
    for (unsigned b = 0; b < kPiece; b++)
        __atomic_fetch_or(shadow + b, kRead, __ATOMIC_RELAXED);  // others may be marking it
}

Touch touch_of(const Warp& warp, const Op& op, const Part& part, unsigned lane) {
    return {.block = *warp.block,
            .region = *part.region,
            .offset = part.offsets[lane],
            .bytes = kPiece,
            .thread = warp.thread(lane),
            .site = op.site};
}

void take_checked(const Warp& warp, const Op& op, const Part& part, unsigned lane) {
    Region& region = *part.region;
    std::uint8_t* const shadow = region.shadow.data() + part.offsets[lane];
    if (is_in_flight(shadow, kPiece)) report_in_flight(warp, op.site, lane, part);
    mark_read(region, shadow);
    if (region.trails.empty()) return;
    const Touch touch = touch_of(warp, op, part, lane);
    race_read(touch);
    check_proxy(touch, true);
}

void put_checked(const Warp& warp, const Op& op, const Part& part, unsigned lane,
                 const std::byte* value) {
    Region& region = *part.region;
    const std::uint8_t* const shadow = region.shadow.data() + part.offsets[lane];
    if (is_in_flight(shadow, kPiece)) report_in_flight(warp, op.site, lane, part);
    if (region.owner != Owner::Shared) warp.block->clocks.wrote_global(warp.thread(lane));
    if (region.trails.empty()) return;
    const Touch touch = touch_of(warp, op, part, lane);
    check_proxy(touch, false);  // before it takes the place of what it is about
    race_write(touch, value);
}

// The doubt of each byte comes along.
void shade_copied(const std::uint8_t* from, std::uint8_t* to) {
    for (unsigned b = 0; b < kPiece; b++) {
        const std::uint8_t doubt = __atomic_load_n(from + b, __ATOMIC_RELAXED) & kDoubt;
        const std::uint8_t kept = to[b] & (kRead | kReadAsConstant);
        to[b] = static_cast<std::uint8_t>(kept | doubt | kWritten | kInFlight);
    }
}

// Where a piece is, of a lane that is the only one in the warp's mask. None where it may not be
// touched, which has been told of.
std::optional<Part> find_piece(const Warp& warp, const Op& op) {
    std::optional<Part> found;
    for_parts(warp, op, kPiece, [&](const Part& part) {
        if (part.mask != 0) found = part;
    });
    if (found && op.work == Work::Store && !may_write(warp, op, *found)) return std::nullopt;
    return found;
}

void count_bulk(Tally& tally, const BulkCopy& copy) {
    const bool loads = copy.to->owner == Owner::Shared;
    const std::uint64_t at = loads ? copy.source : copy.offset;
    tally.global_requests++;
    tally.global_sectors += (at + copy.bytes - 1) / 32 - at / 32 + 1;
    tally.global_bytes += copy.bytes;
    tally.shared_requests++;
    tally.shared_wavefronts += (copy.bytes + 127) / 128;
}

// Piece by piece, up to the first that cannot be. Null regions: nothing was copied.
BulkCopy copy_lane(const Warp& warp, const Op& op, const Lane& lane) {
    Op shared = op;
    shared.work = lane.loads ? Work::Store : Work::Load;
    Op global = op;
    global.a = op.b;
    global.imm = 0;
    global.space = Space::Global;
    global.flags = 0;
    global.work = lane.loads ? Work::Load : Work::Store;
    const bool checks = warp.block->grid.options.checks;
    BulkCopy copy{.site = op.site, .thread = warp.thread(lane.lane)};
    for (std::uint32_t at = 0; at < lane.bytes; at += kPiece) {
        const auto from = find_piece(warp, lane.loads ? global : shared);
        if (!from) break;
        const auto to = find_piece(warp, lane.loads ? shared : global);
        if (!to) break;
        const std::uint32_t source = from->offsets[lane.lane];
        const std::uint32_t target = to->offsets[lane.lane];
        const std::byte* const value = from->region->data.data() + source;
        if (at == 0) {
            copy.from = from->region;
            copy.source = source;
            copy.to = to->region;
            copy.offset = target;
        } else if (from->region != copy.from || to->region != copy.to) {
            break;  // they lie far apart: told of as out of bounds
        }
        if (checks) {
            take_checked(warp, lane.loads ? global : shared, *from, lane.lane);
            put_checked(warp, lane.loads ? shared : global, *to, lane.lane, value);
            shade_copied(from->region->shadow.data() + source, to->region->shadow.data() + target);
        }
        std::memcpy(to->region->data.data() + target, value, kPiece);
        copy.bytes += kPiece;
        shared.imm += kPiece;
        global.imm += kPiece;
    }
    if (checks && copy.bytes != 0) count_bulk(warp.block->grid.tally, copy);
    return copy;
}

void check_size(const Warp& warp, const Op& op, unsigned lane, std::uint32_t bytes) {
    if (bytes % kPiece == 0) return;
    warp.block->grid.findings.add(warp.block->event(warp, lane, op, Fault::Misaligned), kOddSize,
                                  [&](const std::string& here, const std::string&) {
                                      return fmt::format("{} copies {} bytes, no multiple of {}",
                                                         here, bytes, kPiece);
                                  });
}

// Calls use(lane, copy) for each lane, with what it has copied.
template <class Use>
void copy_lanes(Warp& warp, const Op& op, bool loads, Use use) {
    Block& block = *warp.block;
    if (block.grid.options.checks) {
        Op global = op;
        global.a = op.b;
        check_address_taint(warp, op);
        check_address_taint(warp, global);
        check_amount(warp, op, op.c, "how many bytes are copied");
        // Whoever stores looks at what is under way from now on.
        if (block.copies.empty()) block.copies.resize(block.grid.threads);
    }
    const std::uint32_t lanes = warp.mask;
    const auto* const bytes = row<std::uint32_t>(warp, op.c);
    for_lanes(lanes, [&](unsigned i) {
        check_size(warp, op, i, bytes[i]);
        warp.mask = 1U << i;
        use(i, copy_lane(warp, op, {.lane = i, .loads = loads, .bytes = bytes[i] & ~(kPiece - 1)}));
    });
    warp.mask = lanes;
}

// The bytes were taken when it began; when a device takes them nobody knows.
void check_source(Block& block, const BulkCopy& copy) {
    if (copy.to == nullptr || std::memcmp(copy.from->data.data() + copy.source,
                                          copy.to->data.data() + copy.offset, copy.bytes) == 0)
        return;
    const Event event{.fault = Fault::AsyncHazard,
                      .site = copy.site,
                      .block = block.index,
                      .thread = copy.thread};
    block.grid.findings.add(event, 8, [&](const std::string& here, const std::string&) {
        return fmt::format("what {} copies from, or to, was changed before anyone waited for it",
                           here);
    });
}

void finish_bulk_groups(Warp& warp, const Op& op, bool reads_only) {
    Block& block = *warp.block;
    for_lanes(warp.mask, [&](unsigned i) {
        const auto found = block.bulk_stores.find(warp.thread(i));
        if (found == block.bulk_stores.end()) return;
        auto& groups = found->second.groups;
        const auto keep = static_cast<std::size_t>(op.imm);
        const std::size_t ended = groups.size() > keep ? groups.size() - keep : 0;
        for (std::size_t g = 0; g < ended; g++) {
            for (BulkCopy& copy : groups[g]) {
                if (!copy.read && block.grid.options.checks) check_source(block, copy);
                copy.read = true;
                if (!reads_only) finish_bulk(block, copy);
            }
        }
        if (!reads_only) groups.erase(groups.begin(), groups.begin() + static_cast<long>(ended));
    });
}

}  // namespace

std::optional<std::uint32_t> ProxyFences::behind(std::uint32_t who, std::uint32_t time) const {
    const auto found = times_.find(who);
    if (found == times_.end()) return std::nullopt;
    const auto first = std::ranges::lower_bound(found->second, time);
    return first == found->second.end() ? std::nullopt : std::optional(*first);
}

void finish_bulk(Block& block, BulkCopy& copy) {
    if (copy.to == nullptr || !block.grid.options.checks) return;
    if (!copy.read) check_source(block, copy);
    copy.read = true;
    std::uint8_t* const shadow = copy.to->shadow.data() + copy.offset;
    for (std::uint32_t b = 0; b < copy.bytes; b++)
        shadow[b] &= static_cast<std::uint8_t>(~kInFlight);
}

void bulk_load(Warp& warp, const Op& op) {
    copy_lanes(warp, op, true, [&](unsigned i, const BulkCopy& copy) {
        warp.block->bulk_loads[warp.thread(i)] = copy;
    });
}

void bulk_arrive(Warp& warp, const Op& op) {
    Block& block = *warp.block;
    const auto* const bytes = row<std::uint32_t>(warp, op.c);
    for_mbarriers(warp, op, [&](unsigned i, MBarrier& barrier) {
        if (block.grid.options.checks) block.clocks.release(warp.thread(i), barrier.gathering);
        barrier.bringing.push_back(block.bulk_loads[warp.thread(i)]);
        barrier.transactions -= bytes[i];
        settle_phase(barrier);
        if (barrier.pending == 0 && barrier.transactions < 0) {
            report_barrier_use(warp, op, i, kTooMany,
                               "brings more bytes than the mbarrier expects");
        }
    });
}

void mbarrier_expect(Warp& warp, const Op& op) {
    const auto* const bytes = row<std::uint32_t>(warp, op.b);
    if (warp.block->grid.options.checks)
        check_amount(warp, op, op.b, "how many bytes an mbarrier expects");
    for_mbarriers(warp, op, [&](unsigned i, MBarrier& barrier) {
        barrier.transactions += bytes[i];
        barrier.expect_site = op.site;
        barrier.expect_thread = warp.thread(i);
        if (bytes[i] > kMostExpected || barrier.transactions > kMostExpected) {
            report_barrier_use(warp, op, i, kTooMany,
                               "makes an mbarrier expect over 1048575 bytes");
        }
        settle_phase(barrier);
    });
}

void bulk_store(Warp& warp, const Op& op) {
    copy_lanes(warp, op, false, [&](unsigned i, const BulkCopy& copy) {
        warp.block->bulk_stores[warp.thread(i)].open.push_back(copy);
    });
}

void bulk_commit(Warp& warp, const Op&) {
    for_lanes(warp.mask, [&](unsigned i) {
        BulkStores& stores = warp.block->bulk_stores[warp.thread(i)];
        stores.groups.push_back(std::move(stores.open));
        stores.open.clear();
    });
}

void bulk_wait(Warp& warp, const Op& op) {
    finish_bulk_groups(warp, op, false);
}

void bulk_wait_read(Warp& warp, const Op& op) {
    finish_bulk_groups(warp, op, true);
}

void proxy_fence(Warp& warp, const Op& op) {
    Block& block = *warp.block;
    for_lanes(warp.mask, [&](unsigned i) {
        const std::uint32_t thread = warp.thread(i);
        Fenced fenced{.time = block.clocks.time_of(thread), .known = {}};
        block.clocks.release(thread, fenced.known);
        for (const auto space : {Proxied::Shared, Proxied::Global}) {
            const auto at = static_cast<std::size_t>(space);
            if ((op.imm & (space == Proxied::Shared ? kProxyOfShared : kProxyOfGlobal)) == 0)
                continue;
            block.grid.proxy_fences[at].note((block.id() << kThreadBits) | thread, fenced.time);
            block.fenced[at][thread] = fenced;
        }
    });
}

// Which one PTX leaves open, but that it is always the same one for a mask.
void elect_lane(Warp& warp, const Op& op) {
    const std::uint32_t lanes = warp.mask;
    const std::uint64_t seed = warp.block->grid.options.seed;
    std::uint64_t state = seed ^ (std::uint64_t{lanes} << 32);
    const auto count = static_cast<unsigned>(std::popcount(lanes));
    const std::uint64_t skipped = seed == 0 ? 0 : next_random(state) % count;
    std::uint32_t rest = lanes;
    for (std::uint64_t i = 0; i < skipped; i++)
        rest &= rest - 1;
    const auto leader = static_cast<std::uint32_t>(std::countr_zero(rest));
    std::array<std::uint32_t, kLanes> values;
    values.fill(leader);
    store_row(warp, op.d, values.data());
    set_predicate(warp, op.d2, 1U << leader);
}

void tell_of_open_bulk(const Warp& warp, const Op& op, std::uint32_t lanes) {
    const Block& block = *warp.block;
    if (block.bulk_stores.empty() || !block.grid.options.checks) return;
    for_lanes(lanes, [&](unsigned i) {
        const auto found = block.bulk_stores.find(warp.thread(i));
        if (found == block.bulk_stores.end()) return;
        const auto is_read = [](const BulkCopy& copy) { return copy.read || copy.bytes == 0; };
        const bool all =
            std::ranges::all_of(found->second.open, is_read) &&
            std::ranges::all_of(found->second.groups, [&](const std::vector<BulkCopy>& group) {
                return std::ranges::all_of(group, is_read);
            });
        if (!all) {
            report_barrier_use(warp, op, i, kStillRead,
                               "ends while shared memory is still copied from: it has not waited "
                               "with cp.async.bulk.wait_group");
        }
    });
}

void tell_of_missing_bytes(const Block& block) {
    for (const auto& entry : block.mbarriers) {
        const MBarrier& barrier = entry.second;
        if (barrier.pending != 0 || barrier.transactions <= 0) continue;
        const Event event{.fault = Fault::AsyncHazard,
                          .site = barrier.expect_site,
                          .block = block.index,
                          .thread = barrier.expect_thread};
        block.grid.findings.add(event, kNeverCome,
                                [&](const std::string& here, const std::string&) {
                                    return fmt::format(
                                        "{} makes an mbarrier expect {} bytes more "
                                        "than are copied",
                                        here, barrier.transactions);
                                });
    }
}

}  // namespace cupel::emulator
