// SPDX-License-Identifier: Apache-2.0
// What a run for CUDA leaves: its kernels, those that are right with the lowest bound first, as
// files, as a table and as JSON. Bounds and verdicts only: nothing was timed.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <vector>

#include "archive/archive.hpp"
#include "cli/device_bound.hpp"
#include "cli/run_folder.hpp"
#include "cli/spending.hpp"
#include "engineer/engineer.hpp"
#include "report/card.hpp"

namespace cupel::cli {

inline constexpr const char* kNotTimed =
    "verified on the emulator; no speedup was measured: no GPU was used";
// "best by bound on NVIDIA H200 SXM: 27.8 us (DRAM)"
[[nodiscard]] std::string best_by_bound(const verdict::Verdict& verdict);

class DeviceTable {
public:
    // Of all kernels in the archive that were tried. `winner` was verified a second time, and
    // leads.
    [[nodiscard]] static Result<DeviceTable> read(archive::Archive& archive,
                                                  std::optional<archive::KernelId> winner);
    // kernel-01.cu, ...: at most kMostFiles.
    [[nodiscard]] Result<void> write_kernels(archive::Archive& archive, const RunFolder& folder);

    struct Ended {
        std::string task;
        std::string folder;
        const gpu::Sheet& sheet;
        const engineer::Outcome& search;
        const SpendingTable& spending;
        const std::optional<DeviceBound>& bound;  // of the winner
    };
    [[nodiscard]] report::Card card(const Ended& ended) const;
    [[nodiscard]] nlohmann::json json(const Ended& ended) const;

private:
    static constexpr std::size_t kMostFiles = 16;
    static constexpr std::size_t kMostListed = 1000;

    struct Line {
        archive::KernelId id = 0;
        bool right = false;
        std::optional<double> score;  // none: nothing was counted
        archive::KernelRecord kernel = {};
        verdict::Verdict verdict = {};
        std::string file = {};
    };
    std::vector<Line> lines_;  // ranked, the first kMostListed
    std::size_t tried_ = 0;
    std::size_t right_ = 0;
    bool any_ = false;  // the first one is the winner
};

}  // namespace cupel::cli
