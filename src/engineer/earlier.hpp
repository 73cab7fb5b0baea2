// SPDX-License-Identifier: Apache-2.0
// What an earlier part of a run found of the kernels that it tried, by their texts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "archive/archive.hpp"
#include "engineer/writer.hpp"

namespace cupel::engineer {

class Earlier {
public:
    struct Found {
        Trial trial;        // its verdict without samples
        std::string phase;  // that the kernel was made in: "edit", "sweep"
        double best = 0;    // score of the incumbent that it met, or its own where that is higher
    };
    Earlier() = default;
    // The archive must outlive it: verdicts are read when they are asked for.
    [[nodiscard]] static Result<Earlier> read(archive::Archive& archive);
    [[nodiscard]] Result<std::optional<Found>> find(std::string_view source) const;
    [[nodiscard]] bool empty() const noexcept { return found_.empty(); }

private:
    struct Kept {
        double score = 0;
        double gain = 0;
        double earned = 0;
        double best = 0;
        double seconds = 0;  // of all its screenings
    };
    archive::Archive* archive_ = nullptr;
    std::unordered_map<archive::KernelId, Kept> found_;
};

}  // namespace cupel::engineer
