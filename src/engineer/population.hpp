// SPDX-License-Identifier: Apache-2.0
// Which right kernels become parents. Kernels live on islands, by the ancestor they descend from,
// and each way of working (axes read from the code) is represented by its best kernel only: so a
// search does not breed from copies of one idea.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engineer/standings.hpp"

namespace cupel::engineer {

// How a kernel works: threads, vectors, memory path, depth of its loops. "parallel intrinsics
// packed deep".
[[nodiscard]] std::string axes_of(std::string_view source);

class Population {
public:
    static constexpr std::uint64_t kIslands = 3;
    explicit Population(std::uint64_t seed) : seed_(seed) {}

    void add(archive::KernelId kernel, const std::vector<archive::KernelId>& parents);
    [[nodiscard]] std::uint64_t island(archive::KernelId kernel) const;
    // `count` parents for the turn-th question, of different axes where there are any, or fewer
    // where fewer kernels are right. The same question of the same standings has the same answer.
    // On every fourth turn kernels of all islands meet.
    [[nodiscard]] std::vector<const Standing*> parents(const Standings& standings,
                                                       std::uint64_t turn, std::size_t count) const;

private:
    const std::string& axes(const Standing& standing) const;

    std::uint64_t seed_;
    std::map<archive::KernelId, archive::KernelId> root_;
    mutable std::map<archive::KernelId, std::string> axes_;
};

}  // namespace cupel::engineer
