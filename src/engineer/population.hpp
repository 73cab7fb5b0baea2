// SPDX-License-Identifier: Apache-2.0
// Which right kernels become parents. Kernels live on islands, by the ancestor they descend from,
// and each way of working (axes read from what was compiled) is represented by its best kernel
// only: so a search does not breed from copies of one idea.
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
// For where nothing was compiled that could say so itself (Verdict::axes).
[[nodiscard]] std::string axes_of(std::string_view source);

class Population {
public:
    static constexpr std::uint64_t kIslands = 3;
    struct Kept {
        std::vector<archive::KernelId> parents;
        std::string axes;
    };
    // Of a kernel that has a place.
    using Lookup = std::function<Result<Kept>(archive::KernelId)>;
    Population(std::uint64_t seed, Lookup lookup) : seed_(seed), lookup_(std::move(lookup)) {}

    // Where its first parent lives; one child in eight settles on the next island.
    [[nodiscard]] Result<std::uint64_t> island(archive::KernelId kernel);
    // `count` parents for the turn-th question, of different axes where there are any, or fewer
    // where fewer kernels are right. The same question of the same standings has the same answer.
    // On every fourth turn kernels of all islands meet.
    [[nodiscard]] Result<std::vector<const Standing*>> parents(const Standings& standings,
                                                               std::uint64_t turn,
                                                               std::size_t count);

private:
    struct Place {
        std::uint64_t island = 0;
        std::uint64_t kind = 0;  // of its axes
    };
    [[nodiscard]] Result<Place> place(archive::KernelId kernel);
    [[nodiscard]] bool emigrates(archive::KernelId kernel) const;
    // The best of each kind, of the island whose turn it is or of all.
    Result<std::vector<const Standing*>> best_of_kinds(const std::vector<const Standing*>& ranked,
                                                       std::optional<std::uint64_t> island);

    std::uint64_t seed_;
    Lookup lookup_;
    std::unordered_map<archive::KernelId, Place> places_;
};

// As the archive has it. The axes are those of its latest verdict, or of its text.
[[nodiscard]] Result<Population::Kept> kept_in(archive::Archive& archive, archive::KernelId kernel);

}  // namespace cupel::engineer
