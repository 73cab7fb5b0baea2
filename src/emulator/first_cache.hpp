// SPDX-License-Identifier: Apache-2.0
// What the first cache of a multiprocessor may still hold for a block. It is not coherent: a plain
// load may bring a line of 128 bytes into it, and another one, later, be given from there what was
// before another block wrote, even though barriers order the two. Only an acquire or a fence of the
// scope of the device empties it, and nothing less synchronises two blocks in PTX: ptxas 13.0
// prints CCTL.IVALL for sm_90 behind these two, and behind no release, volatile access or fence of
// a block.
//
// Kept are the lines that a block has loaded since then. Time is counted in such loads, of all
// blocks; a write is stamped with how many there have been.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>

namespace cupel::emulator {

struct Part;
struct Warp;

// Of Code::cached, by site.
constexpr std::uint8_t kBrings = 1;  // a load that leaves the line in the cache
constexpr std::uint8_t kMeets = 2;   // one that only takes what is there
// Strong loads of a scope beyond the block, .cg and .cv ask the second cache: 0.
[[nodiscard]] std::uint8_t cached_as(std::string_view opcode);

class FirstCache {
public:
    struct Line {
        std::uint32_t moment = 0;  // 0: it is not there
        std::uint32_t site = 0;
    };

    // All that was loaded by then.
    void forget(std::uint32_t moment) { forgotten_ = moment; }
    // As the cache has it.
    [[nodiscard]] Line find(std::uint64_t line) const {
        const auto found = lines_.find(line);
        if (found == lines_.end() || found->second.moment <= forgotten_) return {};
        return found->second;
    }
    void bring(std::uint64_t line, Line loaded);

private:
    std::uint32_t forgotten_ = 0;
    std::unordered_map<std::uint64_t, Line> lines_;
};

// Of a load from memory that other blocks see; there is a finding where it may be given what is
// old. What nothing orders after the write is a race, and told of there.
void check_first_cache(const Warp& warp, const Part& part, std::uint32_t site, unsigned bytes);

}  // namespace cupel::emulator
