// SPDX-License-Identifier: Apache-2.0
// Memory with a shadow: each byte knows whether it was ever written, whether what it holds depends
// on the environment, and whether it was read or written in this launch.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "emulator/device.hpp"
#include "emulator/op.hpp"

namespace cupel::emulator {

// Bits of a byte's shadow. The first two are the colours of doubt.
constexpr std::uint8_t kPoison = 1;
constexpr std::uint8_t kFromEnvironment = 2;
constexpr std::uint8_t kRead = 4;
constexpr std::uint8_t kWritten = 8;
constexpr std::uint8_t kInFlight = 16;        // an asynchronous copy into it is not yet waited for
constexpr std::uint8_t kReadAsConstant = 32;  // ld.global.nc: nobody may write it in this launch
constexpr std::uint8_t kMbarrierHere = 128;   // one lives there, until something else is written
constexpr std::uint8_t kReadBefore = 64;      // of an input: in an earlier launch

// Where things are. Shared and local addresses start at 1024, so that null points at nothing; their
// generic addresses are in windows far from each other and from all buffers. All are where a driver
// might have them, buffers at a place that is drawn: a kernel is not to know where it runs.
constexpr std::uint64_t kFirstAddress = 1024;
constexpr std::uint64_t kSharedWindow = 0x7E00'0000'0000;
constexpr std::uint64_t kLocalWindow = 0x7E80'0000'0000;
constexpr std::uint64_t kGlobalWindow = 0x7F00'0000'0000;
constexpr std::uint64_t kWindowBytes = std::uint64_t{1} << 32;

// Who touched a piece of memory last: 4 bytes, or less where the kernel has narrower accesses. In
// tables of their own, so that an access looks at no more than it must: a column of zeros, as most
// are to the end, is never brought into memory.
struct PlainWrite {
    std::uint32_t time = 0;  // 0: never
    std::uint32_t who = 0;   // block << 10 | thread
    std::uint32_t site = 0;
    std::uint32_t moment = 0;  // Grid::moment at the last write: see first_cache.hpp
};
struct StrongWrite {  // atomic or volatile
    std::uint32_t time = 0;
    std::uint32_t who = 0;
    std::uint32_t site = 0;
    std::uint32_t lost_time = 0;  // the one before it, if of another thread
    std::uint32_t lost_who = 0;
    std::uint32_t seen = 0;  // a bit for each lane, of any warp, that has read it since
    std::uint32_t old = 0;   // the bytes that it replaced
    std::uint16_t told = 0;  // how often a load was given those
    std::uint8_t kind = 0;   // as Code::strong, by what was found at run time
    bool chained = false;    // an atomic that has seen the lost one, as all of its thread since
};
struct Reads {
    std::uint32_t time = 0;
    std::uint32_t who = 0;  // block << 10 | the first thread of the warp
    std::uint32_t lanes = 0;
    std::uint32_t site = 0;
};

struct Free {
    // NOLINTNEXTLINE(cppcoreguidelines-no-malloc): of calloc and aligned_alloc
    void operator()(void* memory) const { std::free(memory); }
};
struct Trails {
    static constexpr std::uint64_t kBytes = 80;  // of one, in all tables, at most
    template <class T>
    using Table = std::unique_ptr<T[], Free>;

    std::size_t count = 0;
    Table<PlainWrite> plain;
    Table<StrongWrite> strong;  // null where the kernel has no such accesses
    Table<Reads> reads;
    Table<Reads> others;  // by another warp than those; none where `reads` has none

    // All zero.
    void start(std::size_t how_many, bool has_strong);
    void clear() { start(0, false); }
    void restart() { start(count, strong != nullptr); }
    [[nodiscard]] bool empty() const { return count == 0; }
};

enum class Owner : std::uint8_t { Buffer, ModuleVariable, Constant, Parameters, Shared, Local };

struct Region {
    std::string name;
    Owner owner = Owner::Buffer;
    Role role = Role::Scratch;
    std::uint64_t base = 0;   // of the first byte
    std::uint64_t bytes = 0;  // that may be touched; `data` is a little longer, for wide copies
    std::vector<std::byte> data;
    std::vector<std::uint8_t> shadow;
    Trails trails;                      // empty where nobody may write, or races do not apply
    std::vector<std::uint32_t> owners;  // by grain, while blocks run side by side: see split.hpp
    // Of shared memory, by grain: the epoch of the block in which nothing can be
    // said of a read any more; see check_load.
    std::vector<std::uint32_t> settled;
    unsigned grain = 4;
    // In this launch, of one that read the region as if nobody wrote to it. Set by any thread.
    std::uint32_t constant_site = kNoIndex;

    Region(std::string region_name, Owner region_owner, Role region_role, std::uint64_t size);
    [[nodiscard]] bool writable() const {
        return owner != Owner::Constant && owner != Owner::Parameters &&
               !(owner == Owner::Buffer && role == Role::Input);
    }
    void reset(std::uint8_t shade);  // all bytes to a shadow, and to a value that is no zero
};

class GlobalMemory {
public:
    // Regions lie far apart; how far follows from the seed, so that an answer which depends on
    // addresses differs between two seeds.
    explicit GlobalMemory(std::uint64_t seed);

    Region& add(std::unique_ptr<Region> region);
    // That holds the byte; null where none does. `last`: of the caller, the one found before.
    [[nodiscard]] Region* find(std::uint64_t address, Region*& last) const {
        if (last != nullptr && address - last->base < last->bytes) return last;
        Region* const region = nearest(address);
        if (region == nullptr || address - region->base >= region->bytes) return nullptr;
        last = region;
        return region;
    }
    [[nodiscard]] Region* nearest(std::uint64_t address) const;  // for messages; null where none
    [[nodiscard]] const std::vector<std::unique_ptr<Region>>& regions() const { return regions_; }

private:
    std::vector<std::unique_ptr<Region>> regions_;  // by rising base
    std::uint64_t random_;
    std::uint64_t next_ = kGlobalWindow;
};

// A small generator for orders and places; nothing secret depends on it.
[[nodiscard]] std::uint64_t next_random(std::uint64_t& state);

}  // namespace cupel::emulator
