// SPDX-License-Identifier: Apache-2.0
#include "emulator/memory.hpp"

#include <algorithm>
#include <new>

namespace cupel::emulator {
namespace {

constexpr std::uint64_t kSlack = 64;                       // bytes behind the last of `data`
constexpr std::uint64_t kGap = std::uint64_t{1} << 24;     // between regions, at least
constexpr std::uint64_t kPlaces = std::uint64_t{1} << 16;  // of 256 bytes, for the random part
constexpr auto kPoisonByte = std::byte{0xFB};              // fp32: -2.6e36; as an index far outside

// Of pages that the system zeroes when they are touched, where there are many.
template <class T>
Trails::Table<T> zeros(std::size_t count) {
    if (count == 0) return nullptr;
    // NOLINTNEXTLINE(cppcoreguidelines-no-malloc): a container would touch all pages
    void* const memory = std::calloc(count, sizeof(T));
    if (memory == nullptr) throw std::bad_alloc();
    return Trails::Table<T>(static_cast<T*>(memory));
}

}  // namespace

void Trails::start(std::size_t how_many, bool has_strong) {
    count = how_many;
    plain = zeros<PlainWrite>(count);
    strong = zeros<StrongWrite>(has_strong ? count : 0);
    reads = zeros<Reads>(count);
    others = zeros<Reads>(count);
}

Region::Region(std::string region_name, Owner region_owner, Role region_role, std::uint64_t size)
    : name(std::move(region_name)),
      owner(region_owner),
      role(region_role),
      bytes(size),
      data(size + kSlack, kPoisonByte),
      shadow(size + kSlack, kPoison) {}

void Region::reset(std::uint8_t shade) {
    std::ranges::fill(data, kPoisonByte);
    std::ranges::fill(shadow, shade);
    trails.restart();
}

std::uint64_t next_random(std::uint64_t& state) {  // splitmix64
    state += 0x9E37'79B9'7F4A'7C15U;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xBF58'476D'1CE4'E5B9U;
    z = (z ^ (z >> 27)) * 0x94D0'49BB'1331'11EBU;
    return z ^ (z >> 31);
}

GlobalMemory::GlobalMemory(std::uint64_t seed) : random_(seed) {
    constexpr std::uint64_t kPage = std::uint64_t{2} << 20;
    constexpr std::uint64_t kPages = std::uint64_t{1} << 17;  // a quarter of a TiB
    next_ += kPage * (next_random(random_) % kPages);
}

Region& GlobalMemory::add(std::unique_ptr<Region> region) {
    next_ += kGap + 256 * (next_random(random_) % kPlaces);
    region->base = next_;
    next_ += (region->bytes + 255) / 256 * 256;
    return *regions_.emplace_back(std::move(region));
}

Region* GlobalMemory::nearest(std::uint64_t address) const {
    const auto above = std::ranges::upper_bound(regions_, address, {},
                                                [](const auto& region) { return region->base; });
    if (above == regions_.begin()) return above == regions_.end() ? nullptr : above->get();
    Region* const below = std::prev(above)->get();
    if (above == regions_.end()) return below;
    const std::uint64_t end = below->base + below->bytes;
    return address < end || address - end <= (*above)->base - address ? below : above->get();
}

}  // namespace cupel::emulator
