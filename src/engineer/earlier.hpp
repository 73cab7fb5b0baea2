// SPDX-License-Identifier: Apache-2.0
// What an earlier part of a run found of the kernels that it tried, by their texts.
#pragma once

#include <map>
#include <string>
#include <string_view>

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
    [[nodiscard]] static Result<Earlier> read(archive::Archive& archive);
    [[nodiscard]] const Found* find(std::string_view source) const;
    [[nodiscard]] bool empty() const noexcept { return found_.empty(); }

private:
    std::map<std::string, Found, std::less<>> found_;  // by hash of the source
};

}  // namespace cupel::engineer
