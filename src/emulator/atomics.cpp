// SPDX-License-Identifier: Apache-2.0
// atom and red: lanes take turns, lowest first or as the seed says. Floating-point sums are
// therefore in an order that follows from that of lanes, warps and blocks, as on a device.
#include <algorithm>
#include <limits>
#include <map>
#include <string>

#include "emulator/access.hpp"
#include "emulator/integers.hpp"
#include "emulator/lanewise.hpp"
#include "emulator/race.hpp"
#include "emulator/real.hpp"

namespace cupel::emulator {
namespace {

void report_doubt(const Warp& warp, const Op& op, std::uint32_t lanes, Fault fault,
                  std::string_view words) {
    if (lanes == 0) return;
    const auto lane = static_cast<unsigned>(std::countr_zero(lanes));
    warp.block->grid.findings.add(warp.block->event(warp, lane, op, fault), 2,
                                  [&](const std::string& here, const std::string&) {
                                      return "the atomic at " + here + " " + std::string(words);
                                  });
}

void count_collisions(const Warp& warp, const Part& part) {
    std::array<std::uint32_t, kLanes> seen;
    unsigned count = 0;
    for_lanes(part.mask, [&](unsigned i) {
        for (unsigned j = 0; j < count; j++) {
            if (seen[j] == part.offsets[i]) {
                warp.block->grid.tally.atomic_collisions++;
                return;
            }
        }
        seen[count++] = part.offsets[i];
    });
}

// PTX does not say which lane of a warp comes first: in orders that are drawn each may. A step that
// is odd leads through all of them.
template <class F>
[[gnu::always_inline]] inline void for_lanes_in_turn(Warp& warp, std::uint32_t mask, F f) {
    const std::uint64_t seed = warp.block->grid.options.seed;
    if (seed == 0) return for_lanes(mask, f);
    std::uint64_t state = seed ^ (warp.block->index << 20) ^ (std::uint64_t{warp.index} << 52) ^
                          (std::uint64_t{warp.atomics++} << 32);
    const std::uint64_t drawn = next_random(state);
    const auto step = static_cast<unsigned>(drawn | 1);
    auto lane = static_cast<unsigned>(drawn >> 32);
    for (unsigned i = 0; i < kLanes; i++, lane += step) {
        if (((mask >> lane % kLanes) & 1) != 0) f(lane % kLanes);
    }
}

// Does F leave any value as it is, with these operands? Tried on a few, among which every operation
// that changes something changes one.
template <auto F, class T>
bool changes_nothing(T b, T c) {
    constexpr auto kLeast = std::numeric_limits<T>::lowest();
    constexpr auto kMost = std::numeric_limits<T>::max();
    return std::ranges::all_of(std::array<T, 6>{T(0), T(1), T(2), kLeast, kMost, b}, [&](T old) {
        const T next = F(old, b, c);
        // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): of the bits of a float
        return std::memcmp(&old, &next, sizeof next) == 0;
    });
}

// F(old, b, c) is the new value, G(old, b, c) in shared memory; d gets the old one.
template <auto F, auto G, class T, bool Checked>
struct Atomic {
    static void run(Warp& warp, const Op& op) {
        if constexpr (Checked) {
            check_address_taint(warp, op);
            const Taint b = taint_of(warp, op.b);
            const Taint c = taint_of(warp, op.c);
            report_doubt(warp, op, (b.poison | c.poison) & warp.mask, Fault::Uninitialised,
                         "combines with a value that nobody wrote");
        }
        Taint result;
        for_parts(warp, op, sizeof(T), [&](Part& part) {
            result.poison |= part.bad;
            if (part.mask == 0 || !may_write(warp, op, part)) return;
            if constexpr (Checked) {
                count_access(warp, part, sizeof(T));
                count_collisions(warp, part);
            }
            one_by_one(warp, op, part, result);
        });
        if constexpr (Checked) set_taint(warp, op.d, result);
    }

private:
    static void one_by_one(Warp& warp, const Op& op, const Part& part, Taint& result) {
        Region& region = *part.region;
        const auto* const b = row<T>(warp, op.b);
        const auto* const c = row<T>(warp, op.c);
        auto* const d = row<T>(warp, op.d);
        const bool shared = region.owner == Owner::Shared;
        Part one = part;
        bool changed = shared;
        for_lanes_in_turn(warp, part.mask, [&](unsigned i) {
            one.mask = 1U << i;
            std::byte* const place = region.data.data() + part.offsets[i];
            if constexpr (Checked) check_one(warp, op, one, i, result);
            T old;
            std::memcpy(&old, place, sizeof old);
            T next = F(old, b[i], c[i]);
            if constexpr (F != G) next = shared ? G(old, b[i], c[i]) : next;
            // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): of the bits of a float
            changed = changed || std::memcmp(place, &next, sizeof next) != 0;
            std::memcpy(place, &next, sizeof next);
            d[i] = old;
        });
        if (!changed) warp.block->polls++;
    }

    static void check_one(const Warp& warp, const Op& op, const Part& one, unsigned lane,
                          Taint& result) {
        Region& region = *one.region;
        const bool shared = region.owner == Owner::Shared;
        Clocks& clocks = warp.block->clocks;
        const std::uint32_t thread = warp.thread(lane);
        const Scope scope = (op.flags & kBlockScope) != 0 ? Scope::Block : Scope::Device;
        Locations& locations = shared ? warp.block->locations : warp.block->grid.locations;
        const std::uint64_t address = region.base + one.offsets[lane];
        if ((op.flags & kRelease) != 0) clocks.fence(thread, scope);
        clocks.observe(thread, address, locations);
        clocks.publish(thread, address, locations, false);
        if ((op.flags & kAcquire) != 0) clocks.fence(thread, scope);
        if ((op.flags & kAcquire) != 0 && scope == Scope::Device) warp.block->forget_lines();
        if (!shared) clocks.wrote_global(thread);
        if (!region.trails.empty()) {
            const bool looks =
                warp.block->grid.code.strong[op.site] == kAtomicKeeps &&
                changes_nothing<F, T>(row<T>(warp, op.b)[lane], row<T>(warp, op.c)[lane]);
            race_write({.block = *warp.block,
                        .region = region,
                        .offset = one.offsets[lane],
                        .bytes = sizeof(T),
                        .thread = thread,
                        .site = op.site,
                        .changes = !looks},
                       nullptr);
        }
        const std::uint8_t* const shadow = region.shadow.data() + one.offsets[lane];
        std::uint8_t seen = 0;
        for (unsigned i = 0; i < sizeof(T); i++)
            seen |= shadow[i];
        const std::uint32_t bit = 1U << lane;
        if ((seen & kInFlight) != 0) report_in_flight(warp, op.site, lane, one);
        if ((seen & kPoison) != 0) {
            report_doubt(warp, op, bit, Fault::Uninitialised, "changes memory that nobody wrote");
        }
        Taint stored;
        stored.environment =
            (taint_of(warp, op.b).environment | taint_of(warp, op.c).environment) & bit;
        if ((seen & kFromEnvironment) != 0) stored.environment |= bit;
        result.environment |= stored.environment;
        shade_stored(warp, one, sizeof(T), 0, stored);
        for (unsigned i = 0; i < sizeof(T); i++)
            region.shadow[one.offsets[lane] + i] |= kRead;
    }
};

template <class T>
T plus(T a, T b, T) {
    return static_cast<T>(static_cast<U64>(a) + static_cast<U64>(b));
}
// The unit at global memory flushes f32, and passes NaNs of f64 on as they are. In shared memory it
// is an addition between a load and a compare-and-swap, with the old value second.
float single_sum(float a, float b, float) {
    return flushed<true>(canonical(flushed<true>(a) + flushed<true>(b)));
}
float single_sum_shared(float a, float b, float) {
    return canonical(a + b);
}
double double_sum(double a, double b, double) {
    return b != b ? b : a != a ? a : a + b;
}
double double_sum_shared(double a, double b, double) {
    return chosen_nan(a + b, a, b);
}
template <class T>
T lesser(T a, T b, T) {
    return b < a ? b : a;
}
template <class T>
T greater(T a, T b, T) {
    return a < b ? b : a;
}
template <class T>
T bits_and(T a, T b, T) {
    return a & b;
}
template <class T>
T bits_or(T a, T b, T) {
    return a | b;
}
template <class T>
T bits_xor(T a, T b, T) {
    return a ^ b;
}
template <class T>
T exchange(T, T b, T) {
    return b;
}
template <class T>
T compare_exchange(T a, T b, T c) {
    return a == b ? c : a;
}
U32 increment(U32 a, U32 b, U32) {
    return a >= b ? 0 : a + 1;
}
U32 decrement(U32 a, U32 b, U32) {
    return a == 0 || a > b ? b : a - 1;
}
template <class Format>
U16 half_sum(U16 a, U16 b, U16) {
    return Format::from_double(odd_sum(Format::to_double(a), Format::to_double(b)));
}
template <class Format>
U32 pair_sum(U32 a, U32 b, U32) {
    const U16 low = half_sum<Format>(static_cast<U16>(a), static_cast<U16>(b), 0);
    const U16 high = half_sum<Format>(static_cast<U16>(a >> 16), static_cast<U16>(b >> 16), 0);
    return (U32{high} << 16) | low;
}

template <auto F, class T, auto G = F>
Pair pair() {
    return {&Atomic<F, G, T, false>::run, &Atomic<F, G, T, true>::run};
}

std::map<std::string, Pair, std::less<>> make_table() {
    std::map<std::string, Pair, std::less<>> table;
    const auto integers = [&]<class T>(const std::string& type) {
        table["add." + type] = pair<plus<T>, T>();
        table["min." + type] = pair<lesser<T>, T>();
        table["max." + type] = pair<greater<T>, T>();
    };
    integers.template operator()<U32>("u32");
    integers.template operator()<S32>("s32");
    integers.template operator()<U64>("u64");
    integers.template operator()<S64>("s64");
    const auto words = [&]<class T>(const std::string& type) {
        table["and." + type] = pair<bits_and<T>, T>();
        table["or." + type] = pair<bits_or<T>, T>();
        table["xor." + type] = pair<bits_xor<T>, T>();
        table["exch." + type] = pair<exchange<T>, T>();
        table["cas." + type] = pair<compare_exchange<T>, T>();
    };
    words.template operator()<U32>("b32");
    words.template operator()<U64>("b64");
    table["cas.b16"] = pair<compare_exchange<U16>, U16>();
    table["add.f32"] = pair<single_sum, float, single_sum_shared>();
    table["add.f64"] = pair<double_sum, double, double_sum_shared>();
    table["inc.u32"] = pair<increment, U32>();
    table["dec.u32"] = pair<decrement, U32>();
    table["add.noftz.f16"] = pair<half_sum<F16Format>, U16>();
    table["add.noftz.f16x2"] = pair<pair_sum<F16Format>, U32>();
    table["add.noftz.bf16"] = pair<half_sum<BF16Format>, U16>();
    table["add.noftz.bf16x2"] = pair<pair_sum<BF16Format>, U32>();
    return table;
}

}  // namespace

Pair atomic_handler(std::string_view operation) {
    static const std::map<std::string, Pair, std::less<>> kTable = make_table();
    const auto found = kTable.find(operation);
    return found == kTable.end() ? Pair{} : found->second;
}

}  // namespace cupel::emulator
