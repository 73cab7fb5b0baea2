// SPDX-License-Identifier: Apache-2.0
// Which right kernels become parents. Kernels live on islands, by the ancestor they descend from,
// and each way of working (axes read from the code) is represented by its best kernel only: so a
// search does not breed from copies of one idea.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "engineer/standings.hpp"

namespace cupel::engineer {

// How a kernel works, as far as the words of its text tell: threads, vectors, memory path, depth of
// its loops, precision; of device code also its launches. "parallel intrinsics packed deep fp32".
[[nodiscard]] std::string axes_of(std::string_view source);

class Population {
public:
    static constexpr std::uint64_t kIslands = 3;
    // The text of a kernel that has a place, where it lies.
    using TextOf = std::function<Result<std::string>(archive::KernelId)>;
    Population(std::uint64_t seed, TextOf text_of) : seed_(seed), text_of_(std::move(text_of)) {}

    void add(archive::KernelId kernel, const std::vector<archive::KernelId>& parents);
    [[nodiscard]] std::uint64_t island(archive::KernelId kernel) const;
    // `count` parents for the turn-th question, of different axes where there are any, or fewer
    // where fewer kernels are right. The same question of the same standings has the same answer.
    // On every fourth turn kernels of all islands meet.
    [[nodiscard]] Result<std::vector<const Standing*>> parents(const Standings& standings,
                                                               std::uint64_t turn,
                                                               std::size_t count);

private:
    // Of its axes.
    Result<std::uint64_t> kind(const Standing& standing);
    // The best of each kind, of the island whose turn it is or of all.
    Result<std::vector<const Standing*>> best_of_kinds(const std::vector<const Standing*>& ranked,
                                                       std::optional<std::uint64_t> island);

    std::uint64_t seed_;
    TextOf text_of_;
    std::unordered_map<archive::KernelId, archive::KernelId> root_;
    std::unordered_map<archive::KernelId, std::uint64_t> kinds_;
};

}  // namespace cupel::engineer
