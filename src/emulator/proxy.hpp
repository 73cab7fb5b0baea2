// SPDX-License-Identifier: Apache-2.0
// Two ways to memory: the generic proxy of loads and stores, and the asynchronous one of bulk
// copies. That a store comes before a copy is not enough for the copy to meet it: a
// fence.proxy.async has to stand between the two, on the way that orders them (PTX ISA, 8.8,
// proxy-preserved base causality order). By whom it is made does not matter.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "emulator/clocks.hpp"

namespace cupel::emulator {

enum class Proxied : std::uint8_t { Shared, Global };

// When threads made such fences, by their own times. For all blocks of a grid.
class ProxyFences {
public:
    // `who`: block << 10 | thread.
    void note(std::uint32_t who, std::uint32_t time) { times_[who].push_back(time); }
    // The first that is not before what the thread did at `time`.
    [[nodiscard]] std::optional<std::uint32_t> behind(std::uint32_t who, std::uint32_t time) const;

private:
    std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> times_;  // rising
};

// What each thread of a block knew at its last such fence, for one kind of memory.
struct Fenced {
    std::uint32_t time = 0;  // 0: it made none
    Knowledge known;
};
using FencedOf = std::unordered_map<std::uint32_t, Fenced>;  // by thread

}  // namespace cupel::emulator
