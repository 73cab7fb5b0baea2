// SPDX-License-Identifier: Apache-2.0
// The record of A/A runs: how often this machine called a kernel faster or slower than itself. One
// file for each machine in the cache, a line for each run; docs/formats/aa-record.md.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "stats/decide.hpp"
#include "verdict/verdict.hpp"

namespace cupel::referee {

struct AaRun {
    std::string written;  // UTC
    int threads = 1;
    verdict::Status outcome = verdict::Status::NotResolved;  // Faster, Slower or NotResolved
    double mid = 1;                                          // of the ratio, which is 1 in truth
    double half_width = 0;                                   // relative
    double seconds = 0;                                      // that the verdict took
    double busy = 0;    // share of all processors in use meanwhile, ours among it
    double stolen = 0;  // share taken by the hypervisor meanwhile
};

struct AaRecord {
    std::vector<AaRun> runs;  // oldest first
    int damaged = 0;          // lines that say nothing
};

inline constexpr std::size_t kAaRuns = 200;  // what is remembered

[[nodiscard]] Result<std::filesystem::path> aa_path(std::string_view fingerprint);
// One line, whole or not at all, whoever else writes; the oldest lines go when there are too many.
[[nodiscard]] Result<void> append_aa(const std::filesystem::path& file, const AaRun& run);
// Empty where there is no file; what cannot be read is counted and passed over.
[[nodiscard]] AaRecord read_aa(const std::filesystem::path& file);

// What a certificate says of the record: the runs with so many threads.
struct AaSummary {
    stats::AaTest test;
    int threads = 1;
    int damaged = 0;
    double half_width = 0;  // median; 0 without runs
    double stolen = 0;      // mean share
    std::string first;      // UTC, or empty
    std::string last;
};
[[nodiscard]] AaSummary summarize(const AaRecord& record, int threads);

[[nodiscard]] nlohmann::json to_json(const AaSummary& summary);

}  // namespace cupel::referee
